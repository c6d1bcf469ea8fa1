/* Parameters that decide most, then all of them: a slider over the sourced range with room on both sides. */
import { el, emptied } from "../../core/dom.js";
import { page } from "../../core/page.js";
import { labelled, pick, spoken, ui } from "../../core/words.js";
import * as S from "../state.js";
import { segments } from "./choices.js";

/* asking: the section that says what was not taken. */
/** @param {import("../../types").Explorer} ex @param {{ originsShown: () => void }} asking */
export function parameterSection(ex, asking) {
  var state = ex.state, X = page.data.explore;
  var sliders = el("div", { id: "sliders" }), wanted = "";
  function fillSliders() {
    if (!ex.asksAnew("sliders", [state.set, state.overrides, page.lang])) return;
    emptied(sliders);
    var search = labelled(el("input", { type: "search", id: "parameter-search", value: wanted }), "ex_find_parameter");
    labelled(search, "ex_find_parameter", "placeholder");
    search.addEventListener("input", function () { wanted = search.value; rows(); });
    sliders.appendChild(search);
    sliders.appendChild(bordersTogether());
    var body = el("div");
    sliders.appendChild(body);
    function rows() {
      emptied(body);
      var words = wanted.toLowerCase();
      X.parameters.filter(function (row) { return words ? (row[0] + " " + pick(row[6])).toLowerCase().indexOf(words) >= 0 : row[0].indexOf("border_") === 0 || X.main.indexOf(row[0]) >= 0 || Object.prototype.hasOwnProperty.call(state.overrides, row[0]); })
        .forEach(function (row) { body.appendChild(sliderOf(row)); });
    }
    rows();
  }
  /* A value that the terminal refuses too: the slider goes back to what holds, and the page says which. */
  function refused(name, value) {
    ex.untaken = [name + "=" + value];
    ex.asksLike("sliders", null);
    fillSliders();
    asking.originsShown();
  }
  /* Every border at the same minutes, either way. */
  function bordersTogether() {
    var rows = X.parameters.filter(function (row) { return row[0].indexOf("border_") === 0; });
    if (!rows.length) return el("div");
    function kept(row) { return Object.prototype.hasOwnProperty.call(state.overrides, row[0]) ? state.overrides[row[0]] : row[1][S.SETS.indexOf(state.set)]; }
    var values = rows.map(kept), same = values.every(function (v) { return v === values[0]; });
    var slider = el("input", { type: "range", id: "borders", min: 0, max: 120, step: 1, value: same ? values[0] : Math.round(values.reduce(function (a, b) { return a + b; }, 0) / values.length) });
    var typed = labelled(el("input", { type: "number", id: "borders-typed", min: 0, step: "any", value: same ? values[0] : "" }), "ex_borders"), mark = el("span", { class: "small" }), focused = "";
    function tell(v) {
      var out = rows.filter(function (row) { return v < row[2] - 1e-9 || v > row[3] + 1e-9; }).length;
      mark.textContent = ui("ex_borders_outside", rows.length - out, rows.length);
      mark.classList.toggle("outside", out > 0);
    }
    function set(v, quick) {
      if (!rows.every(function (row) { return S.takes(row, v); })) return refused("border", v);
      var overrides = Object.assign({}, state.overrides);
      rows.forEach(function (row) { if (v === row[1][S.SETS.indexOf(state.set)]) delete overrides[row[0]]; else overrides[row[0]] = v; });
      slider.value = typed.value = String(v);
      tell(v);
      if (quick) ex.asksLike("sliders", [state.set, overrides, page.lang]);
      else { ex.asksLike("sliders", null); focused = document.activeElement && document.activeElement.id; }
      ex.change({ overrides: overrides }, quick);
      if (!quick && focused) { var again = document.getElementById(focused); if (again) again.focus(); }
    }
    slider.addEventListener("input", function () { set(Number(slider.value), true); });
    slider.addEventListener("change", function () { set(Number(slider.value)); });
    typed.addEventListener("change", function () { if (typed.value !== "") set(Number(typed.value)); });
    if (same) tell(values[0]); else mark.textContent = ui("ex_borders_differ");
    return el("div", { class: "slider" }, [el("label", { for: "borders" }, ui("ex_borders")), el("div", { class: "row" }, [slider, typed, el("small", {}, ui("minutes"))]), mark]);
  }
  function sliderOf(row) {
    var usual = row[1][S.SETS.indexOf(state.set)], value = Object.prototype.hasOwnProperty.call(state.overrides, row[0]) ? state.overrides[row[0]] : usual;
    var low = Math.max(S.takes(row, 0) ? 0 : row[2] * 0.1, Math.min(row[2] - (row[3] - row[2]), row[2] * 0.5)), high = Math.max(row[3] + (row[3] - row[2]), row[3] * 1.5, value), id = "p-" + row[0];
    var slider = el("input", { type: "range", id: id, min: low, max: high, step: (high - low) / 200 || 0.01, value: value }), typed = labelled(el("input", { type: "number", value: value, step: "any", min: 0 }), function () { return pick(row[6]); });
    var mark = el("span", { class: "small" });
    function tell(v) { mark.textContent = v < row[2] - 1e-9 || v > row[3] + 1e-9 ? ui("ex_outside", row[2], row[3]) : ui("ex_range", row[2], row[3]); mark.classList.toggle("outside", v < row[2] - 1e-9 || v > row[3] + 1e-9); }
    function set(v, quick) {
      if (!S.takes(row, v)) return refused(row[0], v);
      var overrides = Object.assign({}, state.overrides);
      if (Math.abs(v - usual) < 1e-9) delete overrides[row[0]]; else overrides[row[0]] = Math.round(v * 1e4) / 1e4;
      typed.value = String(Math.round(v * 1e4) / 1e4);
      slider.value = v;
      tell(v);
      /* the slider shows it already, and made anew it would lose the keyboard */
      ex.asksLike("sliders", [state.set, overrides, page.lang]);
      ex.change({ overrides: overrides }, quick);
    }
    slider.addEventListener("input", function () { set(Number(slider.value), true); });
    slider.addEventListener("change", function () { set(Number(slider.value)); });
    /* an emptied field is no nought: it gives the usual value back */
    typed.addEventListener("change", function () { set(typed.value === "" ? usual : Number(typed.value)); });
    tell(value);
    return el("div", { class: "slider" }, [el("label", { for: id }, pick(row[6])), el("div", { class: "row" }, [slider, typed, el("small", {}, pick(row[4]))]), mark, el("small", { class: "source" }, " " + ui("source") + ": " + pick(row[5]))]);
  }
  var parts = [spoken("span", { class: "field" }, "parameter_set"), segments(ex, "set", S.SETS, ui, "parameter_set"),
    segments(ex, "period", S.PERIODS, function (value) { return ui("period_" + value); }, "ex_period"), segments(ex, "boarding", S.BOARDING, function (value) { return ui("boarding_" + value); }, "ex_boarding"), segments(ex, "timetable", S.TIMETABLES, function (value) { return ui("ex_timetable_" + value); }, "ex_timetable"), sliders];
  return { parts: parts, show: fillSliders };
}
