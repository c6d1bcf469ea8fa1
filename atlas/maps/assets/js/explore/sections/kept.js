/* What is kept of an answer: files, and the commands that give its numbers at the terminal. */
import { TOLERANCE_MIN } from "../../core/bands.js";
import { harmless } from "../../core/csv.js";
import { download, el, emptied } from "../../core/dom.js";
import { page } from "../../core/page.js";
import { inSentence, makeButton, pick, spoken, ui } from "../../core/words.js";
import * as E from "../../engine/engine.js";
import * as S from "../state.js";
import { outlines } from "../areas.js";

/* asking: the section that says why a file was not taken. */
/** @param {import("../../types").Explorer} ex @param {{ warn: (text: string) => void }} asking */
export function keptSection(ex, asking) {
  var base = ex.base, places = ex.places, nodeOf = ex.nodeOf, known = ex.known, state = ex.state, X = page.data.explore, data = page.data;
  var commands = el("ul", { class: "commands", id: "commands" });
  function keepTools() {
    function tool(id, key, action) { return makeButton({ class: "tool", id: id }, key, action); }
    var file = el("input", { type: "file", accept: ".toml,text/plain", id: "toml-in", hidden: true });
    file.addEventListener("change", function () {
      var given = file.files[0];
      if (!given) return;
      /* the same file, mended and chosen again, is a change too */
      file.value = "";
      given.text().then(function (text) {
        try { ex.change(S.fromToml(text, state, known)); } catch (error) { asking.warn(ui("ex_bad_file", error.message)); }
      });
    });
    return el("div", {}, [
      tool("toml-out", "ex_toml", function () { download("explorer.toml", new Blob([S.toToml(state)], { type: "text/plain" })); }), tool("pinned-out", "ex_toml_pinned", function () { download("pinned.toml", new Blob([S.toToml(ex.pinned, "pinned")], { type: "text/plain" })); }), tool("toml-take", "ex_toml_in", function () { file.click(); }), file,
      tool("csv-out", "ex_csv", function () { download(fileName("csv"), new Blob(["\ufeff" + csv()], { type: "text/csv" })); }),
      tool("geojson-out", "ex_geojson", function () { download(fileName("geojson"), new Blob([JSON.stringify(geojson())], { type: "application/geo+json" })); }),
      base.grid ? tool("areas-out", "ex_areas_out", function () { download(fileName("areas.geojson"), new Blob([JSON.stringify(areas())], { type: "application/geo+json" })); }) : null,
      spoken("p", { class: "small" }, "ex_keep_how")]);
  }
  function fileName(ending) {
    var told = [pick(data.title)].concat(state.origins.map(ex.originName), ex.yearWords(state), inSentence(state.mode)).join("-");
    return told.replace(/[^\w\u3400-\u9fff.-]+/g, "-").slice(0, 90) + "." + ending;
  }
  function csv() {
    var lines = [["id", "name_zh", "name_en", "city", "travel_time_min"]].concat(ex.placeRows().map(function (row) {
      return [places.get("id", row.row), places.name(row.row)[0], places.name(row.row)[1], places.get("city", row.row) || "", row.min === null ? "" : row.min.toFixed(3)];
    }));
    return lines.map(function (line) { return line.map(function (cell) { return '"' + harmless(String(cell)).replace(/"/g, '""') + '"'; }).join(","); }).join("\r\n") + "\r\n";
  }
  function geojson() {
    return { type: "FeatureCollection", features: ex.placeRows().filter(function (row) { return row.min !== null; }).map(function (row) {
      var node = nodeOf.get(places.get("id", row.row));
      return { type: "Feature", geometry: { type: "Point", coordinates: [base.a.lon[node], base.a.lat[node]].map(function (v) { return Math.round(v * 1e6) / 1e6; }) },
        properties: { id: places.get("id", row.row), name_zh: places.name(row.row)[0], name_en: places.name(row.row)[1], travel_time_min: Math.round(row.min * 1000) / 1000, scenario: S.yearText(state), mode: state.mode } };
    }) };
  }

  /* The areas within each cut-off as polygons: a line between two cells of land runs where the minutes pass the
     cut-off, no steeper than local travel; at the shore it runs along the cells. */
  function areas() {
    var grid = base.grid, rows = grid.shape[0], columns = grid.shape[1], across = ex.now.C.local * Math.sqrt(grid.cellKm2), place = base.cellNodes.place;
    return { type: "FeatureCollection", features: state.cutoffs.map(function (cutoff, i) {
      var above = new Float64Array(rows * columns), inside = ex.now.inside[i];
      for (var k = 0; k < above.length; k++) {
        var left = place[k] < 0 ? -across : cutoff + TOLERANCE_MIN - ex.now.cells[place[k]];
        above[k] = Math.max(-across, Math.min(across, left || 1e-9));
      }
      var shapes = outlines(above, rows, columns).map(function (rings) {
        return rings.map(function (ring) { return ring.map(function (p) { return E.lonLat(grid, p[0], p[1]).map(function (v) { return Math.round(v * 1e5) / 1e5; }); }); });
      });
      return { type: "Feature", geometry: { type: "MultiPolygon", coordinates: shapes }, properties: { origin: state.origins.map(S.originText).join(";"), origin_name: state.origins.map(ex.originName).join("、"), cutoff_min: cutoff, scenario: S.yearText(state), mode: state.mode,
        people: Math.round(inside.people), people_low: Math.round(inside.low), people_high: Math.round(inside.high), area_km2: Math.round(inside.km2 * 10) / 10, cell_km: Math.round(Math.sqrt(grid.cellKm2) * 100) / 100 } };
    }) };
  }
  /* The commands that give these numbers at the terminal. */
  function commandsShown() {
    emptied(commands);
    var said = [["reach", "ex_command_reach"]];
    if (base.grid) said.push(["coverage", "ex_command_coverage"], ["isochrone", "ex_command_isochrone"]);
    if (X.targets.length) said.push(["claims", "ex_command_claims"]);
    said.forEach(function (pair) { told(pair[1], S.toCommand(state, pair[0], ex.named), pair[0]); });
    if (ex.pinned && S.compareCommand(ex.pinned, state, ex.named)) told("ex_command_compare", S.compareCommand(ex.pinned, state, ex.named), "compare");
    if (ex.pinned && base.grid) told("ex_command_pinned", S.toCommand(ex.pinned, "coverage", ex.named, null, "pinned.toml"), "pinned");
    document.getElementById("pinned-out").hidden = !ex.pinned;
    function told(key, text, what) { commands.appendChild(el("li", {}, [el("small", {}, ui(key)), el("code", { class: "command", "data-what": what, tabindex: "0" }, text)])); }
  }
  return { parts: [keepTools(), commands], show: commandsShown, areas: areas };
}
