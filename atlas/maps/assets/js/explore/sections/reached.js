/* What is reached: the nearest gateways, the places in order of time, and the plan's targets. */
import { TOLERANCE_MIN } from "../../core/bands.js";
import { el, emptied } from "../../core/dom.js";
import { formatNumber, wholeMinutes } from "../../core/numbers.js";
import { page } from "../../core/page.js";
import { pick, ui } from "../../core/words.js";
import * as E from "../../engine/engine.js";

/** @param {import("../../types").Explorer} ex */
export function reachedSection(ex) {
  var nodeOf = ex.nodeOf, nameOf = ex.nameOf, paint = ex.paint, model = ex.model, state = ex.state, X = page.data.explore, data = page.data;
  var nearest = el("dl", { class: "facts", id: "nearest" }), verdicts = el("ul", { class: "placelist", id: "verdicts" }), list = el("ul", { class: "placelist" });
  /* A hub is a station that the plan names as one. */
  function isHub(layer, row) {
    return String(layer.get("plan_ids", row) || "").split(";").some(function (id) { return Object.prototype.hasOwnProperty.call(data.plan.items, id) && data.plan.items[id].k === "station"; });
  }
  var hubs = Object.keys(data.plan.items).some(function (id) { return data.plan.items[id].k === "station"; });
  function nearestShown() {
    emptied(nearest);
    [["port", "ports"], ["airport", "airports"], ["stop", "stations"], ["hub", "stations"]].forEach(function (pair) {
      var best = Infinity, name = "", layer = page.layers.find(function (one) { return one.key === pair[1]; });
      if (!layer) return;
      for (var row = 0; row < layer.size; row++) {
        var id = X.prefix[layer.key] + layer.get("id", row);
        if (pair[0] === "hub" && !isHub(layer, row)) continue;
        if (!nodeOf.has(id) || (layer.key === "airports" && layer.get("service", row) === "general")) continue;
        var value = ex.now.node[nodeOf.get(id)];
        if (value < best) { best = value; name = pick(layer.name(row)); }
      }
      if (pair[0] === "hub" && !hubs) return;
      nearest.appendChild(el("dt", {}, ui("ex_nearest_" + pair[0])));
      nearest.appendChild(el("dd", { "data-minutes": best.toFixed(3) }, isFinite(best) ? name + " " + wholeMinutes(best) + " " + ui("minutes") : ui("no_way")));
    });
  }
  /* The plan's targets under this scenario: the worst trip of the usual reading, by the faster of road and rail. */
  function targetsShown() {
    if (!ex.asksAnew("targets", [state.year, state.known, state.with, state.without, state.close, state.links, state.set, state.overrides, state.period, state.boarding, state.timetable, page.lang])) return;
    emptied(verdicts);
    var C = model.compile(state, "multimodal"), trees = new Map();
    X.targets.forEach(function (target) {
      var worst = /** @type {any} */ (null), inside = 0;
      target.trips.forEach(function (trip) {
        var from = nodeOf.get(trip[0]);
        if (from === undefined) return;
        if (!trees.has(from)) trees.set(from, E.reach(C, { node: from }));
        var best = Math.min.apply(null, trip[1].map(function (id) { return trees.get(from).node[nodeOf.get(id)]; }));
        if (best <= target.limit + TOLERANCE_MIN) inside++;
        if (!worst || best > worst.minutes) worst = { minutes: best, from: trip[0], to: trip[1][0] };
      });
      if (!worst) return;
      var margin = target.limit - worst.minutes, verdict = Math.abs(margin) <= X.bandMin ? "ex_near" : margin > 0 ? "ex_met" : "ex_missed";
      verdicts.appendChild(el("li", { "data-target": target.id, "data-minutes": worst.minutes.toFixed(3) }, [el("b", {}, ui(verdict)), " ", el("span", {}, pick(target.title) + " "),
        el("small", {}, ui("ex_worst", pick(nameOf.get(worst.from)), pick(nameOf.get(worst.to)), isFinite(worst.minutes) ? formatNumber(worst.minutes, 0) : "—", target.limit, inside, target.trips.length))]));
    });
  }
  function placesShown() {
    emptied(list);
    ex.placeRows().filter(function (row) { return row.min !== null && row.min <= state.cutoffs[state.cutoffs.length - 1] + TOLERANCE_MIN; }).slice(0, 80).forEach(function (row) {
      list.appendChild(el("li", {}, el("button", { type: "button", onclick: function () { ex.open(row.id, true); } }, [el("span", { class: "dotband", style: "background:" + paint.css(paint.bandColor(paint.bandOf(row.min, state.cutoffs), state.cutoffs.length)), "aria-hidden": "true" }),
        el("span", {}, row.name), el("span", { class: "min" }, wholeMinutes(row.min) + " " + ui("minutes"))])));
    });
  }
  function show() { nearestShown(); targetsShown(); placesShown(); }
  return { nearest: nearest, verdicts: verdicts, list: list, show: show };
}
