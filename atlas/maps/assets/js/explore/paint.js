/* How the explorer paints, on the page and in its worker: areas as pixels that know their cell, lines by minutes, the way,
   links of one's own. */
import { bandIndex, bandColor as colorOfBand, css } from "../core/bands.js";
import * as engine from "../engine/engine.js";
import { latOf, lonOf, worldX, worldY } from "../core/mercator.js";
import { unpackShapes } from "../core/pack.js";
import { inView, traceFeature, zoomFactor } from "../core/trace.js";

/* Colours of several origins, told apart by eyes that see red and green alike; twelve at most. */
export var OWNERS = [[0, 114, 178], [230, 159, 0], [0, 130, 95], [204, 121, 167], [86, 180, 233], [190, 80, 0], [100, 70, 200], [120, 120, 40], [0, 150, 160], [160, 30, 90], [60, 60, 60], [150, 110, 70]];

export function explorePaint(N, data) {
  var E = engine, G = data.tokens.ground, ramp = data.tokens.ramp, shapes = unpackShapes(data.explore.shapes), group = N.a.group;
  var full = null, quick = null, ordinary = new Uint8Array(shapes.size), local = new Uint8Array(shapes.size);
  /* Ordinary roads are thin; a local link is a way by streets that nobody drew: only a route shows it. */
  group.forEach(function (g, i) {
    if (g < 0) return;
    if (N.combos[N.a.combo[i]][1] === "ordinary_roads") ordinary[g] = 1;
    if (N.modes[N.a.mode[i]] === "local") local[g] = 1;
  });

  /* The picture at rest, and one of a quarter of its pixels for what follows a dragged pin. */
  function rasterOf(rough) {
    if (rough) return quick || (quick = makeRaster(800));
    return full || (full = makeRaster(1600));
  }

  /* A picture in Mercator over the grid; each pixel holds the cell under it, -1 for none. Made once. */
  function makeRaster(widest) {
    var grid = N.grid, rows = grid.shape[0], columns = grid.shape[1], corners = [[0, 0], [columns, 0], [0, rows], [columns, rows], [columns / 2, 0], [columns / 2, rows]];
    var ends = corners.map(function (c) { return E.lonLat(grid, c[0], c[1]); });
    var x0 = Math.min.apply(null, ends.map(function (p) { return worldX(p[0]); })), x1 = Math.max.apply(null, ends.map(function (p) { return worldX(p[0]); }));
    var y0 = Math.min.apply(null, ends.map(function (p) { return worldY(p[1]); })), y1 = Math.max.apply(null, ends.map(function (p) { return worldY(p[1]); }));
    var w = Math.min(widest, Math.round(columns * 1.6)), h = Math.round(w * (y1 - y0) / (x1 - x0)), step = 16, cell = new Int32Array(w * h).fill(-1);
    var lw = Math.ceil(w / step) + 1, lh = Math.ceil(h / step) + 1, lx = new Float64Array(lw * lh), ly = new Float64Array(lw * lh), i, j;
    for (j = 0; j < lh; j++) for (i = 0; i < lw; i++) {
      var at = E.gridPosition(grid, lonOf(x0 + (x1 - x0) * i * step / w), latOf(y0 + (y1 - y0) * j * step / h));
      lx[j * lw + i] = at[0]; ly[j * lw + i] = at[1];
    }
    for (j = 0; j < h; j++) for (i = 0; i < w; i++) {
      var u = (i + 0.5) / step, v = (j + 0.5) / step, a = Math.floor(u), b = Math.floor(v), k = b * lw + a;
      u -= a; v -= b;
      var column = Math.floor((lx[k] * (1 - u) + lx[k + 1] * u) * (1 - v) + (lx[k + lw] * (1 - u) + lx[k + lw + 1] * u) * v);
      var row = Math.floor((ly[k] * (1 - u) + ly[k + 1] * u) * (1 - v) + (ly[k + lw] * (1 - u) + ly[k + lw + 1] * u) * v);
      if (row >= 0 && column >= 0 && row < rows && column < columns) cell[j * w + i] = N.cellNodes.place[row * columns + column];
    }
    return { x0: x0, y0: y0, x1: x1, y1: y1, w: w, h: h, cell: cell };
  }

  function bandColor(i, n) { return colorOfBand(i, n, ramp); }
  var bandOf = bandIndex;

  function packed(color, alpha) { return ((alpha << 24) | (color[2] << 16) | (color[1] << 8) | color[0]) >>> 0; }

  /* Areas within the cut-offs: shades, a dark line where one ends, and hatching beyond the first, which grey print keeps. */
  function areaPicture(cells, cutoffs, rough) {
    var R = rasterOf(rough), w = R.w, size = R.cell.length, bands = new Int8Array(cells.length + 1), band = new Int8Array(size), k, b;
    /* what lies outside the grid asks for the cell behind the last */
    bands[cells.length] = -1;
    for (k = 0; k < cells.length; k++) bands[k] = bandOf(cells[k], cutoffs);
    for (k = 0; k < size; k++) band[k] = bands[R.cell[k] < 0 ? cells.length : R.cell[k]];
    var colors = cutoffs.map(function (_, i) { return bandColor(i, cutoffs.length); });
    var plain = colors.map(function (color) { return packed(color, 120); }), hatched = colors.map(function (color) { return packed(color, 190); }), edged = colors.map(function (color) { return packed(color, 235); });
    return picture(R, function (put) {
      for (k = 0; k < size; k++) {
        b = band[k];
        if (b < 0) continue;
        var x = k % w, edge = (x + 1 < w && band[k + 1] !== b && R.cell[k + 1] >= 0) || (k + w < size && band[k + w] !== b && R.cell[k + w] >= 0);
        put[k] = edge ? edged[b] : b > 0 && (x + (k - x) / w) % (6 + 4 * b) === 0 ? hatched[b] : plain[b];
      }
    });
  }

  /* The land nearest to each of several origins: a colour and a way of hatching each, darker where a cut-off ends. */
  function nearestPicture(cells, owner, cutoffs, rough) {
    var R = rasterOf(rough), w = R.w, size = R.cell.length, key = new Int16Array(size).fill(-1), k;
    for (k = 0; k < size; k++) {
      var cell = R.cell[k], band = cell < 0 ? -1 : bandOf(cells[cell], cutoffs);
      if (band >= 0) key[k] = 16 * band + owner[cell];
    }
    var plain = OWNERS.map(function (c) { return packed(c, 115); }), strong = OWNERS.map(function (c) { return packed(c, 200); }), edged = OWNERS.map(function (c) { return packed(c, 245); });
    return picture(R, function (put) {
      for (k = 0; k < size; k++) {
        if (key[k] < 0) continue;
        var who = key[k] % 16, x = k % w, y = (k - x) / w, edge = (x + 1 < w && key[k + 1] !== key[k]) || (k + w < size && key[k + w] !== key[k]);
        var along = [1, x + y, x - y + h(R), y, x, x + 2 * y][who % 6], gap = who % 6 === 0 ? 2 : who < 6 ? 7 : 11;
        put[k] = edge ? edged[who] : along % gap === 0 ? strong[who] : plain[who];
      }
    });
  }
  function h(R) { return 11 * 7 * R.h; }

  /* What a change does to the minutes of a cell: gained and lost minutes in steps, cells won and lost whole. */
  /** @type {any[][]} */
  var STEPS = [[30, [11, 93, 30]], [15, [42, 157, 74]], [5, [122, 196, 140]], [1, [199, 230, 206]]];
  /** @type {any[][]} */
  var WORSE = [[30, [120, 14, 10]], [15, [179, 38, 30]], [5, [219, 123, 116]], [1, [241, 203, 199]]];
  function changePicture(before, after, most, rough) {
    var R = rasterOf(rough), size = R.cell.length, plain = new Uint32Array(after.length + 1), hatched = new Uint32Array(after.length + 1), c, k;
    for (c = 0; c < after.length; c++) {
      var a = before[c], b = after[c], color = null;
      if (Math.min(a, b) > most || a === b) continue;
      if (!isFinite(a)) color = STEPS[0][1];
      else if (!isFinite(b)) color = WORSE[0][1];
      else (a > b ? STEPS : WORSE).forEach(function (step) { if (!color && Math.abs(a - b) >= step[0]) color = step[1]; });
      if (!color) continue;
      plain[c] = packed(color, 165);
      hatched[c] = b > a ? packed(color, 240) : plain[c];
    }
    return picture(R, function (put) {
      for (k = 0; k < size; k++) if (R.cell[k] >= 0) put[k] = (k % R.w + Math.floor(k / R.w)) % 6 < 2 ? hatched[R.cell[k]] : plain[R.cell[k]];
    });
  }

  function surfaceOf(w, h) {
    if (typeof document === "undefined") return new OffscreenCanvas(w, h);
    var canvas = document.createElement("canvas");
    canvas.width = w;
    canvas.height = h;
    return canvas;
  }

  function picture(R, fill) {
    var canvas = /** @type {any} */ (surfaceOf(R.w, R.h)), ctx = canvas.getContext("2d"), image = ctx.createImageData(R.w, R.h);
    fill(new Uint32Array(image.data.buffer));
    ctx.putImageData(image, 0, 0);
    return canvas;
  }

  function paintPicture(ctx, view, canvas) {
    var R = full || quick, x = R.x0 * view.scale - view.ox, y = R.y0 * view.scale - view.oy;
    ctx.globalAlpha = 1;
    ctx.imageSmoothingEnabled = true;
    ctx.drawImage(canvas.src ? canvas : withSource(canvas, ctx), x, y, (R.x1 - R.x0) * view.scale, (R.y1 - R.y0) * view.scale);
  }
  /* an SVG surface asks for an address, a canvas does not */
  function withSource(canvas, ctx) {
    if (ctx.out && !canvas.kept) { canvas.kept = new Image(); canvas.kept.src = canvas.toDataURL("image/png"); }
    return ctx.out ? canvas.kept : canvas;
  }

  /* Minutes at the two ends of each drawn line, from what is reached. */
  function lineMinutes(C, tree) {
    var n = C.N.n, a = C.N.a, lines = noLines(C);
    eachLine(C, function (i, g) {
      var u = a.tail[i], early = !C.mustRide || a.rail[u] ? tree.minutes[u] : Infinity, begin = Math.min(early, tree.minutes[u + n]);
      /* by rail a road ends where the drive from the station does */
      if (isFinite(begin) && !(C.mustRide && !a.rail[u] && !isFinite(tree.minutes[a.head[i] + n]))) ends(lines, i, g, begin, begin + C.first[i]);
    });
    return lines;
  }
  /* The same towards a place: the minutes that are left. */
  function lineMinutesTowards(C, node) {
    var a = C.N.a, lines = noLines(C);
    eachLine(C, function (i, g) { if (isFinite(node[a.head[i]]) && !(C.mustRide && !isFinite(node[a.tail[i]]))) ends(lines, i, g, node[a.head[i]] + C.first[i], node[a.head[i]]); });
    return lines;
  }
  function noLines(C) {
    var count = shapes.size, lines = { from: new Float32Array(count).fill(Infinity), to: new Float32Array(count).fill(Infinity), open: new Uint8Array(count) };
    eachLine(C, function (i, g) { lines.open[g] = 1; });
    return lines;
  }
  function eachLine(C, use) {
    for (var i = 0; i < group.length; i++) if (group[i] >= 0 && C.first[i] === C.first[i]) use(i, group[i]);
  }
  function ends(lines, i, g, tail, head) {
    var from = data.forward[i] ? tail : head, to = data.forward[i] ? head : tail;
    lines.from[g] = Math.min(lines.from[g], from);
    lines.to[g] = Math.min(lines.to[g], to);
  }
  /* Of several origins: whoever is there first, or last. */
  function mergedLines(some, combine) {
    var which = combine === "all" ? Math.max : Math.min;
    return some.slice(1).reduce(function (out, one) {
      return { open: out.open, from: out.from.map(function (value, g) { return which(value, one.from[g]); }), to: out.to.map(function (value, g) { return which(value, one.to[g]); }) };
    }, some[0]);
  }

  /* Lines in the colour of the time at which they are passed, cut where a cut-off falls; thin grey where not reached. */
  function paintLines(ctx, view, lines, cutoffs) {
    var paths = cutoffs.map(function () { return []; }), thin = cutoffs.map(function () { return []; }), grey = [], factor = zoomFactor(view.zoom), g, b;
    for (g = 0; g < shapes.size; g++) {
      if (!lines.open[g] || local[g] || !inView(shapes, g, view)) continue;
      if (Math.min(lines.from[g], lines.to[g]) > cutoffs[cutoffs.length - 1]) { grey.push(g); continue; }
      pieces(g, lines.from[g], lines.to[g], cutoffs).forEach(function (piece) { (piece.band < 0 ? grey : (ordinary[g] ? thin : paths)[piece.band]).push(piece); });
    }
    ctx.setLineDash([]);
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.globalAlpha = 1;
    stroke(ctx, view, grey, G.unreached, 1);
    for (b = cutoffs.length - 1; b >= 0; b--) stroke(ctx, view, thin[b], css(bandColor(b, cutoffs.length)), 1.2 * factor);
    for (b = cutoffs.length - 1; b >= 0; b--) {
      stroke(ctx, view, paths[b], "#ffffff", (3.8 - 1.6 * b / cutoffs.length) * factor + 1.4);
      stroke(ctx, view, paths[b], css(bandColor(b, cutoffs.length)), (3.8 - 1.6 * b / cutoffs.length) * factor);
    }
  }

  function stroke(ctx, view, some, color, width) {
    if (!some.length) return;
    ctx.beginPath();
    some.forEach(function (one) {
      if (typeof one === "number") { traceFeature(ctx, shapes, one, view, false); return; }
      one.points.forEach(function (p, i) {
        var x = p[0] * view.scale - view.ox, y = p[1] * view.scale - view.oy;
        if (i) ctx.lineTo(x, y); else ctx.moveTo(x, y);
      });
    });
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    ctx.stroke();
  }

  function pieces(g, from, to, cutoffs) {
    var low = Math.min(from, to), high = Math.max(from, to), ends = [low].concat(cutoffs.filter(function (t) { return t > low && t < high; }), [high]), out = [];
    if (!isFinite(high) || high - low < 1e-6 || ends.length === 2) return [{ band: bandOf(isFinite(high) ? high : low, cutoffs), points: vertices(g, 0, 1) }];
    for (var i = 0; i + 1 < ends.length; i++) {
      var a = (ends[i] - from) / (to - from), b = (ends[i + 1] - from) / (to - from);
      out.push({ band: bandOf(ends[i + 1], cutoffs), points: vertices(g, Math.min(a, b), Math.max(a, b)) });
    }
    return out;
  }

  /* The vertices of a line from one share of its length to another. */
  function vertices(g, a, b) {
    var s = shapes.start[shapes.first[g]], e = shapes.start[shapes.first[g] + 1], xy = shapes.xy, along = [0], out = [], i;
    for (i = s + 1; i < e; i++) along.push(along[i - s - 1] + Math.hypot(xy[2 * i] - xy[2 * i - 2], xy[2 * i + 1] - xy[2 * i - 1]));
    var whole = along[along.length - 1];
    function at(d) {
      var k = 0;
      while (k + 2 < along.length && along[k + 1] < d) k++;
      var t = along[k + 1] > along[k] ? (d - along[k]) / (along[k + 1] - along[k]) : 0;
      return [xy[2 * (s + k)] * (1 - t) + xy[2 * (s + k) + 2] * t, xy[2 * (s + k) + 1] * (1 - t) + xy[2 * (s + k) + 3] * t];
    }
    if (e - s < 2) return [];
    out.push(at(a * whole));
    for (i = 0; i < along.length; i++) if (along[i] > a * whole && along[i] < b * whole) out.push([xy[2 * (s + i)], xy[2 * (s + i) + 1]]);
    out.push(at(b * whole));
    return out;
  }

  function paintRoute(ctx, view, legs) {
    var some = [];
    (legs || []).forEach(function (leg) { leg.rows.forEach(function (row) { if (group[row] >= 0) some.push(group[row]); }); });
    ctx.setLineDash([]);
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.globalAlpha = 0.95;
    stroke(ctx, view, some, G.mark, 10);
    ctx.globalAlpha = 1;
  }

  function paintOwn(ctx, view, links, draft) {
    links.concat(draft && draft.points.length ? [draft] : []).forEach(function (link) {
      ctx.beginPath();
      link.points.forEach(function (p, i) {
        var x = worldX(p[0]) * view.scale - view.ox, y = worldY(p[1]) * view.scale - view.oy;
        if (i) ctx.lineTo(x, y); else ctx.moveTo(x, y);
      });
      ctx.globalAlpha = 1;
      ctx.strokeStyle = "#8a3ffc";
      ctx.lineWidth = 4;
      ctx.setLineDash(link.kind === "rail" ? [12, 5] : [4, 5]);
      ctx.stroke();
      ctx.setLineDash([]);
      link.points.forEach(function (p) {
        ctx.beginPath();
        ctx.arc(worldX(p[0]) * view.scale - view.ox, worldY(p[1]) * view.scale - view.oy, 4.5, 0, 2 * Math.PI);
        ctx.fillStyle = "#ffffff";
        ctx.fill();
        ctx.lineWidth = 2;
        ctx.stroke();
      });
    });
  }

  /* Closed lines: crossed out. */
  function paintClosed(ctx, view, rows) {
    rows.forEach(function (row) {
      if (group[row] === undefined || group[row] < 0) return;
      ctx.setLineDash([3, 4]);
      stroke(ctx, view, [group[row]], "#b3261e", 4);
    });
    ctx.setLineDash([]);
  }

  function lineAt(point, near) {
    var best = null;
    for (var g = 0; g < shapes.size; g++) {
      var b = shapes.boxes, i = 4 * g;
      if (point[0] < b[i] - near || point[0] > b[i + 2] + near || point[1] < b[i + 1] - near || point[1] > b[i + 3] + near) continue;
      for (var k = shapes.start[shapes.first[g]]; k + 1 < shapes.start[shapes.first[g] + 1]; k++) {
        var ax = shapes.xy[2 * k], ay = shapes.xy[2 * k + 1], dx = shapes.xy[2 * k + 2] - ax, dy = shapes.xy[2 * k + 3] - ay, l = dx * dx + dy * dy;
        var t = l ? Math.max(0, Math.min(1, ((point[0] - ax) * dx + (point[1] - ay) * dy) / l)) : 0, d = Math.hypot(point[0] - ax - t * dx, point[1] - ay - t * dy);
        if (d <= near && (!best || d < best.d)) best = { group: g, d: d };
      }
    }
    return best && best.group;
  }

  return { areaPicture: areaPicture, nearestPicture: nearestPicture, OWNERS: OWNERS, changePicture: changePicture, paintPicture: paintPicture, lineMinutes: lineMinutes, lineMinutesTowards: lineMinutesTowards, mergedLines: mergedLines, paintLines: paintLines, paintRoute: paintRoute,
    paintOwn: paintOwn, paintClosed: paintClosed, bandColor: bandColor, bandOf: bandOf, css: css, lineAt: lineAt, shapes: shapes, STEPS: STEPS, WORSE: WORSE };
}
