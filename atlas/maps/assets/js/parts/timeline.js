/* The year: slider, typed year, step buttons; what opens in it. */
import { el, emptied } from "../core/dom.js";
import { fire, listen } from "../core/events.js";
import { urlState } from "../core/hash.js";
import { page } from "../core/page.js";
import { labelled, pick, spoken, ui } from "../core/words.js";
import { openFeature } from "./card.js";
import { centre } from "./panel.js";

export function openByYear(layer, row) {
  if (page.year === null) return true;
  var year = layer.get("opens_year", row);
  return layer.key === "places" ? true : year !== null && year <= page.year;
}

/* Whether the year is one in which it opens; what runs without a known date counts from the first year and opened before. */
export function datedOpening(layer, row) { return layer.get("opens_basis", row) !== "unknown"; }

export function addTimeline() {
  var first = page.data.years[0], last = page.data.years[1], full = last + 1;
  var slider = labelled(el("input", { type: "range", id: "year", min: first, max: full, step: 1 }), "year");
  var typed = labelled(el("input", { type: "text", id: "year-typed", inputmode: "numeric", size: 4 }), "year_in");
  var note = el("p", { class: "opens", id: "opens", "aria-live": "polite" });
  var ticks = el("div", { class: "ticks", "aria-hidden": "true" });
  for (var y = first; y <= full; y++) ticks.appendChild(y < full ? el("span", {}, String(y).slice(2)) : spoken("span", {}, "full_short"));
  function set(value) {
    var year = Math.max(first, Math.min(full, value));
    page.year = year === full ? null : year;
    slider.value = year;
    slider.setAttribute("aria-valuetext", page.year === null ? ui("full") : String(year));
    typed.value = page.year === null ? "" : String(year);
    typed.placeholder = ui("full_short");
    urlState.write({ y: page.year });
    say();
    fire("filter");
  }
  function say() {
    emptied(note);
    if (page.year === null) { note.textContent = ui("full_note"); return; }
    var names = [];
    page.layers.forEach(function (layer) {
      if (["railways", "highways", "airports", "ports", "stations"].indexOf(layer.key) < 0) return;
      for (var row = 0; row < layer.size; row++) {
        if (layer.get("opens_year", row) === page.year && datedOpening(layer, row)) names.push({ layer: layer, row: row });
      }
    });
    note.appendChild(el("b", {}, ui("opens_in", page.year) + (names.length ? " (" + names.length + ") " : " ")));
    if (!names.length) note.appendChild(document.createTextNode(ui("none_opens")));
    names.forEach(function (hit) {
      note.appendChild(el("button", { type: "button", class: "chip", onclick: function () {
        centre(hit.layer, hit.row);
        openFeature([hit], 0, true);
      } }, pick(hit.layer.name(hit.row))));
    });
  }
  slider.addEventListener("input", function () { set(Number(slider.value)); });
  typed.addEventListener("change", function () {
    var text = typed.value.trim();
    set(/^\d{4}$/.test(text) ? Number(text) : full);
  });
  listen("lang", say);
  var back = labelled(el("button", { type: "button", class: "step", onclick: function () { set((page.year || full) - 1); } }, "‹"), "earlier");
  var on = labelled(el("button", { type: "button", class: "step", onclick: function () { set((page.year || full) + 1); } }, "›"), "later");
  page.dock.appendChild(el("div", { class: "timeline" }, [
    el("div", { class: "yearrow" }, [back, typed, on, el("div", { class: "track" }, [slider, ticks])]), note]));
  var asked = Number(urlState.values.y);
  set(asked >= first && asked <= last ? asked : full);
}
