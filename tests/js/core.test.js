/* The pure parts of the pages' scripts, without a browser. Run by scripts/test: node --test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bandColor, bandIndex, bandPieces } from "../../atlas/maps/assets/js/core/bands.js";
import { freeSpot, overlap } from "../../atlas/maps/assets/js/core/boxes.js";
import { readHash, writeHash } from "../../atlas/maps/assets/js/core/hash.js";
import { NO_MATCH, matchRank, plain } from "../../atlas/maps/assets/js/core/match.js";
import { latOf, lonOf, worldX, worldY } from "../../atlas/maps/assets/js/core/mercator.js";
import { formatNumber } from "../../atlas/maps/assets/js/core/numbers.js";
import { outlines } from "../../atlas/maps/assets/js/explore/areas.js";
import { own } from "../../atlas/maps/assets/js/core/own.js";
import { integers, unpackColumns, unpackShapes } from "../../atlas/maps/assets/js/core/pack.js";

/* Numbers that look random and are the same in every run. */
function* drawn(seed) {
  let state = seed;
  for (;;) {
    state = (state * 1664525 + 1013904223) % 4294967296;
    yield state / 4294967296;
  }
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* packing.pack_integers, written anew: zigzag, five bits a letter, the lowest first, 32 where more follow. */
function packed(values) {
  return values.map(value => {
    let rest = value < 0 ? -2 * value - 1 : 2 * value, text = "";
    while (rest >= 32) { text += ALPHABET[32 + rest % 32]; rest = Math.floor(rest / 32); }
    return text + ALPHABET[rest];
  }).join("");
}

test("whole numbers of any size and sign come out of the packing as they went in", () => {
  const draw = drawn(7), values = [0, -1, 1, 31, 32, -32, 2 ** 40, -(2 ** 40)];
  for (let i = 0; i < 2000; i++) values.push(Math.round((draw.next().value - 0.5) * 2 ** (45 * draw.next().value)));
  assert.deepEqual(integers(packed(values)), values.map(value => value + 0));
});

test("shapes hold their vertices part by part, and their boxes", () => {
  /* a line of two parts, then one of one part: steps from vertex to vertex, 10 units a degree */
  const shapes = unpackShapes({ c: packed([1130, 220, 10, 10, 10, -10, 0, 5, 20, 0, 5, 5]), p: packed([2, 2, 2]), n: packed([2, 1]), scale: 10 });
  assert.equal(shapes.size, 2);
  assert.deepEqual(Array.from(shapes.first), [0, 2, 3]);
  assert.deepEqual(Array.from(shapes.start), [0, 2, 4, 6]);
  assert.ok(Math.abs(lonOf(shapes.xy[2]) - 114) < 1e-9 && Math.abs(latOf(shapes.xy[3]) - 23) < 1e-9);
  const [west, north, east, south] = Array.from(shapes.boxes.slice(0, 4));
  assert.deepEqual([lonOf(west), latOf(north), lonOf(east), latOf(south)].map(value => Math.round(value * 1e6) / 1e6), [113, 23, 115, 22]);
});

test("columns give a value a row, null for what is not there, and take no name from the language", () => {
  const get = unpackColumns({ name: { v: ["甲", "乙"], i: packed([1, 0, 1]) }, year: { v: [2020, null, 2030] } });
  assert.deepEqual([0, 1, 2].map(row => get("name", row)), ["乙", "甲", "乙"]);
  assert.equal(get("year", 1), null);
  assert.equal(get("constructor", 0), null);
  assert.equal(get("__proto__", 0), null);
});

test("a degree and its place in the world are each other's inverse", () => {
  for (let lat = -84; lat <= 84; lat += 7) assert.ok(Math.abs(latOf(worldY(lat)) - lat) < 1e-9);
  for (let lon = -180; lon <= 180; lon += 15) assert.ok(Math.abs(lonOf(worldX(lon)) - lon) < 1e-9);
});

test("what is written into the address is read from it, whatever signs it holds", () => {
  const values = { f: "highways/hmh", n: "road~a,b~1&2=3", c: "珠海;#%", constructor: "x" };
  const again = readHash("#" + writeHash(values));
  assert.deepEqual({ ...again }, values);
  assert.ok(writeHash({ v: "9.5/22.1/113.2" }).includes("9.5/22.1/113.2"));
});

test("a broken link loses only what is broken, and no key reaches the language", () => {
  const values = readHash("#a=%E0%A4%A&b=2&=3&c&__proto__=4");
  assert.equal(values.a, undefined);
  assert.equal(values.b, "2");
  assert.equal(values.__proto__, "4");
  assert.equal({}.b, undefined);
});

test("own() knows only keys that a table has itself", () => {
  const table = JSON.parse('{"__proto__": ["a"], "x": ["b"]}');
  assert.deepEqual(own(table, "__proto__"), ["a"]);
  assert.deepEqual(own(table, "x"), ["b"]);
  ["constructor", "toString", "hasOwnProperty"].forEach(key => assert.equal(own(table, key), undefined));
  assert.equal(own(null, "x"), undefined);
});

test("a whole name comes before its beginning, that before a part, whatever spaces and case", () => {
  const names = ["珠海站", "Zhuhai Railway Station", "zhuhaizhan zhz"].map(plain);
  assert.equal(matchRank(names, plain("珠海站")), 0);
  assert.equal(matchRank(names, plain("ZHUHAI rail")), 1);
  assert.equal(matchRank(names, plain("zhz")), 2);
  assert.equal(matchRank(names, plain("海站")), 2);
  assert.equal(matchRank(names, plain("阳江")), NO_MATCH);
});

test("a time on a limit is inside it; one beyond all has no band", () => {
  assert.equal(bandIndex(60, [60, 120]), 0);
  assert.equal(bandIndex(60 + 1e-7, [60, 120]), 0);
  assert.equal(bandIndex(60.001, [60, 120]), 1);
  assert.equal(bandIndex(120.1, [60, 120]), -1);
  assert.equal(bandIndex(Infinity, [60, 120]), -1);
});

test("a ramp ends in its own colours whatever the number of bands", () => {
  const ramp = [{ color: "#000000" }, { color: "#808080" }, { color: "#ffffff" }];
  for (let n = 2; n < 9; n++) {
    assert.deepEqual(bandColor(0, n, ramp), [0, 0, 0]);
    assert.deepEqual(bandColor(n - 1, n, ramp), [255, 255, 255]);
  }
});

test("the pieces of a line cover it once, and each lies in one band", () => {
  const draw = drawn(3), limits = [30, 60, 90, 120];
  for (let turn = 0; turn < 500; turn++) {
    const run = 1 + 80 * draw.next().value, a = 150 * draw.next().value;
    const b = draw.next().value < 0.2 ? Infinity : a + run * (2 * draw.next().value - 1);
    const pieces = bandPieces(a, b, run, limits), end = isFinite(b) ? b : a + run, need = Math.max(run, Math.abs(a - end), 0.01);
    assert.ok(Math.abs(pieces[0][0]) < 1e-5 && Math.abs(pieces[pieces.length - 1][1] - 1) < 1e-5);
    pieces.forEach(([s0, s1, band], i) => {
      if (i) assert.ok(Math.abs(pieces[i - 1][1] - s0) < 2e-6);
      for (const share of [0.01, 0.5, 0.99]) {
        const s = s0 + share * (s1 - s0), value = Math.min(a + s * need, end + (1 - s) * need);
        const above = band < 0 ? Infinity : limits[band], below = band < 0 ? limits[3] : band ? limits[band - 1] : -Infinity;
        assert.ok(value <= above + 1e-3 && value >= below - 1e-3, `${value} in band ${band}`);
      }
    });
  }
});

test("names are set in free room inside the view, or not at all", () => {
  const draw = drawn(11), view = { w: 400, h: 300 }, taken = [];
  let left = 0;
  for (let i = 0; i < 300; i++) {
    const spot = freeSpot({ x: 400 * draw.next().value, y: 300 * draw.next().value }, 30 + 40 * draw.next().value, 12, view, taken);
    if (!spot) { left++; continue; }
    assert.ok(spot.box[0] >= 0 && spot.box[1] >= 0 && spot.box[2] <= 400 && spot.box[3] <= 300);
    assert.ok(taken.every(other => !overlap(spot.box, other)));
    taken.push(spot.box);
  }
  assert.ok(taken.length > 20 && left > 20);
});

test("numbers are grouped by threes; what is not known is no number", () => {
  assert.equal(formatNumber(1234567, 0), "1\u202f234\u202f567");
  assert.equal(formatNumber(12.34), "12.3");
  assert.equal(formatNumber(null), "");
});

test("outlines hold the middle of every cell above nought and of no other, each in one polygon", () => {
  const draw = drawn(11);
  const holds = (ring, p) => {
    let inside = false;
    for (let k = 0; k + 1 < ring.length; k++) {
      const [a, b] = [ring[k], ring[k + 1]];
      if ((a[1] > p[1]) !== (b[1] > p[1]) && p[0] < a[0] + (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1])) inside = !inside;
    }
    return inside;
  };
  for (let turn = 0; turn < 200; turn++) {
    const rows = 1 + Math.floor(draw.next().value * 9), columns = 1 + Math.floor(draw.next().value * 9);
    const values = Array.from({ length: rows * columns }, () => draw.next().value - 0.5), found = outlines(values, rows, columns);
    for (const rings of found) for (const ring of rings) assert.deepEqual(ring[0], ring[ring.length - 1]);
    values.forEach((value, k) => {
      const p = [k % columns + 0.5 + 1e-9, Math.floor(k / columns) + 0.5 + 1e-9];
      assert.equal(found.filter(rings => holds(rings[0], p) && !rings.slice(1).some(hole => holds(hole, p))).length, value > 0 ? 1 : 0);
    });
  }
});
