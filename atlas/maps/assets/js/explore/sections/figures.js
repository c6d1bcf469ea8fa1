/* Figures of an answer: places, people and land within each cut-off, by origin, and people by minutes. */
import { TOLERANCE_MIN } from "../../core/bands.js";
import { el, emptied } from "../../core/dom.js";
import { formatNumber } from "../../core/numbers.js";
import { ui } from "../../core/words.js";
import { many, tenThousand } from "../people.js";

/** @param {import("../../types").Explorer} ex */
export function figureSection(ex) {
  var places = ex.places, nodeOf = ex.nodeOf, paint = ex.paint, model = ex.model, state = ex.state;
  var figures = el("div", { class: "figures", "aria-live": "polite", id: "figures" }), owners = el("ul", { class: "placelist", id: "owners" }), chart = el("div", { class: "chart", id: "curve" });
  function figuresShown() {
    emptied(figures);
    state.cutoffs.forEach(function (cutoff, i) {
      var inside = ex.now.inside[i], count = 0;
      for (var row = 0; row < places.size; row++) { var id = places.get("id", row); if (nodeOf.has(id) && ex.minutesAt(ex.now, id) <= cutoff + TOLERANCE_MIN) count++; }
      figures.appendChild(el("div", { class: "figure", "data-cutoff": cutoff }, [el("b", { "data-places": count }, String(count)), el("span", {}, ui("within", cutoff) + " · " + ui("places")),
        inside ? el("b", { "data-people": Math.round(inside.people) }, tenThousand(inside.people)) : null, inside ? el("span", {}, ui("people_10k") + " (" + tenThousand(inside.low) + "–" + tenThousand(inside.high) + ")") : null,
        inside ? el("b", { "data-km2": inside.km2 }, formatNumber(inside.km2, 0)) : null, inside ? el("span", {}, "km²") : null]));
    });
  }
  /* Of several origins: the people and land nearest to each. */
  function ownersShown() {
    emptied(owners);
    if (!ex.now.owner) return;
    state.origins.forEach(function (origin, k) {
      var own = model.ownedBy(ex.now, k, state.cutoffs);
      owners.appendChild(el("li", { "data-people": own.map(function (one) { return Math.round(one.people); }).join() }, [el("span", { class: "dotband", style: "background:" + paint.css(paint.OWNERS[k]), "aria-hidden": "true" }), el("b", {}, ex.originName(origin) + " "),
        el("small", {}, own.map(function (one, i) { return ui("ex_finding_inside", state.cutoffs[i], many(one.people), formatNumber(one.km2, 0)); }).join(ui("semicolon")))]));
    });
  }
  function curveShown() {
    emptied(chart);
    if (!ex.now.curve) return;
    var w = 276, h = 110, most = Math.max(ex.now.curve[0][180], ex.now.curve[1][180], ex.now.curve[2][180], ex.was && ex.was.curve ? ex.was.curve[0][180] : 0, 1);
    function x(t) { return 30 + t * (w - 36) / 180; }
    function y(v) { return h - 18 - v * (h - 26) / most; }
    function path(values) { var out = ""; for (var t = 0; t <= 180; t++) out += (t ? "L" : "M") + x(t).toFixed(1) + " " + y(values[t]).toFixed(1); return out; }
    var low = [], high = [];
    for (var t = 0; t <= 180; t++) { low.push(Math.min(ex.now.curve[0][t], ex.now.curve[1][t], ex.now.curve[2][t])); high.push(Math.max(ex.now.curve[0][t], ex.now.curve[1][t], ex.now.curve[2][t])); }
    var area = path(high) + low.map(function (_, t) { return "L" + x(180 - t).toFixed(1) + " " + y(low[180 - t]).toFixed(1); }).join("") + "Z";
    var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    function add(tag, attributes, text) {
      var node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
      if (text) node.textContent = text;
      svg.appendChild(node);
    }
    svg.setAttribute("viewBox", "0 0 " + w + " " + h);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", ui("ex_curve") + ": " + [30, 60, 90, 120].map(function (t) { return t + " " + ui("minutes") + " " + tenThousand(ex.now.curve[0][t]) + " " + ui("people_10k"); }).join("; "));
    add("path", { d: area, fill: "#1f7a8c", opacity: 0.18 });
    if (ex.was && ex.was.curve) add("path", { d: path(ex.was.curve[0]), fill: "none", stroke: "#7b8791", "stroke-width": 1.6, "stroke-dasharray": "4 3" });
    add("path", { d: path(ex.now.curve[0]), fill: "none", stroke: "#0b3954", "stroke-width": 2 });
    state.cutoffs.forEach(function (cutoff) { if (cutoff <= 180) add("line", { x1: x(cutoff), x2: x(cutoff), y1: 4, y2: h - 18, stroke: "#b3541e", "stroke-width": 1, "stroke-dasharray": "2 2" }); });
    [0, 60, 120, 180].forEach(function (t) { add("text", { x: x(t), y: h - 5, "font-size": 10, "text-anchor": t === 180 ? "end" : "middle", fill: "#44525e" }, String(t)); });
    [0.5, 1].forEach(function (share) { add("text", { x: 26, y: y(most * share) + 3, "font-size": 9, "text-anchor": "end", fill: "#44525e" }, tenThousand(most * share)); });
    chart.appendChild(el("span", { class: "field" }, ui("ex_curve")));
    chart.appendChild(svg);
  }
  /* What follows a pin while it moves. */
  function moving() { figuresShown(); curveShown(); }
  function show() { moving(); ownersShown(); }
  return { parts: [figures, owners, chart], show: show, figuresShown: figuresShown, moving: moving };
}
