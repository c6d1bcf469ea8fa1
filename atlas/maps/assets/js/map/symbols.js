/* Symbols on a canvas-like surface: lines by kind and status, points by kind. */
import { own } from "../core/own.js";
import { el } from "../core/dom.js";
import { page } from "../core/page.js";
import { paintDisc } from "./piles.js";

export function statusForm(status) {
  return own(page.tokens.status, status) || page.tokens.status.unknown;
}

export function dashOf(form, width) {
  var unit = Math.max(width, 1.6);
  return form.dash.map(function (length) { return length * unit; });
}

/* What the map shows of a line's course: "band" where only its ends are known, true where it is schematic. */
export function courseOf(layer, row) {
  return layer.get("course", row) === "indicative" ? "band" : layer.get("geometry_quality", row) === "schematic";
}

/* A line whose path is already on ctx. */
export function paintLine(ctx, path, symbol, form, width, soft, faint, off) {
  if (soft === "band") {
    ctx.lineJoin = ctx.lineCap = "round";
    ctx.setLineDash([]);
    ctx.globalAlpha = faint < 1 ? 0.13 : 0.2;
    ctx.strokeStyle = symbol.color;
    ctx.lineWidth = width + 9;
    path(ctx);
    ctx.stroke();
    ctx.globalAlpha = 1;
    return;
  }
  var dots = form.dash[0] < 0.5;
  ctx.lineJoin = "round";
  ctx.globalAlpha = 1;
  ctx.setLineDash([]);
  if (symbol.form === "cased" || symbol.form === "ticked") {
    ctx.lineCap = "round";
    ctx.strokeStyle = soft ? symbol.color : "#ffffff";
    ctx.globalAlpha = soft ? (faint < 1 ? 0.07 : 0.13) : faint < 1 ? 0.6 : 0.95;
    /* of a schematic line as wide as it may be off, as far as a reader can bear */
    ctx.lineWidth = width + (soft ? Math.max(4, Math.min(16, off || 0)) : 2.4);
    path(ctx);
    ctx.stroke();
  }
  ctx.globalAlpha = symbol.alpha * (faint || 1);
  ctx.lineCap = dots ? "round" : "butt";
  ctx.strokeStyle = symbol.color;
  ctx.lineWidth = symbol.form === "double" ? width + 1.6 : width;
  ctx.setLineDash(dashOf(form, width));
  path(ctx);
  ctx.stroke();
  if (symbol.form === "double" && width > 1.6) {
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = "#ffffff";
    ctx.lineWidth = width * 0.4;
    path(ctx);
    ctx.stroke();
  }
  if (symbol.form === "ticked" && width > 1.1) {
    ctx.lineCap = "butt";
    ctx.lineWidth = width + 4.4;
    ctx.setLineDash([1.2, 12.8]);
    path(ctx);
    ctx.stroke();
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

var ANCHOR = [[0, -1, 0, 0.9], [-0.4, -0.35, 0.4, -0.35]];
var PLANE = [[0, -1], [0.16, -0.72], [0.16, -0.25], [1, 0.3], [1, 0.52], [0.16, 0.24], [0.16, 0.68], [0.42, 0.9],
  [0.42, 1.05], [0, 0.92], [-0.42, 1.05], [-0.42, 0.9], [-0.16, 0.68], [-0.16, 0.24], [-1, 0.52], [-1, 0.3],
  [-0.16, -0.25], [-0.16, -0.72]];

/* A point at x, y; filled when the thing is in use, an outline when it is not yet. */
export function paintPoint(ctx, x, y, symbol, form, size, faint) {
  if (symbol.form === "pile") { paintDisc(ctx, x, y, "3"); return; }
  ctx.globalAlpha = symbol.alpha * (faint || 1);
  ctx.setLineDash([]);
  ctx.lineJoin = "round";
  ctx.lineCap = "round";
  ctx.strokeStyle = symbol.color;
  ctx.fillStyle = form.filled ? symbol.color : "#ffffff";
  if (symbol.form === "anchor") anchor(ctx, x, y, symbol, form, size);
  else if (symbol.form === "plane") plane(ctx, x, y, symbol, form, size);
  else if (SIGNS[symbol.form]) sign(ctx, x, y, symbol, form, size);
  else round(ctx, x, y, symbol, form, size);
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

/* Signs drawn as one outline: energy, water and digital works. */
/** @type {Record<string, number[][]>} */
var SIGNS = {
  diamond: [[0, -1.2], [1, 0], [0, 1.2], [-1, 0]],
  drop: [[0, 1.1], [1.05, -0.8], [-1.05, -0.8]],
  cross: [[-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]]
};

function sign(ctx, x, y, symbol, form, size) {
  ctx.beginPath();
  SIGNS[symbol.form].forEach(function (p, i) {
    if (i) ctx.lineTo(x + p[0] * size, y + p[1] * size);
    else ctx.moveTo(x + p[0] * size, y + p[1] * size);
  });
  ctx.closePath();
  ctx.fill();
  ctx.lineWidth = form.filled ? 1 : 1.4;
  ctx.strokeStyle = form.filled ? "#ffffff" : symbol.color;
  ctx.stroke();
}

function round(ctx, x, y, symbol, form, size) {
  ctx.beginPath();
  if (symbol.form === "square") ctx.rect(x - size, y - size, 2 * size, 2 * size);
  else ctx.arc(x, y, size, 0, 2 * Math.PI);
  if (symbol.form === "ring") {
    ctx.fillStyle = "#ffffff";
    ctx.fill();
    ctx.lineWidth = Math.max(1.3, size * 0.5);
    if (!form.filled) { ctx.lineCap = "butt"; ctx.setLineDash(form.key === "long" ? [3, 1.6] : [1.4, 1.6]); }
    ctx.stroke();
    return;
  }
  ctx.fill();
  ctx.lineWidth = form.filled ? 1 : 1.4;
  ctx.strokeStyle = form.filled ? "#ffffff" : symbol.color;
  if (size > 1.6 || !form.filled) ctx.stroke();
}

/* White disc, then the sign: filled disc with a white sign in use, outlined disc otherwise. */
function disc(ctx, x, y, symbol, form, size) {
  ctx.beginPath();
  ctx.arc(x, y, size, 0, 2 * Math.PI);
  ctx.fill();
  ctx.lineWidth = 1.3;
  ctx.strokeStyle = form.filled ? "#ffffff" : symbol.color;
  if (!form.filled && form.key !== "solid") ctx.setLineDash(form.key === "long" ? [4, 2] : [1.5, 2]);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.strokeStyle = ctx.fillStyle = form.filled ? "#ffffff" : symbol.color;
}

function anchor(ctx, x, y, symbol, form, size) {
  disc(ctx, x, y, symbol, form, size);
  var r = size * 0.62;
  ctx.lineWidth = Math.max(1.1, size * 0.17);
  ctx.beginPath();
  ANCHOR.forEach(function (bar) {
    ctx.moveTo(x + bar[0] * r, y + bar[1] * r);
    ctx.lineTo(x + bar[2] * r, y + bar[3] * r);
  });
  ctx.moveTo(x + 0.8 * r, y + 0.15 * r);
  ctx.arc(x, y + 0.1 * r, 0.8 * r, 0.06, Math.PI - 0.06);
  ctx.stroke();
}

function plane(ctx, x, y, symbol, form, size) {
  disc(ctx, x, y, symbol, form, size);
  var r = size * 0.68;
  ctx.beginPath();
  PLANE.forEach(function (p, i) {
    if (i) ctx.lineTo(x + p[0] * r, y + p[1] * r);
    else ctx.moveTo(x + p[0] * r, y + p[1] * r);
  });
  ctx.closePath();
  ctx.fill();
}

/* A sample for the legend, drawn by the same code as the map. */
export function sampleOf(geometry, symbol, status, soft) {
  var canvas = el("canvas", { class: "swatch", "aria-hidden": "true" }), dpr = 2;
  canvas.width = 44 * dpr;
  canvas.height = 20 * dpr;
  var ctx = canvas.getContext("2d"), form = statusForm(status);
  ctx.scale(dpr, dpr);
  if (geometry === "Point") paintPoint(ctx, 22, 10, symbol, form, Math.min(8, Math.max(symbol.width, 3)));
  else paintLine(ctx, function (c) { c.beginPath(); c.moveTo(3, 10); c.lineTo(41, 10); }, symbol, form, symbol.width, soft);
  return canvas;
}
