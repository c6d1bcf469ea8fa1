/* Names on the map: the weightier first, none over another. */
import { freeSpot } from "../core/boxes.js";
import { own } from "../core/own.js";
import { page } from "../core/page.js";
import { otherName, pick } from "../core/words.js";
import { inView } from "./canvas.js";

/* Level of a settlement → weight, size, zoom from which it is named. */
var LEVELS = {
  prefecture: [0, 16, 0, 700], sar: [0, 16, 0, 700], district: [2, 12.5, 8.75, 500], county: [2, 12.5, 8.5, 500],
  county_city: [2, 12.5, 8.5, 500], zone: [3, 12, 9.5, 400], town: [6, 11.5, 10.75, 400]
};
/* Kind of another point → weight, size, zoom. */
var KINDS = {
  high_speed: [4, 11, 9.75, 400], intercity: [5, 11, 10.5, 400], conventional: [5, 11, 10.75, 400],
  civil: [3, 11.5, 9, 500], sea_port_area: [4, 11.5, 9.75, 400], passenger_terminal: [5, 11, 10.5, 400],
  border_crossing: [3, 11, 10, 400]
};

function ranks(layer, row) {
  if (layer.key === "places") return own(LEVELS, layer.get("level", row)) || LEVELS.town;
  if (layer.key === "highways") return layer.get("kind", row) === "expressway_bridge" ? [1, 12, 8.75, 600] : null;
  if (layer.geometry !== "Point" || layer.key === "interchanges") return null;
  return own(KINDS, layer.get("kind", row)) || [7, 11, 11.5, 400];
}

/* Candidates of all layers, weightiest first; made once. */
export function labelCandidates(layers) {
  var list = [];
  layers.forEach(function (layer) {
    for (var row = 0; row < layer.size; row++) {
      var rank = ranks(layer, row);
      if (!rank || !(layer.name(row)[0] || layer.name(row)[1])) continue;
      list.push({
        layer: layer, row: row, weight: rank[0], size: rank[1], minZoom: rank[2], bold: rank[3],
        people: layer.get("population", row) || layer.get("trains_per_day", row) || 0
      });
    }
  });
  return list.sort(function (a, b) { return a.weight - b.weight || b.people - a.people; });
}

function anchorOf(label, view) {
  var shapes = label.layer.shapes, a = shapes.start[shapes.first[label.row]], b = shapes.start[shapes.first[label.row] + 1];
  var i = label.layer.geometry === "Point" ? a : a + Math.floor((b - a - 1) / 2), j = Math.min(i + 1, b - 1);
  var half = label.layer.geometry === "Point" ? 0 : 0.5;
  return {
    x: (shapes.xy[2 * i] * (1 - half) + shapes.xy[2 * j] * half) * view.scale - view.ox,
    y: (shapes.xy[2 * i + 1] * (1 - half) + shapes.xy[2 * j + 1] * half) * view.scale - view.oy
  };
}

function shorten(text) { return text.length > 28 ? text.slice(0, 27) + "…" : text; }

/* Place and paint; returns the boxes for tests. taken: boxes that must stay free. */
export function paintLabels(ctx, view, candidates, taken, lines) {
  var boxes = (taken || []).slice(), placed = [];
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  candidates.forEach(function (label) {
    if (view.zoom < label.minZoom || !label.layer.on || !label.layer.visible(label.row)) return;
    if (!inView(label.layer.shapes, label.row, view)) return;
    var pair = label.layer.name(label.row), city = label.weight === 0, grow = Math.max(1, Math.min(1.25, 1 + (view.zoom - 10) * 0.06));
    if (city && pair[0]) pair = [pair[0].replace(/特别行政区$|市$/, ""), pair[1]];
    var size = label.size * grow, rows = [{ text: shorten(pick(pair)), size: size, weight: label.bold }];
    var second = city ? otherName(pair) : "";
    if (second) rows.push({ text: shorten(second), size: size * 0.72, weight: 400 });
    (lines ? lines(label) : []).forEach(function (row) { rows.push({ text: row, size: 11, weight: 600 }); });
    place(ctx, view, label, rows, boxes, placed);
  });
  placed.forEach(function (label) { paint(ctx, label); });
  return placed;
}

function font(row) { return row.weight + " " + row.size.toFixed(1) + "px " + page.tokens.font; }

function place(ctx, view, label, rows, boxes, placed) {
  var width = 0, height = 0, at = anchorOf(label, view);
  rows.forEach(function (row) {
    ctx.font = font(row);
    width = Math.max(width, ctx.measureText(row.text).width);
    height += row.size * 1.22;
  });
  var spot = freeSpot(at, width, height, view, boxes);
  if (!spot) return;
  boxes.push(spot.box);
  placed.push({ box: spot.box, rows: rows, align: spot.align, label: label });
}

function paint(ctx, placed) {
  var box = placed.box, y = box[1] + 1;
  var x = placed.align === "left" ? box[0] + 2 : placed.align === "right" ? box[2] - 2 : (box[0] + box[2]) / 2;
  ctx.textAlign = placed.align;
  var ink = own(page.tokens.labels, placed.label.layer.key) || page.tokens.ground.text;
  placed.rows.forEach(function (row, i) {
    ctx.font = font(row);
    ctx.strokeStyle = "rgba(246,244,238,0.92)";
    ctx.lineWidth = 3;
    ctx.strokeText(row.text, x, y + row.size * 0.61);
    ctx.fillStyle = i ? page.tokens.ground.secondary : ink;
    ctx.fillText(row.text, x, y + row.size * 0.61);
    y += row.size * 1.22;
  });
}
