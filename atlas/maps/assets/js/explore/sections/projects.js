/* Every project of the plan that has lines in the network: by its year, put in, or left out. */
import { el, emptied } from "../../core/dom.js";
import { page } from "../../core/page.js";
import { labelled, makeButton, pick, ui, wordFor } from "../../core/words.js";
import { toggle } from "../asked.js";

/** @param {import("../../types").Explorer} ex */
export function projectSection(ex) {
  var base = ex.base, state = ex.state, X = page.data.explore, data = page.data;
  var projects = el("ul", { class: "projects", id: "projects" }), box = labelled(el("input", { type: "search", id: "project-search" }), "ex_find_project");
  labelled(box, "ex_find_project", "placeholder");
  box.addEventListener("input", fillProjects);
  var tools = el("div", {}, [box, makeButton({ class: "tool", id: "projects-reset" }, "ex_by_year", function () { ex.change({ with: [], without: [] }); })]);
  function yearOf(id) {
    var best = NaN;
    (base.rowsById.get(id) || []).forEach(function (row) { var year = base.a.opens[row]; if (year === year && !(best <= year)) best = year; });
    return best;
  }
  var items = Object.keys(data.plan.items).filter(function (id) { return base.rowsById.has(id) && data.plan.items[id].k !== "corridor"; }).map(function (id) { return { id: id, year: yearOf(id) }; });
  function fillProjects() {
    if (!ex.asksAnew("projects", [state.year, state.with, state.without, box.value, page.lang])) return;
    var wanted = box.value.trim().toLowerCase();
    var held = document.activeElement && projects.contains(document.activeElement) ? Object.entries(/** @type {HTMLElement} */ (document.activeElement).dataset)[0] : null;
    emptied(projects);
    items.forEach(function (item) {
      var names = data.plan.items[item.id].n;
      if (wanted && (names[0] + " " + names[1] + " " + item.id).toLowerCase().indexOf(wanted) < 0) return;
      var byYear = state.year === null || item.year <= state.year, put = state.with.indexOf(item.id) >= 0, out = state.without.indexOf(item.id) >= 0, on = out ? false : put || byYear;
      var tick = el("input", { type: "checkbox", checked: on, "data-project": item.id });
      tick.addEventListener("change", function () { setProject(item.id, tick.checked, byYear); });
      projects.appendChild(el("li", {}, [el("label", { class: "row" }, [tick, el("span", { class: "name" }, pick(names)), el("span", { class: "count" }, wordFor(data.words.status[data.plan.items[item.id].t] ? "status" : "item_status", data.plan.items[item.id].t) + " · " + (item.year === item.year ? String(item.year) : ui("undated")) + (put ? " +" : out ? " −" : ""))]),
        makeButton({ class: "link", "data-only": item.id }, "ex_only", function () { only(item.id); }), " ", makeButton({ class: "link", "data-but": item.id }, "ex_all_but", function () { ex.change({ year: null, known: false, with: [], without: [item.id] }); })]));
    });
    /* the keyboard stays on the switch that was pressed */
    if (held) Array.prototype.forEach.call(projects.querySelectorAll("[data-" + held[0] + "]"), function (node) { if (node.dataset[held[0]] === held[1]) node.focus(); });
  }
  function setProject(id, on, byYear) {
    ex.change({ with: toggle(state.with, id, on && !byYear), without: toggle(state.without, id, !on && byYear) });
  }
  /* Only this project on the network as it stands today. */
  function only(id) {
    var today = X.opening[1];
    ex.change({ year: today, known: false, with: yearOf(id) <= today ? [] : [id], without: [] });
  }
  /* Show the projects that are called so. */
  function find(name) { box.value = name; fillProjects(); }
  return { parts: [tools, projects], items: items, find: find, show: fillProjects };
}
