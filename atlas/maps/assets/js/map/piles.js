/* Works whose signs would lie on one another are one disc that bears their number: many have no published site and
   stand at the seat of their town. */
import { page } from "../core/page.js";
import { inView } from "../core/trace.js";

/* Px within which signs lie on one another, and the radius of the disc. */
var NEAR = 11, RADIUS = 9;

/* Whether features of a layer may be piled. */
export function piled(layer) { return layer.group === "works" && layer.geometry === "Point"; }

/* The piles of a view; found once a view. `of(layer, row)` is the pile a feature is in, if it lies in one with others. */
export function pilesOf(view) {
  if (view.piles) return view.piles;
  var all = [], of = new Map();
  page.layers.forEach(function (layer) {
    if (!layer.on || !piled(layer)) return;
    var rows = [], shapes = layer.shapes;
    of.set(layer, rows);
    for (var row = 0; row < layer.size; row++) {
      if (!layer.visible(row) || view.zoom < layer.symbol(row).minZoom || !inView(shapes, row, view)) continue;
      var at = 2 * shapes.start[shapes.first[row]], x = shapes.xy[at] * view.scale - view.ox, y = shapes.xy[at + 1] * view.scale - view.oy;
      var pile = all.find(function (one) { return Math.abs(one.x - x) < NEAR && Math.abs(one.y - y) < NEAR; });
      if (!pile) all.push(pile = { x: x, y: y, hits: [] });
      pile.hits.push({ layer: layer, row: row });
      rows[row] = pile;
    }
  });
  view.piles = {
    all: all.filter(function (pile) { return pile.hits.length > 1; }),
    of: function (layer, row) {
      var pile = of.has(layer) ? of.get(layer)[row] : null;
      return pile && pile.hits.length > 1 ? pile : null;
    }
  };
  return view.piles;
}

/* The box a name must leave free. */
export function discOf(pile) { return [pile.x - RADIUS, pile.y - RADIUS, pile.x + RADIUS, pile.y + RADIUS]; }

/* A feature of a pile is painted with it, the first with the disc. */
export function paintPile(ctx, pile, layer, row) {
  var first = pile.hits[0];
  if (first.layer === layer && first.row === row) paintDisc(ctx, pile.x, pile.y, String(pile.hits.length));
}

export function paintDisc(ctx, x, y, text) {
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  ctx.beginPath();
  ctx.arc(x, y, RADIUS, 0, 2 * Math.PI);
  ctx.fillStyle = "#ffffff";
  ctx.fill();
  ctx.strokeStyle = page.tokens.ground.text;
  ctx.lineWidth = 1.5;
  ctx.stroke();
  ctx.fillStyle = page.tokens.ground.text;
  ctx.font = "600 10.5px " + page.tokens.font;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, x, y + 0.5);
}
