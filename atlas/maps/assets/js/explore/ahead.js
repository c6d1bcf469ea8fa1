/* While a pin or slider moves, the worker answers and paints what it can keep up with; the last question is always
   answered. Where a browser lets no page have a worker, the page does it itself. */
import { page } from "../core/page.js";
import { bits } from "./asked.js";
import { viewOf } from "../map/canvas.js";
import { tell } from "../map/frame.js";
import { redraw } from "../map/redraw.js";

/* shownNow: fills what the page shows of an answer while it moves. */
/** @param {import("../types").Explorer} ex @param {() => void} shownNow @returns {import("../types").Ahead} */
export function ahead(ex, shownNow) {
  var nodeOf = ex.nodeOf, state = ex.state, view = ex.view, X = page.data.explore, data = page.data;
  var behind = null, ready = false, busy = false, again = false, turn = 0, shown = null, source = document.getElementById("atlas-worker"), waiting = [];
  if (source && ex.base.grid && typeof Worker === "function" && typeof OffscreenCanvas === "function") {
    var address = URL.createObjectURL(new Blob([source.textContent], { type: "text/javascript" }));
    try { behind = new Worker(address); } catch (error) { behind = null; }
    URL.revokeObjectURL(address);
  }
  if (behind) {
    behind.onerror = function (event) { event.preventDefault(); behind = null; ready = busy = false; };
    behind.onmessage = function (event) { if (event.data.ready) ready = true; else take(event.data); };
    behind.postMessage({ engine: X.engine, parameters: X.parameters, nodes: Array.from(nodeOf), tokens: data.tokens, shapes: X.shapes, forward: bits(X.forward) });
  }
  function ask() {
    if (!ready || (ex.was && ex.comparing() === "pair")) return false;
    if (busy) { again = true; return true; }
    busy = true;
    again = false;
    var over = viewOf(page.map, page.renderers[1]._bounds);
    behind.postMessage({ turn: ++turn, state: state, pinned: ex.was ? ex.pinned : null, compare: ex.comparing(), edge: over.w * view.swipe, areas: view.areas, view: over, dpr: page.renderers[1]._dpr });
    return true;
  }
  function take(found) {
    busy = false;
    if (found.turn === turn) {
      if (shown) shown.picture.close();
      shown = found;
      ex.now = Object.assign({}, ex.now, { node: found.node, inside: found.inside, curve: found.curve, lost: found.lost });
      shownNow(); tell();
      redraw();
    } else found.picture.close();
    if (again) ask();
    else waiting.splice(0).forEach(function (done) { done(); });
  }
  return {
    ask: ask,
    drop: function () { turn++; again = false; if (shown) shown.picture.close(); shown = null; },
    ready: function () { return ready; },
    settled: function () { return new Promise(function (done) { if (busy) waiting.push(done); else done(null); }); },
    /* The picture made last, laid where its view lies in this one; whether there is one. */
    paint: function (ctx, mapView) {
      if (!shown) return false;
      var old = shown.view, by = mapView.scale / old.scale;
      ctx.globalAlpha = 1;
      ctx.drawImage(shown.picture, old.ox * by - mapView.ox, old.oy * by - mapView.oy, old.w * by, old.h * by);
      return true;
    }
  };
}
