/* The year: a slider with steps and play; its last place is the whole plan. */
import { el } from "../../core/dom.js";
import { page } from "../../core/page.js";
import { labelled, makeButton, spoken, ui } from "../../core/words.js";

/** @param {import("../../types").Explorer} ex */
export function yearDock(ex) {
  var state = ex.state, data = page.data;
  var first = data.years[0], last = data.years[1] + 1, timer = null;
  var slider = labelled(el("input", { type: "range", id: "year", min: first, max: last, step: 1 }), "year"), told = el("output", { id: "year-told", for: "year" });
  function set(value) { var year = Math.max(first, Math.min(last, value)); ex.change({ year: year === last ? null : year, known: false }); }
  slider.addEventListener("input", function () { set(Number(slider.value)); });
  var play = labelled(el("button", { type: "button", class: "step", id: "play", "aria-pressed": "false" }, "▶"), "ex_play");
  play.addEventListener("click", function () {
    if (timer) { clearInterval(timer); timer = null; play.setAttribute("aria-pressed", "false"); return; }
    play.setAttribute("aria-pressed", "true");
    if (state.year === null) set(first);
    timer = setInterval(function () {
      if (state.year === null) { clearInterval(timer); timer = null; play.setAttribute("aria-pressed", "false"); return; }
      set(state.year + 1);
    }, 900);
  });
  var known = makeButton({ class: "step", id: "known", "aria-pressed": "false" }, "ex_full_known", function () { ex.change({ year: null, known: !state.known }); });
  function show() {
    known.hidden = state.year !== null;
    known.setAttribute("aria-pressed", String(state.known));
    slider.value = state.year === null ? last : state.year;
    told.textContent = state.year === null ? ui(state.known ? "ex_full_known" : "full_short") : String(state.year);
    slider.setAttribute("aria-valuetext", told.textContent);
  }
  var ticks = el("div", { class: "ticks", "aria-hidden": "true" });
  for (var y = first; y <= last; y++) ticks.appendChild(y < last ? el("span", {}, String(y).slice(2)) : spoken("span", {}, "full_short"));
  page.dock.appendChild(el("div", { class: "timeline" }, [el("div", { class: "yearrow" }, [
    labelled(el("button", { type: "button", class: "step", onclick: function () { set((state.year || last) - 1); } }, "‹"), "earlier"), told,
    labelled(el("button", { type: "button", class: "step", onclick: function () { set((state.year || last) + 1); } }, "›"), "later"), play, known, el("div", { class: "track" }, [slider, ticks])])]));
  return { show: show };
}
