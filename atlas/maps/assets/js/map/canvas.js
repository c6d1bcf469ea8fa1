/* Drawing: a renderer that paints packed layers on canvas, and the same painting on any surface (SVG, print). */
import { latOf, worldX, worldY } from "../core/mercator.js";
import { unpackShapes } from "../core/pack.js";
import { hooks, page } from "../core/page.js";
import { inView, traceFeature, zoomFactor } from "../core/trace.js";
import { redraw } from "./redraw.js";
import { paintPile, piled, pilesOf } from "./piles.js";
import { courseOf, paintLine, paintPoint, statusForm } from "./symbols.js";

/* What a painter needs: scale and origin of world units → px, size, zoom. */
export function viewOf(map, bounds) {
  var scale = map.options.crs.scale(map.getZoom()), origin = map.getPixelOrigin();
  return {
    scale: scale, ox: origin.x + bounds.min.x, oy: origin.y + bounds.min.y, zoom: map.getZoom(),
    w: bounds.max.x - bounds.min.x, h: bounds.max.y - bounds.min.y
  };
}

/* The view of what the screen shows. */
export function screenView(map) {
  var view = viewOf(map, { min: { x: 0, y: 0 }, max: map.getSize() }), origin = map.containerPointToLayerPoint([0, 0]).add(map.getPixelOrigin());
  view.ox = origin.x;
  view.oy = origin.y;
  return view;
}

export const Painting = L.Renderer.extend({
  initialize: function (paint, options) {
    this.paint = paint;
    L.Renderer.prototype.initialize.call(this, options);
  },
  _initContainer: function () {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
    this._ctx = this._container.getContext("2d");
  },
  _destroyContainer: function () { L.DomUtil.remove(this._container); },
  _update: function () {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    var bounds = this._bounds, size = bounds.getSize(), dpr = Math.min(window.devicePixelRatio || 1, 2);
    L.DomUtil.setPosition(this._container, bounds.min);
    this._container.width = dpr * size.x;
    this._container.height = dpr * size.y;
    this._container.style.width = size.x + "px";
    this._container.style.height = size.y + "px";
    this._dpr = dpr;
    this.redraw();
  },
  redraw: function () {
    if (!this._bounds) return;
    var ctx = this._ctx;
    ctx.setTransform(this._dpr, 0, 0, this._dpr, 0, 0);
    ctx.clearRect(0, 0, this._container.width, this._container.height);
    this.paint(ctx, viewOf(this._map, this._bounds));
  }
});

/* Sea, land, rivers; beyond the box of the data a plain margin, so that no cut edge passes for a shore. */
export function paintBackdrop(ctx, view, backdrop) {
  var ground = page.tokens.ground;
  ctx.fillStyle = ground.sea;
  ctx.fillRect(0, 0, view.w, view.h);
  if (backdrop.land) {
    ctx.beginPath();
    for (var f = 0; f < backdrop.land.size; f++) traceFeature(ctx, backdrop.land, f, view, true);
    ctx.fillStyle = ground.land;
    ctx.fill("evenodd");
    ctx.strokeStyle = ground.shore;
    ctx.lineWidth = 0.8;
    ctx.lineJoin = "round";
    ctx.stroke();
  }
  if (backdrop.water) {
    ctx.beginPath();
    for (f = 0; f < backdrop.water.size; f++) traceFeature(ctx, backdrop.water, f, view, true);
    ctx.fillStyle = ground.river;
    ctx.fill("evenodd");
  }
  if (backdrop.roads) {
    ctx.beginPath();
    for (f = 0; f < backdrop.roads.size; f++) if (inView(backdrop.roads, f, view)) traceFeature(ctx, backdrop.roads, f, view, false);
    ctx.strokeStyle = ground.road;
    ctx.lineWidth = view.zoom < 10 ? 0.5 : 0.9;
    ctx.stroke();
  }
  if (backdrop.bounds) {
    ctx.beginPath();
    for (f = 0; f < backdrop.bounds.size; f++) traceFeature(ctx, backdrop.bounds, f, view, false);
    ctx.strokeStyle = ground.boundary;
    ctx.lineWidth = 0.8;
    ctx.setLineDash([5, 2, 1, 2]);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  if (backdrop.box) paintMargin(ctx, view, backdrop.box);
}

/* Tiles that came with the page: images by zoom, or areas and lines; drawn over the built-in land and sea. */
/** @type {any} */
var tiles = null;
var vectors = [];
export function takeTiles(base) {
  vectors = ((base && base.shapes) || []).map(function (one) { return { fill: one.fill, color: one.color, shapes: unpackShapes(one.shapes) }; });
  if (!base || !base.raster) return;
  tiles = { levels: base.raster.levels, zooms: Object.keys(base.raster.levels).map(Number).sort(function (a, b) { return a - b; }) };
  tiles.images = base.raster.images.map(function (uri) {
    var image = new Image();
    image.onload = function () { redraw(true); };
    image.src = uri;
    return image;
  });
}

export function paintGround(ctx, view) {
  paintBackdrop(ctx, view, page.backdrop);
  vectors.forEach(function (group) { paintGroup(ctx, view, group); });
  if (tiles) paintTiles(ctx, view);
}

function paintGroup(ctx, view, group) {
  ctx.setLineDash([]);
  ctx.fillStyle = ctx.strokeStyle = group.color;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (var f = 0; f < group.shapes.size; f++) {
    if (!inView(group.shapes, f, view)) continue;
    if (group.fill) ctx.beginPath();
    traceFeature(ctx, group.shapes, f, view, group.fill);
    if (group.fill) ctx.fill("evenodd");
  }
  if (!group.fill) ctx.stroke();
}

/* The level whose pixels come nearest; half a pixel of overlap hides the seams. */
function paintTiles(ctx, view) {
  var wanted = Math.round(view.zoom), zoom = tiles.zooms.filter(function (one) { return one <= wanted; }).pop();
  if (zoom === undefined) zoom = tiles.zooms[0];
  var side = view.scale / Math.pow(2, zoom);
  tiles.levels[zoom].forEach(function (tile) {
    var image = tiles.images[tile[2]], x = tile[0] * side - view.ox, y = tile[1] * side - view.oy;
    if (x > view.w || y > view.h || x + side < 0 || y + side < 0 || !image.complete || !image.naturalWidth) return;
    ctx.drawImage(image, x, y, side + 0.5, side + 0.5);
  });
}

function paintMargin(ctx, view, box) {
  var w = worldX(box[0]) * view.scale - view.ox, e = worldX(box[2]) * view.scale - view.ox;
  var n = worldY(box[3]) * view.scale - view.oy, s = worldY(box[1]) * view.scale - view.oy;
  if (w <= 0 && n <= 0 && e >= view.w && s >= view.h) return;
  ctx.beginPath();
  ctx.rect(-1, -1, view.w + 2, view.h + 2);
  ctx.rect(w, n, e - w, s - n);
  ctx.fillStyle = page.tokens.ground.blank;
  ctx.fill("evenodd");
  ctx.strokeStyle = page.tokens.ground.hairline;
  ctx.lineWidth = 1;
  ctx.strokeRect(w, n, e - w, s - n);
}

/* Lines and points of one layer, grouped by symbol and form so that a class is one path. */
export function paintLayer(ctx, view, layer) {
  var factor = zoomFactor(view.zoom), shapes = layer.shapes;
  if (layer.geometry === "Point") {
    for (var f = 0; f < layer.size; f++) {
      if (!layer.visible(f)) continue;
      var symbol = layer.symbol(f);
      if (view.zoom < symbol.minZoom || !inView(shapes, f, view)) continue;
      var pile = piled(layer) ? pilesOf(view).of(layer, f) : null;
      if (pile) { paintPile(ctx, pile, layer, f); continue; }
      var at = 2 * shapes.start[shapes.first[f]];
      var x = shapes.xy[at] * view.scale - view.ox, y = shapes.xy[at + 1] * view.scale - view.oy;
      /* A place is neither open nor shut: it is drawn whole. */
      var state = layer.key === "places" ? "operating" : layer.get("status", f);
      paintPoint(ctx, x, y, symbol, statusForm(state), symbol.width * Math.max(0.8, factor), layer.faint && layer.faint(f) ? faintness() : 1);
    }
    return;
  }
  if (layer.key === "cross_border_links") paintCrossings(ctx, view, layer);
  classes(layer, view).forEach(function (group) {
    paintLine(ctx, function (c) {
      c.beginPath();
      group.rows.forEach(function (row) { traceFeature(c, shapes, row, view, layer.geometry === "Polygon"); });
    }, group.symbol, group.form, group.symbol.width * factor * (group.faint ? 0.85 : 1), group.soft, group.faint ? faintness() : 1, group.off);
  });
}

/* A crossing is a mark where its line has its middle: the line itself would run beside the bridge. */
function isCrossing(layer, row) { return layer.key === "cross_border_links" && layer.get("kind", row) === "border_crossing"; }

function paintCrossings(ctx, view, layer) {
  for (var f = 0; f < layer.size; f++) {
    if (!isCrossing(layer, f) || !layer.visible(f) || !inView(layer.shapes, f, view)) continue;
    var at = 2 * layer.shapes.start[layer.shapes.first[f]], x = layer.shapes.xy[at] * view.scale - view.ox, y = layer.shapes.xy[at + 1] * view.scale - view.oy, r = 5;
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    ctx.beginPath();
    ctx.moveTo(x, y - r); ctx.lineTo(x + r, y); ctx.lineTo(x, y + r); ctx.lineTo(x - r, y);
    ctx.closePath();
    ctx.fillStyle = layer.symbol(f).color;
    ctx.fill();
    ctx.strokeStyle = "#ffffff";
    ctx.lineWidth = 1.2;
    ctx.stroke();
  }
}

function classes(layer, view) {
  var groups = Object.create(null);
  for (var f = 0; f < layer.size; f++) {
    /* A crossing that a road draws is drawn once. */
    if (!layer.visible(f) || !inView(layer.shapes, f, view) || layer.get("drawn_by", f) || isCrossing(layer, f)) continue;
    var symbol = layer.symbol(f);
    if (view.zoom < symbol.minZoom) continue;
    var status = layer.get("status", f), soft = courseOf(layer, f);
    if (layer.get("upgrades", f)) continue;   /* it lies where the line it widens is drawn */
    var form = statusForm(status), faint = Boolean(layer.faint && layer.faint(f)), off = soft === true ? offBy(layer, f, view) : 0;
    var key = [symbol.width, symbol.color, form.key, soft, faint, off].join("|");
    (groups[key] = groups[key] || { symbol: symbol, form: form, soft: soft, faint: faint, off: off, rows: [] }).rows.push(f);
  }
  return Object.keys(groups).map(function (key) { return groups[key]; })
    .sort(function (a, b) { return Number(b.faint) - Number(a.faint) || a.symbol.width - b.symbol.width || (a.form.key < b.form.key ? -1 : 1); });
}

/* How much what is set off stands back; farther where one corridor is looked at. */
function faintness() { return hooks.corridor && hooks.corridor() ? 0.25 : 0.5; }

/* Twice the error of a position on the screen, px, in steps. */
export function offBy(layer, row, view) {
  var metres = layer.get("position_error_m", row);
  if (!metres) return 0;
  var perPixel = 40075016.686 * Math.cos(latOf(layer.shapes.boxes[4 * row + 1]) * Math.PI / 180) / view.scale;
  return 4 * Math.round(metres / perPixel / 2);
}

/* How far a marked point may be off, where that is wider than its mark: it stands for a town or county, not a site. */
function paintReach(ctx, view, layer, row, x, y) {
  var radius = offBy(layer, row, view) / 2;
  if (radius < 16) return;
  ctx.stroke();
  ctx.beginPath();
  ctx.lineWidth = 1.2;
  ctx.strokeStyle = page.tokens.ground.secondary;
  ctx.setLineDash([6, 4]);
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.beginPath();
}

/* Mark one feature: a warm halo under everything else it is drawn with. */
export function paintMark(ctx, view, layer, row) {
  var shapes = layer.shapes, factor = zoomFactor(view.zoom);
  ctx.setLineDash([]);
  ctx.globalAlpha = 0.9;
  ctx.strokeStyle = page.tokens.ground.mark;
  ctx.lineJoin = ctx.lineCap = "round";
  ctx.beginPath();
  if (layer.geometry === "Point") {
    var at = 2 * shapes.start[shapes.first[row]];
    ctx.lineWidth = 4;
    ctx.arc(shapes.xy[at] * view.scale - view.ox, shapes.xy[at + 1] * view.scale - view.oy,
      Math.max(8, layer.symbol(row).width * factor + 3), 0, 2 * Math.PI);
    paintReach(ctx, view, layer, row, shapes.xy[at] * view.scale - view.ox, shapes.xy[at + 1] * view.scale - view.oy);
  } else {
    ctx.lineWidth = layer.symbol(row).width * factor + 8;
    traceFeature(ctx, shapes, row, view, false);
  }
  ctx.stroke();
  ctx.globalAlpha = 1;
}

/* Features under a point of the screen, nearest first; points before lines at the same distance. */
export function featuresAt(map, layers, containerPoint, reach) {
  var point = map.containerPointToLayerPoint(containerPoint).add(map.getPixelOrigin());
  var scale = map.options.crs.scale(map.getZoom()), zoom = map.getZoom(), found = [];
  var x = point.x / scale, y = point.y / scale, near = reach / scale;
  layers.forEach(function (layer) {
    if (!layer.on || layer.geometry === "Polygon") return;
    for (var f = 0; f < layer.size; f++) {
      var i = 4 * f, b = layer.shapes.boxes;
      if (x < b[i] - near || x > b[i + 2] + near || y < b[i + 1] - near || y > b[i + 3] + near) continue;
      if (!layer.visible(f) || zoom < layer.symbol(f).minZoom) continue;
      var d = distance(layer.shapes, f, x, y) * scale;
      if (d <= reach) found.push({ layer: layer, row: f, d: d + (layer.geometry === "Point" ? -reach : 0) });
    }
  });
  return withPiles(map, found).sort(function (a, b) { return a.d - b.d; });
}

/* Who points at a disc means all that it stands for. */
function withPiles(map, found) {
  if (!found.some(function (hit) { return piled(hit.layer); })) return found;
  var piles = pilesOf(screenView(map)), all = found.slice();
  found.forEach(function (hit) {
    var pile = piles.of(hit.layer, hit.row);
    (pile ? pile.hits : []).forEach(function (one) {
      if (!all.some(function (known) { return known.layer === one.layer && known.row === one.row; })) all.push({ layer: one.layer, row: one.row, d: hit.d });
    });
  });
  return all;
}

function distance(shapes, feature, x, y) {
  var best = Infinity, xy = shapes.xy;
  for (var part = shapes.first[feature]; part < shapes.first[feature + 1]; part++) {
    var a = shapes.start[part], b = shapes.start[part + 1];
    for (var i = a; i < b; i++) {
      var px = xy[2 * i], py = xy[2 * i + 1];
      if (i + 1 < b) {
        var dx = xy[2 * i + 2] - px, dy = xy[2 * i + 3] - py, length = dx * dx + dy * dy;
        var t = length ? Math.max(0, Math.min(1, ((x - px) * dx + (y - py) * dy) / length)) : 0;
        px += t * dx;
        py += t * dy;
      }
      best = Math.min(best, Math.hypot(x - px, y - py));
    }
  }
  return best;
}
