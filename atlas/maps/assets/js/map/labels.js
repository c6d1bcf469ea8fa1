/* Names on the map: the weightier first, none over another. */
import { freeSpot, overlap } from "../core/boxes.js";
import { worldX, worldY } from "../core/mercator.js";
import { own } from "../core/own.js";
import { page } from "../core/page.js";
import { otherName, pick } from "../core/words.js";
import { inView } from "../core/trace.js";
import { discOf, piled, pilesOf } from "./piles.js";

/* Level of a settlement → weight, size, zoom from which it is named. */
var LEVELS = {
  prefecture: [0, 16, 0, 700], sar: [0, 16, 0, 700], district: [2, 12.5, 8.75, 500], county: [2, 12.5, 8.5, 500],
  county_city: [2, 12.5, 8.5, 500], zone: [3, 12, 9.5, 400], town: [6, 11.5, 10.75, 400],
  village: [8, 11, 12, 400]
};
/* Kind of another point → weight, size, zoom. */
var KINDS = {
  high_speed: [4, 11, 9.75, 400], intercity: [5, 11, 10.5, 400], conventional: [5, 11, 10.75, 400],
  civil: [3, 11.5, 9, 500], sea_port_area: [4, 11.5, 9.75, 400], passenger_terminal: [5, 11, 10.5, 400],
  border_crossing: [3, 11, 10, 400]
};

/* Kind of a line → weight, size, zoom from which it is named along its course. */
var LINES = {
  expressway_bridge: [1, 12, 8.75, 600], bridge: [2, 11.5, 10, 600], high_speed: [3, 11, 9.25, 500], intercity: [4, 10.5, 9.75, 500],
  conventional: [5, 10.5, 10.25, 400], metro: [6, 10.5, 11, 400]
};
/* Rank of a road → zoom from which its number stands in a shield. */
var SHIELDS = { expressway: 8.5, expressway_bridge: 8.5, national_road: 10, provincial_road: 10.75 };
/* Px from a point to its name where a disc of a pile is about it. */
var BESIDE = 12;
/* Px between two shields of one number, and what a line must measure to bear its name. */
var APART = 170, LONG_ENOUGH = 0.75;

function lineRank(layer, row) {
  if (layer.key === "railways") return own(LINES, layer.get("kind", row)) || LINES.conventional;
  if (layer.key !== "highways") return null;
  if (layer.get("kind", row) === "expressway_bridge") return LINES.expressway_bridge;
  return layer.get("structure", row) === "surface" || !layer.get("structure", row) ? null : LINES.bridge;
}

function ranks(layer, row) {
  if (layer.key === "places") return own(LEVELS, layer.get("level", row)) || LEVELS.town;
  if (layer.geometry === "LineString") return lineRank(layer, row);
  if (layer.geometry !== "Point" || layer.key === "interchanges") return null;
  if (layer.group === "works") return [7, 10.5, 10, 400];
  return own(KINDS, layer.get("kind", row)) || [7, 11, 11.5, 400];
}

/* Candidates of all layers, weightiest first; made once. */
export function labelCandidates(layers) {
  var list = [];
  layers.forEach(function (layer) {
    for (var row = 0; row < layer.size; row++) {
      var rank = ranks(layer, row), ref = layer.key === "highways" && /^[GSX]\d+/.exec(layer.get("ref", row) || ""), from = ref && own(SHIELDS, layer.get("kind", row));
      if (from) list.push({ layer: layer, row: row, weight: 2.5, size: 10, minZoom: from, bold: 700, shield: ref[0], people: lengthOf(layer, row) });
      if (!rank || !(layer.name(row)[0] || layer.name(row)[1])) continue;
      list.push({
        layer: layer, row: row, weight: rank[0], size: rank[1], minZoom: rank[2], bold: rank[3],
        line: layer.geometry === "LineString",
        people: layer.geometry === "LineString" ? lengthOf(layer, row) : layer.get("population", row) || layer.get("trains_per_day", row) || 0
      });
    }
  });
  return list.sort(function (a, b) { return a.weight - b.weight || b.people - a.people; });
}

/* The longer side of a line's box: enough to tell a long line from a short one. */
function lengthOf(layer, row) {
  var b = layer.shapes.boxes, i = 4 * row;
  return Math.max(b[i + 2] - b[i], b[i + 3] - b[i + 1]);
}

/* The middle of a line's visible part: x, y, the course there (never upside down) and its length, px. */
export function middleOf(layer, row, view, share) {
  var shapes = layer.shapes, a = shapes.start[shapes.first[row]], b = shapes.start[shapes.first[row] + 1], steps = [], whole = 0;
  for (var i = a; i < b - 1; i++) {
    var x0 = shapes.xy[2 * i] * view.scale - view.ox, y0 = shapes.xy[2 * i + 1] * view.scale - view.oy;
    var x1 = shapes.xy[2 * i + 2] * view.scale - view.ox, y1 = shapes.xy[2 * i + 3] * view.scale - view.oy;
    if (Math.max(x0, x1) < 0 || Math.min(x0, x1) > view.w || Math.max(y0, y1) < 0 || Math.min(y0, y1) > view.h) continue;
    steps.push([x0, y0, x1, y1, Math.hypot(x1 - x0, y1 - y0)]);
    whole += steps[steps.length - 1][4];
  }
  var rest = whole * (share || 0.5);
  for (i = 0; i < steps.length; i++) {
    var s = steps[i];
    if (rest > s[4]) { rest -= s[4]; continue; }
    var t = s[4] ? rest / s[4] : 0, angle = Math.atan2(s[3] - s[1], s[2] - s[0]);
    if (angle > Math.PI / 2) angle -= Math.PI;
    if (angle < -Math.PI / 2) angle += Math.PI;
    return { x: s[0] + t * (s[2] - s[0]), y: s[1] + t * (s[3] - s[1]), angle: angle, length: whole };
  }
  return null;
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
  var boxes = (taken || []).concat(pilesOf(view).all.map(discOf)), placed = [], named = Object.create(null);
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  candidates.forEach(function (label) {
    if (view.zoom < label.minZoom || !label.layer.on || !label.layer.visible(label.row)) return;
    if (!inView(label.layer.shapes, label.row, view)) return;
    if (piled(label.layer) && pilesOf(view).of(label.layer, label.row)) return;
    if (label.shield) { placeShield(ctx, view, label, boxes, placed); return; }
    var pair = label.layer.name(label.row), city = label.weight === 0, grow = Math.max(1, Math.min(1.25, 1 + (view.zoom - 10) * 0.06));
    if (city && pair[0]) pair = [pair[0].replace(/特别行政区$|市$/, ""), pair[1]];
    if (label.line) { placeAlong(ctx, view, label, shorten(pick(pair).replace(/\s*[(（].*$/, "")), label.size * grow, boxes, placed, named); return; }
    var size = label.size * grow, rows = [{ text: shorten(pick(pair)), size: size, weight: label.bold }];
    var second = city ? otherName(pair) : "";
    if (second) rows.push({ text: shorten(second), size: size * 0.72, weight: 400 });
    (lines ? lines(label) : []).forEach(function (row) { rows.push({ text: row, size: 11, weight: 600 }); });
    place(ctx, view, label, rows, boxes, placed);
  });
  placeWaters(ctx, view, boxes, placed);
  placed.forEach(function (label) { paint(ctx, label); });
  return placed;
}

function font(row) { return (row.italic ? "italic " : "") + row.weight + " " + row.size.toFixed(1) + "px " + page.tokens.font; }

function place(ctx, view, label, rows, boxes, placed) {
  var width = 0, height = 0, at = anchorOf(label, view);
  rows.forEach(function (row) {
    ctx.font = font(row);
    width = Math.max(width, ctx.measureText(row.text).width);
    height += row.size * 1.22;
  });
  var disc = pilesOf(view).all.some(function (pile) { return Math.abs(pile.x - at.x) < BESIDE && Math.abs(pile.y - at.y) < BESIDE; });
  var spot = freeSpot(at, width, height, view, boxes, disc ? BESIDE + 1 : undefined);
  if (!spot) return;
  boxes.push(spot.box);
  placed.push({ box: spot.box, rows: rows, align: spot.align, label: label });
}

/* Names of seas and rivers give way to all others. */
function placeWaters(ctx, view, boxes, placed) {
  (page.data.waters || []).forEach(function (water) {
    if (view.zoom < water[4]) return;
    var row = { text: pick(water), size: water[4] < 8 ? 17 : 13, weight: 400, italic: true }, x = worldX(water[2]) * view.scale - view.ox, y = worldY(water[3]) * view.scale - view.oy;
    ctx.font = font(row);
    var w = ctx.measureText(row.text).width / 2 + 3, h = row.size * 0.7, box = [x - w, y - h, x + w, y + h];
    if (box[0] < 0 || box[1] < 0 || box[2] > view.w || box[3] > view.h || boxes.some(function (other) { return overlap(box, other); })) return;
    boxes.push(box);
    placed.push({ box: box, rows: [row], align: "center", label: { layer: { key: "water" } }, at: [x, y], angle: 0 });
  });
}

/* A name along its line, a little above it; once a view. */
function placeAlong(ctx, view, label, text, size, boxes, placed, named) {
  if (!text || named[text]) return;
  [0.5, 0.66, 0.34, 0.8, 0.2].some(function (share) {
    return [1, -1].some(function (side) { return !named[text] && placeAt(ctx, view, label, text, size, boxes, placed, named, share, side); });
  });
}

function placeAt(ctx, view, label, text, size, boxes, placed, named, share, side) {
  var row = { text: text, size: size, weight: label.bold }, at = middleOf(label.layer, label.row, view, share);
  ctx.font = font(row);
  var width = ctx.measureText(text).width;
  if (!at || at.length < width * LONG_ENOUGH) return false;
  var off = size * 0.95 * side, x = at.x + Math.sin(at.angle) * off, y = at.y - Math.cos(at.angle) * off;
  var cos = Math.abs(Math.cos(at.angle)), sin = Math.abs(Math.sin(at.angle)), w = (width * cos + size * 1.3 * sin) / 2 + 1, h = (width * sin + size * 1.3 * cos) / 2 + 1;
  var box = [x - w, y - h, x + w, y + h];
  if (box[0] < 0 || box[1] < 0 || box[2] > view.w || box[3] > view.h || boxes.some(function (other) { return overlap(box, other); })) return false;
  boxes.push(box);
  named[text] = true;
  placed.push({ box: box, rows: [row], align: "center", label: label, at: [x, y], angle: at.angle });
  return true;
}

/* The number of a road in a shield on it. */
function placeShield(ctx, view, label, boxes, placed) {
  var row = { text: label.shield, size: label.size, weight: label.bold }, at = middleOf(label.layer, label.row, view);
  if (!at || at.length < 60) return;
  ctx.font = font(row);
  var w = ctx.measureText(row.text).width / 2 + 4, h = row.size * 0.75, box = [at.x - w, at.y - h, at.x + w, at.y + h];
  if (box[0] < 0 || box[1] < 0 || box[2] > view.w || box[3] > view.h || boxes.some(function (other) { return overlap(box, other); })) return;
  if (placed.some(function (one) { return one.label.shield === label.shield && Math.hypot(one.at[0] - at.x, one.at[1] - at.y) < APART; })) return;
  boxes.push(box);
  placed.push({ box: box, rows: [row], align: "center", label: label, at: [at.x, at.y], shield: true });
}

/* Green for national, amber for provincial expressways, as their signs are; others white. */
function paintShield(ctx, placed) {
  var box = placed.box, row = placed.rows[0], express = /^expressway/.test(placed.label.layer.get("kind", placed.label.row));
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  ctx.beginPath();
  ctx.rect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
  ctx.fillStyle = !express ? "#ffffff" : row.text.charAt(0) === "G" ? "#17663b" : "#f2c84b";
  ctx.fill();
  ctx.strokeStyle = "#ffffff";
  ctx.lineWidth = 1;
  ctx.stroke();
  ctx.fillStyle = express && row.text.charAt(0) === "G" ? "#ffffff" : page.tokens.ground.text;
  ctx.font = font(row);
  ctx.textAlign = "center";
  ctx.fillText(row.text, placed.at[0], placed.at[1]);
}

/* Text turned about its middle, on a canvas or on what writes SVG. */
function paintTurned(ctx, placed) {
  var row = placed.rows[0];
  ctx.font = font(row);
  ctx.textAlign = "center";
  ctx.strokeStyle = "rgba(246,244,238,0.92)";
  ctx.lineWidth = 3;
  ctx.fillStyle = own(page.tokens.labels, placed.label.layer.key) || page.tokens.ground.text;
  ctx.save();
  ctx.translate(placed.at[0], placed.at[1]);
  ctx.rotate(placed.angle);
  ctx.strokeText(row.text, 0, 0);
  ctx.fillText(row.text, 0, 0);
  ctx.restore();
}

function paint(ctx, placed) {
  if (placed.shield) { paintShield(ctx, placed); return; }
  if (placed.angle !== undefined) { paintTurned(ctx, placed); return; }
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
