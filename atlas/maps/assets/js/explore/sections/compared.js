/* Two states compared: the pinned one and the current one, and what made the difference. */
import { TOLERANCE_MIN } from "../../core/bands.js";
import { el, emptied } from "../../core/dom.js";
import { page } from "../../core/page.js";
import { inSentence, labelled, listed, makeButton, pick, spoken, ui } from "../../core/words.js";
import * as E from "../../engine/engine.js";
import { signed, signedKm } from "../people.js";
import { press } from "./choices.js";
import { redraw } from "../../map/redraw.js";

/* items: projects and the year each opens. */
/** @param {import("../../types").Explorer} ex @param {{ id: string; year: number }[]} items */
export function comparedSection(ex, items) {
  var base = ex.base, nodeOf = ex.nodeOf, model = ex.model, state = ex.state, view = ex.view, data = page.data;
  var edge = labelled(el("input", { type: "range", id: "swipe", min: 0, max: 1, step: 0.01, value: 0.5, hidden: true }), "ex_swipe");
  edge.addEventListener("input", function () { view.swipe = Number(edge.value); redraw(); });
  var tools = el("div", {}, [spoken("p", { class: "small" }, "ex_compare_how"),
      makeButton({ class: "tool", id: "pin" }, "ex_pin", function () { ex.pinned = JSON.parse(JSON.stringify(state)); view.compare = "change"; ex.answerPinned(); ex.write(); ex.show(); redraw(); }),
      makeButton({ class: "tool", id: "unpin" }, "ex_unpin", function () { ex.pinned = ex.was = null; view.compare = "one"; ex.write(); ex.show(); redraw(); }),
      viewSegments(), edge, el("p", { class: "small", id: "pinned" }), el("ul", { class: "placelist", id: "differences" })]);
  function viewSegments() {
    var group = labelled(el("div", { class: "seg", role: "group", id: "seg-compare" }), "ex_compare");
    ["one", "change", "pair", "swipe"].forEach(function (value) {
      group.appendChild(makeButton({ "data-value": value, "aria-pressed": "false" }, "ex_view_" + value, function () { view.compare = ex.pinned ? value : "one"; ex.write(); ex.show(); redraw(); }));
    });
    return group;
  }
  function differences() {
    var told = document.getElementById("pinned"), host = document.getElementById("differences");
    emptied(host);
    told.textContent = ex.pinned ? ui("ex_pinned", listed(ex.pinned.origins.map(ex.originName)), ex.yearWords(ex.pinned), inSentence(ex.pinned.mode)) : ui("ex_not_pinned");
    if (!ex.was) return;
    state.cutoffs.forEach(function (cutoff, i) {
      if (!ex.now.inside[i]) return;
      var before = E.inside(ex.was.M, ex.was.cells, [cutoff])[0], gained = [], lost = [];
      ex.placeRows().forEach(function (row) {
        var a = nodeOf.has(row.id) ? ex.minutesAt(ex.was, row.id) <= cutoff + TOLERANCE_MIN : false, b = row.min !== null && row.min <= cutoff + TOLERANCE_MIN;
        if (a !== b) (b ? gained : lost).push(row);
      });
      host.appendChild(el("li", { "data-gain": Math.round(ex.now.inside[i].people - before.people), "data-gained": gained.map(idOfRow).join(), "data-lost": lost.map(idOfRow).join() }, ui("ex_gain", cutoff, signed(ex.now.inside[i].people - before.people), signedKm(ex.now.inside[i].km2 - before.km2)) +
        (gained.length ? ui("ex_gained", listed(gained.slice(0, 12).map(shortName)) + (gained.length > 12 ? "…" : "")) : "") + (lost.length ? ui("ex_lost", listed(lost.slice(0, 12).map(shortName)) + (lost.length > 12 ? "…" : "")) : "")));
    });
    var made = items.filter(function (item) { return openIn(state, item) !== openIn(ex.pinned, item); });
    if (made.length) host.appendChild(el("li", {}, ui("ex_made", made.slice(0, 20).map(sign).join(ui("semicolon")) + (made.length > 20 ? "…" : ""))));
    if (made.length && base.grid) host.appendChild(el("li", {}, makeButton({ class: "tool", id: "weigh" }, "ex_weigh", function () { weigh(made); })));
  }
  function shortName(row) { return row.name; }
  function idOfRow(row) { return row.id; }
  function sign(item) { return (openIn(state, item) ? "+ " : "− ") + pick(data.plan.items[item.id].n); }
  /* What each project does by itself: the people within the longest cut-off with it as it is now and with it as it was
     in the pinned state, one project after the other so that the page goes on answering. */
  function weigh(made) {
    var host = document.getElementById("differences"), asked = JSON.stringify(state), last = [state.cutoffs[state.cutoffs.length - 1]], found = [], none = 0, at = 0;
    var line = el("li", { id: "weighed", "aria-live": "polite" });
    Array.prototype.forEach.call(host.querySelectorAll("#weigh, #weighed"), function (node) { node.closest("li").remove(); });
    host.appendChild(line);
    (function next() {
      if (JSON.stringify(state) !== asked || !line.isConnected) return;
      for (var start = performance.now(); at < made.length && performance.now() - start < 60; at++) {
        var item = made[at], on = openIn(state, item);
        var other = model.answer(Object.assign({}, state, { with: on ? state.with.filter(function (id) { return id !== item.id; }) : state.with.concat([item.id]), without: on ? state.without.concat([item.id]) : state.without.filter(function (id) { return id !== item.id; }) }));
        var people = E.inside(ex.now.M, ex.now.cells, last)[0].people - E.inside(other.M, other.cells, last)[0].people;
        if (Math.abs(people) >= 50) found.push([people, item]); else none++;
      }
      found.sort(function (a, b) { return Math.abs(b[0]) - Math.abs(a[0]); });
      emptied(line);
      line.appendChild(el("span", {}, ui("ex_weighed", last[0], at, made.length, none)));
      line.appendChild(el("ol", {}, found.slice(0, 12).map(function (one) { return el("li", { "data-item": one[1].id, "data-people": Math.round(one[0]) }, sign(one[1]) + " " + ui("ex_weighs", signed(one[0]))); })));
      if (at < made.length) setTimeout(next, 0); else line.setAttribute("data-done", "true");
    }());
  }
  function openIn(one, item) { return one.without.indexOf(item.id) < 0 && (one.with.indexOf(item.id) >= 0 || one.year === null || item.year <= one.year); }
  page.map.on("mousemove", function (event) {
    if (view.compare !== "swipe" || !ex.was || !event.originalEvent.shiftKey) return;
    view.swipe = event.containerPoint.x / page.map.getSize().x;
    edge.value = String(view.swipe);
    redraw();
  });
  function shown() {
    press("compare", ex.comparing());
    edge.hidden = view.compare !== "swipe" || !ex.was;
    differences();
  }
  return { tools: tools, show: shown };
}
