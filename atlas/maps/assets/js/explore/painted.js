/* The explorer on the map: areas, lines, places, ways, two states beside one another, and the same on the sheet. */
import { el } from "../core/dom.js";
import { TOLERANCE_MIN } from "../core/bands.js";
import { formatNumber, wholeMinutes } from "../core/numbers.js";
import { hooks, page } from "../core/page.js";
import { inView } from "../core/trace.js";
import { inSentence, listed, ui } from "../core/words.js";
import * as E from "../engine/engine.js";
import { many } from "./people.js";
import { usualCover } from "../map/frame.js";
import { labelCandidates } from "../map/labels.js";
import { twinMap } from "../map/twin.js";

/* ways: the way to the place chosen. */
/** @param {import("../types").Explorer} ex @param {{ wayTo: Function; bestRun: Function }} ways */
export function painted(ex, ways) {
  var places = ex.places, nodeOf = ex.nodeOf, paint = ex.paint, model = ex.model, state = ex.state, view = ex.view, data = page.data;
  function paintOne(ctx, mapView, result, one) { model.paintOne(ctx, mapView, result, one, view.areas, false); }
  var twin = twinMap(function (ctx, mapView) {
    if (!ex.was) return;
    paintOne(ctx, mapView, ex.was, ex.pinned);
    paint.paintClosed(ctx, mapView, ex.closedRows(ex.pinned));
    paint.paintOwn(ctx, mapView, ex.pinned.links, null);
    paintPlaces(ctx, mapView, ex.was);
  }, function (label) { return minutesUnder(ex.was, label); }, [function () { return ex.pinned ? ex.told(ex.pinned) : ""; }, function () { return ex.told(state); }]);
  function layout() {
    var pair = Boolean(ex.was) && ex.comparing() === "pair";
    document.body.classList.toggle("now-right", pair);
    twin.show(pair);
    Array.prototype.forEach.call(document.querySelectorAll(".side-name"), function (node, i) { node.textContent = i ? ex.told(state) : ex.pinned ? ex.told(ex.pinned) : ""; });
    twin.redraw();
  }
  hooks.covered = function () { return document.body.classList.contains("pair") ? [12, 44, 12, 96] : usualCover(); };
  /* Which of two compared states a sheet shows: null on the screen, where the view decides. */
  var sheetOf = /** @type {any} */ (null);
  hooks.sheetViews = function () {
    if (!ex.was || view.compare === "one") return null;
    return [[ex.was, ex.pinned], [ex.now, state]].map(function (pair) {
      return { told: [listed(pair[1].origins.map(ex.originName)), ex.yearWords(pair[1]), inSentence(pair[1].mode)].join(ui("comma_between")) + " · " + pair[1].cutoffs.map(function (cutoff) {
        var inside = pair[0].cells ? E.inside(pair[0].M, pair[0].cells, [cutoff])[0] : null;
        return inside ? ui("ex_finding_inside", cutoff, many(inside.people), formatNumber(inside.km2, 0)) : "";
      }).join(ui("semicolon")), use: function () { sheetOf = pair; } };
    });
  };
  hooks.sheetDone = function () { sheetOf = null; };
  hooks.sheetNotes = function () { return Array.prototype.filter.call(document.querySelectorAll("#differences > li"), function (item) { return !item.querySelector("button"); }).map(function (item) {
    var parts = item.querySelectorAll("span, ol > li");
    return parts.length ? Array.prototype.map.call(parts, function (part) { return part.textContent; }).join(" ") : item.textContent;
  }); };
  page.paints.push(function (ctx, mapView) {
    if (!ex.now) return;
    if (sheetOf) {
      paintOne(ctx, mapView, sheetOf[0], sheetOf[1]);
      paint.paintClosed(ctx, mapView, ex.closedRows(sheetOf[1]));
      paint.paintOwn(ctx, mapView, sheetOf[1].links, null);
      paintPlaces(ctx, mapView, sheetOf[0]);
      return;
    }
    if (ex.worker.paint(ctx, mapView)) ex.chosen = null;
    else if (ex.was && ex.comparing() === "change" && ex.now.cells && ex.was.cells) {
      model.paintChange(ctx, mapView, ex.now, state, ex.was, false);
    } else if (ex.was && view.compare === "swipe" && ctx.save) {
      var edge = mapView.w * view.swipe;
      ctx.save(); ctx.beginPath(); ctx.rect(0, 0, edge, mapView.h); ctx.clip(); paintOne(ctx, mapView, ex.was, ex.pinned); ctx.restore();
      ctx.save(); ctx.beginPath(); ctx.rect(edge, 0, mapView.w - edge, mapView.h); ctx.clip(); paintOne(ctx, mapView, ex.now, state); ctx.restore();
      ctx.setLineDash([]); ctx.beginPath(); ctx.moveTo(edge, 0); ctx.lineTo(edge, mapView.h); ctx.strokeStyle = data.tokens.ground.text; ctx.lineWidth = 2; ctx.stroke();
    } else paintOne(ctx, mapView, ex.now, state);
    nameSides(ex.was && view.compare === "swipe" ? mapView.w * view.swipe - (mapView.w - page.map.getSize().x) / 2 : null);
    if (ex.chosen) {
      paint.paintRoute(ctx, mapView, ways.wayTo(ex.chosen, ways.bestRun(ex.chosen)));
    }
    paint.paintClosed(ctx, mapView, ex.closedRows(state));
    paint.paintOwn(ctx, mapView, state.links, ex.draft);
    paintPlaces(ctx, mapView, ex.now);
  });
  /* Which state is to the left of the line and which to the right; the canvas reaches beyond the map on all sides. */
  var beside = ["right", "left"].map(function (side) {
    return document.getElementById("app").appendChild(el("div", { class: "edge-name", hidden: true, "data-side": side }));
  });
  function nameSides(edge) {
    var wide = document.getElementById("app").clientWidth;
    beside.forEach(function (name, which) {
      name.hidden = edge === null;
      if (edge === null) return;
      name.textContent = ex.told(which ? state : ex.pinned);
      name.style[which ? "left" : "right"] = (which ? edge : wide - edge) + 10 + "px";
    });
  }
  function paintPlaces(ctx, mapView, result) {
    for (var row = 0; row < places.size; row++) {
      var symbol = places.symbol(row);
      if (mapView.zoom < symbol.minZoom - 1 || !inView(places.shapes, row, mapView)) continue;
      var id = places.get("id", row), value = nodeOf.has(id) ? ex.minutesAt(result, id) : Infinity, band = paint.bandOf(value, state.cutoffs), at = 2 * places.shapes.start[places.shapes.first[row]];
      ctx.beginPath();
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
      ctx.arc(places.shapes.xy[at] * mapView.scale - mapView.ox, places.shapes.xy[at + 1] * mapView.scale - mapView.oy, symbol.width + 1.2, 0, 2 * Math.PI);
      ctx.fillStyle = band >= 0 ? paint.css(paint.bandColor(band, state.cutoffs.length)) : "#ffffff";
      ctx.strokeStyle = band >= 0 ? "#ffffff" : "#5b6771";
      ctx.lineWidth = 1.3;
      ctx.fill();
      ctx.stroke();
    }
  }
  hooks.labelsOf = (function () { var c = labelCandidates([places]); return function () { return c; }; })();
  function minutesUnder(result, label) {
    var id = places.get("id", label.row), value = result && nodeOf.has(id) ? ex.minutesAt(result, id) : Infinity;
    return value <= state.cutoffs[state.cutoffs.length - 1] + TOLERANCE_MIN && value > 0 ? [wholeMinutes(value) + "′"] : [];
  }
  hooks.labelLines = function (label) { return minutesUnder(sheetOf ? sheetOf[0] : ex.now, label); };
  return { layout: layout };
}
