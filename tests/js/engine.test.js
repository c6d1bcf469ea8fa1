/* The model in the page, without a page: its heap, its search and its distances. Run by scripts/test: node --test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { heap } from "../../atlas/maps/assets/js/engine/heap.js";
import { curve, inside, kmBetween } from "../../atlas/maps/assets/js/engine/land.js";
import { search, stateArcs } from "../../atlas/maps/assets/js/engine/search.js";

/* Numbers that look random and are the same in every run. */
function drawn(seed) {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) % 4294967296) / 4294967296;
}

test("the heap gives what waits in the order of its minutes, whatever came first", () => {
  const draw = drawn(3), waiting = heap(), put = [];
  for (let i = 0; i < 5000; i++) { put.push(draw()); waiting.push(put[i], i); }
  const found = [];
  while (waiting.any()) { assert.equal(put[waiting.item()], waiting.key()); found.push(waiting.key()); waiting.drop(); }
  assert.deepEqual(found, put.slice().sort((a, b) => a - b));
});

test("the search finds the least minutes over streets and trains, each edge dearer after the first ride", () => {
  const draw = drawn(11);
  for (let turn = 0; turn < 60; turn++) {
    const n = 3 + Math.floor(draw() * 6), m = 3 * n, pick = () => Math.floor(draw() * n);
    const rail = Array.from({ length: n }, () => Number(draw() < 0.3)), tail = Array.from({ length: m }, pick), head = Array.from({ length: m }, pick);
    const rides = tail.map((u, i) => Number(rail[u] && rail[head[i]])), first = tail.map(() => 1 + draw() * 9), later = first.map(minutes => minutes + draw() * 5);
    const found = search(stateArcs(n, tail, head, rail, rides, new Uint8Array(m)), first, later, [[0, 0]]).minutes;
    /* Bellman and Ford over the same two states, written anew: before and after the first ride */
    const least = new Float64Array(2 * n).fill(Infinity);
    least[0] = 0;
    for (let round = 0; round < 2 * n; round++) {
      for (let i = 0; i < m; i++) {
        const u = tail[i], v = head[i];
        if (u === v) continue;
        if (!rail[u]) least[v] = Math.min(least[v], least[u] + first[i]);
        else if (rides[i]) least[v + n] = Math.min(least[v + n], least[u] + first[i]);
        least[v + n] = Math.min(least[v + n], least[u + n] + (rail[u] ? first[i] : later[i]));
      }
    }
    found.forEach((minutes, state) => assert.ok(minutes === least[state] || Math.abs(minutes - least[state]) < 1e-9, `state ${state} of ${n}`));
  }
});

test("a degree north is a meridian's, a degree east a parallel's", () => {
  /* kilometres of the geodesics of WGS 84, within a hundredth of a per cent */
  assert.ok(Math.abs(kmBetween(113, 22, 113, 23) - 110.7371) < 0.0111);
  assert.ok(Math.abs(kmBetween(113, 22.5, 114, 22.5) - 102.8961) < 0.0103);
});

test("people within a time are those of the cells it reaches, the limit itself counted", () => {
  const people = [[10, 20, 40], [11, 19, 40], [9, 21, 40]], N = { grid: { cellKm2: 0.25 }, cellNodes: { people } }, cells = [0, 60, 60.5];
  assert.deepEqual(inside(N, cells, [60, 120]), [{ people: 30, low: 30, high: 30, km2: 0.5 }, { people: 70, low: 70, high: 70, km2: 0.75 }]);
  const counted = curve(N, cells, 61);
  assert.deepEqual([counted[0][0], counted[0][59], counted[0][60], counted[0][61]], [10, 10, 30, 70]);
});
