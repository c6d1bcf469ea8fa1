/* Who asks: origins, destination, mode, cut-offs; and what of it cannot be answered. */
import { el, emptied } from "../../core/dom.js";
import { urlState } from "../../core/hash.js";
import { page } from "../../core/page.js";
import { labelled, makeButton, spoken, ui } from "../../core/words.js";
import * as S from "../state.js";
import { press, segments } from "./choices.js";
import { redraw } from "../../map/redraw.js";

/* figures: what stands under the cut-offs. */
/** @param {import("../../types").Explorer} ex @param {HTMLElement[]} figures */
export function askingSection(ex, figures) {
  var state = ex.state, view = ex.view;
  var originList = el("ul", { class: "placelist", id: "origins" }), destination = el("div", { class: "finder within" });
  var warning = el("p", { class: "warning", role: "alert", hidden: true, id: "warning" });
  var cut = labelled(el("input", { type: "text", id: "cutoffs", inputmode: "decimal" }), "ex_cutoffs");
  cut.addEventListener("change", function () {
    /* read before the change, which writes into the field what was taken */
    var read = S.cutoffsOf(cut.value), left = S.leftOfCutoffs(cut.value);
    if (read) ex.change({ cutoffs: read });
    ex.untaken = left;
    cut.value = state.cutoffs.join(", ");
    originsShown();
  });
  var areasBox = el("input", { type: "checkbox", id: "areas", checked: view.areas });
  areasBox.addEventListener("change", function () { view.areas = areasBox.checked; urlState.write({ i: view.areas ? null : "0" }); redraw(); });
  page.panel.appendChild(el("div", { class: "section" }, [warning,
    spoken("span", { class: "field" }, "ex_origin"), originList, spoken("p", { class: "small" }, "ex_origin_how"),
    makeButton({ class: "tool", id: "add-origin", "aria-pressed": "false" }, "ex_add_origin", function (event) { ex.adding = !ex.adding; event.currentTarget.setAttribute("aria-pressed", String(ex.adding)); }),
    makeButton({ class: "tool", id: "towards", "aria-pressed": "false" }, "ex_towards", function () { ex.change({ towards: !state.towards }); }),
    segments(ex, "combine", S.COMBINE, function (value) { return ui("ex_combine_" + value); }, "ex_combine"),
    spoken("span", { class: "field" }, "ex_destination"), destination,
    spoken("span", { class: "field" }, "mode"), segments(ex, "mode", S.MODES, ui, "mode"),
    spoken("span", { class: "field" }, "ex_cutoffs"), cut].concat(figures, [
    el("label", { class: "row" }, [areasBox, spoken("span", { class: "name" }, "isochrones")])])));
  function warn(text) { warning.textContent = text || ""; warning.hidden = !text; }
  function originsShown() {
    emptied(originList);
    state.origins.forEach(function (origin, i) {
      originList.appendChild(el("li", {}, [el("b", {}, ex.originName(origin)), state.origins.length > 1 ? makeButton({ class: "link" }, "ex_remove", function () { ex.change({ origins: state.origins.filter(function (_, k) { return k !== i; }) }); }) : null]));
    });
    warn((ex.untaken.length ? ui("ex_untaken", ex.untakenWords()) + " " : "") + (ex.now.lost ? ui("ex_off_land") : state.cutoffs.length && ex.now.inside.length && !ex.now.inside[ex.now.inside.length - 1].km2 ? ui("ex_nothing") : ""));
  }
  function show() {
    originsShown();
    ["combine", "mode", "set", "period", "boarding", "timetable"].forEach(function (key) { press(key, state[key]); });
    document.getElementById("seg-combine").hidden = state.origins.length < 2;
    document.getElementById("towards").setAttribute("aria-pressed", String(state.towards));
    cut.value = state.cutoffs.join(", ");
  }
  return { show: show, originsShown: originsShown, warn: warn, destination: destination };
}
