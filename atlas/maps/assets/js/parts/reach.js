/* What can be reached from one origin in every combination of scenario, mode and parameter set: unpacked and painted. */
import { own } from "../core/own.js";
import { bandIndex, bandPieces } from "../core/bands.js";
import { el } from "../core/dom.js";
import { latOf, lonOf, worldX, worldY } from "../core/mercator.js";
import { formatNumber } from "../core/numbers.js";
import { integers, unpackShapes } from "../core/pack.js";
import { page } from "../core/page.js";
import { pick, ui } from "../core/words.js";
import { inView, traceFeature } from "../core/trace.js";

/** @typedef {import("../payload").Leg} Leg */

/** Whole numbers of a packed leg. */
const LEG_SIZE = 11;

export function reachModel(R, places) {
  var size = places.size, data = page.data, shapes = unpackShapes(R.shapes), kinds = integers(R.kinds), minutes = integers(R.minutes);
  var lineMinutes = {}, areas = {}, runs = R.runs.map(integers), far = R.cutoffs[R.cutoffs.length - 1], book = null;
  var limits = data.tokens.ramp.map(function (band) { return band.to_min; });

  function combination(s, m, p) { return (s * R.modes.length + m) * R.sets.length + p; }
  function minutesOf(c, row) {
    var value = minutes[c * size + row];
    return value < 0 ? null : value / 1000;
  }
  function ends(c) { return lineMinutes[c] || (lineMinutes[c] = integers(R.lines[c])); }
  function bandOf(value) {
    return value === null ? null : data.tokens.ramp[bandIndex(value, limits)] || null;
  }

  /* Areas within each cut-off: the nearer one darker. */
  function paintAreas(ctx, view, c) {
    if (!R.areas || !R.areas[c]) return;
    var shown = areas[c] || (areas[c] = unpackShapes(R.areas[c]));
    ctx.setLineDash([]);
    for (var k = shown.size - 1; k >= 0; k--) {
      ctx.beginPath();
      traceFeature(ctx, shown, k, view, true);
      ctx.globalAlpha = k ? 0.16 : 0.26;
      ctx.fillStyle = data.tokens.ramp[k ? 2 : 1].color;
      ctx.fill("evenodd");
      ctx.globalAlpha = 0.55;
      ctx.strokeStyle = data.tokens.ramp[k ? 2 : 1].color;
      ctx.lineWidth = 0.9;
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
  }

  /** A leg by name; see Leg in atlas/maps/payload.py. @param {Leg} packed @param {number[]} line */
  function legOf(packed, line) {
    var [role, zh, en, from, to, calls, plan, km, minutes, wait, border] = packed;
    return { role: R.texts[role], name: [R.texts[zh], R.texts[en]], from: bilingual(R.texts[from]), to: bilingual(R.texts[to]), calls: bilingual(R.texts[calls]),
      plan: R.texts[plan], km: km / 10, minutes: minutes / 1000, wait: wait / 10, border: border / 10, lines: line };
  }

  /* Legs, unpacked when first asked for. */
  function journeys() {
    if (book) return book;
    var flat = integers(R.legs), counts = integers(R.line_counts), steps = integers(R.lines_), legs = [], at = 0, i, k;
    for (i = 0; i < counts.length; i++) {
      var line = [], group = 0;
      for (k = 0; k < counts[i]; k++) { group += steps[at++]; line.push(group); }
      legs.push(legOf(/** @type {Leg} */ (flat.slice(LEG_SIZE * i, LEG_SIZE * (i + 1))), line));
    }
    var order = integers(R.journeys), lengths = integers(R.journey_counts), next = 0, start = 0;
    book = [];
    for (i = 0; i < minutes.length; i++) {
      if (minutes[i] < 0) { book.push(null); continue; }
      book.push(order.slice(start, start + lengths[next]).map(function (leg) { return legs[leg]; }));
      start += lengths[next++];
    }
    return book;
  }
  /* A name, or stops joined by dashes, in both languages. */
  function bilingual(text) { return [text, own(R.english, text) || text.split("—").map(function (name) { return own(R.english, name) || name; }).join(" – ")]; }
  function legsOf(c, row) { return journeys()[c * size + row]; }

  /* Lines: grey where not reached in time, else pieces in the colour and width of their band. */
  function paintLines(ctx, view, c) {
    var at = ends(c), run = runs[c % R.sets.length], factor = Math.max(0.6, Math.min(1.8, 0.6 + (view.zoom - 8) * 0.18)), pieces = data.tokens.ramp.map(function () { return []; }), grey = [];
    for (var g = 0; g < shapes.size; g++) {
      if (!kinds[g] || at[2 * g] === -2 || !inView(shapes, g, view)) continue;
      var a = at[2 * g] < 0 ? Infinity : at[2 * g] / 10, b = at[2 * g + 1] < 0 ? Infinity : at[2 * g + 1] / 10;
      if (Math.min(a, b) >= far) grey.push(g);
      else split(g, a, b, run[g] / 10, view, pieces, grey);
    }
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.strokeStyle = data.tokens.ground.unreached;
    ctx.lineWidth = 0.9;
    ctx.beginPath();
    grey.forEach(function (piece) { if (typeof piece === "number") traceFeature(ctx, shapes, piece, view, false); else draw(ctx, piece); });
    ctx.stroke();
    for (var k = pieces.length - 1; k >= 0; k--) {
      if (!pieces[k].length) continue;
      var band = data.tokens.ramp[k];
      [["#ffffff", band.width * factor + 1.8], [band.color, band.width * factor]].forEach(function (look) {
        ctx.strokeStyle = look[0];
        ctx.lineWidth = look[1];
        ctx.beginPath();
        pieces[k].forEach(function (piece) { draw(ctx, piece); });
        ctx.stroke();
      });
    }
  }

  function draw(ctx, points) {
    ctx.moveTo(points[0], points[1]);
    for (var i = 2; i < points.length; i += 2) ctx.lineTo(points[i], points[i + 1]);
  }

  /* Cut a line where its minutes pass from one band to the next; time flows in from both ends. */
  function split(g, a, b, run, view, pieces, grey) {
    var from = shapes.start[shapes.first[g]], to = shapes.start[shapes.first[g + 1]], xy = shapes.xy, length = 0, along = [0];
    for (var i = from + 1; i < to; i++) {
      length += Math.hypot(xy[2 * i] - xy[2 * i - 2], xy[2 * i + 1] - xy[2 * i - 1]);
      along.push(length);
    }
    if (!length) return;
    bandPieces(a, b, run, limits).forEach(function (piece) {
      (piece[2] < 0 ? grey : pieces[piece[2]]).push(part(from, along, length, piece[0], piece[1], view));
    });
  }

  function part(from, along, length, s0, s1, view) {
    var xy = shapes.xy, out = [], d0 = s0 * length, d1 = s1 * length;
    function put(i, t) {
      out.push((xy[2 * i] + t * (xy[2 * i + 2] - xy[2 * i])) * view.scale - view.ox, (xy[2 * i + 1] + t * (xy[2 * i + 3] - xy[2 * i + 1])) * view.scale - view.oy);
    }
    for (var i = 0; i + 1 < along.length; i++) {
      var span = along[i + 1] - along[i];
      if (along[i + 1] < d0 || along[i] > d1 || !span) continue;
      if (!out.length) put(from + i, Math.max(0, (d0 - along[i]) / span));
      put(from + i, Math.min(1, (d1 - along[i]) / span));
    }
    return out.length ? out : [0, 0];
  }

  function paintPlaces(ctx, view, c) {
    for (var row = 0; row < size; row++) {
      var symbol = places.symbol(row), value = minutesOf(c, row), band = value !== null && value <= far ? bandOf(value) : null;
      if (view.zoom < symbol.minZoom - 1.5 || !inView(places.shapes, row, view)) continue;
      var at = 2 * places.shapes.start[places.shapes.first[row]], x = places.shapes.xy[at] * view.scale - view.ox, y = places.shapes.xy[at + 1] * view.scale - view.oy;
      ctx.beginPath();
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
      ctx.arc(x, y, symbol.width + 1.6, 0, 2 * Math.PI);
      ctx.fillStyle = band ? band.color : "#ffffff";
      ctx.strokeStyle = band ? "#ffffff" : "#7b8791";
      ctx.lineWidth = 1.3;
      ctx.fill();
      ctx.stroke();
    }
    var ox = worldX(R.at[0]) * view.scale - view.ox, oy = worldY(R.at[1]) * view.scale - view.oy;
    ctx.beginPath();
    ctx.arc(ox, oy, 9, 0, 2 * Math.PI);
    ctx.strokeStyle = data.tokens.ground.mark;
    ctx.lineWidth = 4;
    ctx.stroke();
  }

  function paintRoute(ctx, view, c, row) {
    if (row === null) return;
    ctx.beginPath();
    (legsOf(c, row) || []).forEach(function (leg) { leg.lines.forEach(function (g) { traceFeature(ctx, shapes, g, view, false); }); });
    ctx.setLineDash([]);
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.strokeStyle = data.tokens.ground.mark;
    ctx.globalAlpha = 0.95;
    ctx.lineWidth = 10;
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  /* Longitudes and latitudes around the way to a place, both ends in it. */
  function routeBox(c, row) {
    var b = places.shapes.boxes, box = [b[4 * row], b[4 * row + 1], b[4 * row + 2], b[4 * row + 3]];
    function take(x0, y0, x1, y1) { box = [Math.min(box[0], x0), Math.min(box[1], y0), Math.max(box[2], x1), Math.max(box[3], y1)]; }
    take(worldX(R.at[0]), worldY(R.at[1]), worldX(R.at[0]), worldY(R.at[1]));
    (legsOf(c, row) || []).forEach(function (leg) {
      leg.lines.forEach(function (g) { take.apply(null, Array.prototype.slice.call(shapes.boxes, 4 * g, 4 * g + 4)); });
    });
    return [lonOf(box[0]), latOf(box[3]), lonOf(box[2]), latOf(box[1])];
  }

  return { routeBox: routeBox, combination: combination, minutes: minutesOf, legs: legsOf, band: bandOf, far: far, paintAreas: paintAreas, paintLines: paintLines, paintPlaces: paintPlaces, paintRoute: paintRoute };
}

/* Legs as a list: what, from where to where, kilometres, minutes, with waits and borders inside. */
export function legList(legs) {
  var list = el("ol", { class: "legs" });
  legs.forEach(function (leg) {
    var extra = [pick(leg.from) + " → " + pick(leg.to), leg.km >= 0.1 ? formatNumber(leg.km, 1) + " " + ui("km") : "",
      leg.wait >= 0.05 ? ui("wait", formatNumber(leg.wait, 0)) : "", leg.border >= 0.05 ? ui("border", formatNumber(leg.border, 0)) : ""].filter(Boolean);
    list.appendChild(el("li", { class: leg.role }, [el("span", { class: "min" }, formatNumber(leg.minutes, 1)),
      leg.role === "access" || leg.role === "egress" || leg.role === "transfer" ? ui(leg.role) : ui(leg.role === "border" ? "crossing" : leg.role) + " · " + pick(leg.name),
      el("small", {}, extra.join(" · ")), leg.calls[0] ? el("small", {}, pick(leg.calls)) : null,
      leg.plan ? el("small", {}, leg.plan.split(";").map(function (id) { return own(page.data.plan.items, id) ? pick(page.data.plan.items[id].n) : id; }).join("; ")) : null]));
  });
  return list;
}
