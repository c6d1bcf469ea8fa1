/* The atlas page: every layer. */
import { el, emptied, phone } from "../core/dom.js";
import { fire, listen } from "../core/events.js";
import { urlState } from "../core/hash.js";
import { own } from "../core/own.js";
import { hooks, page } from "../core/page.js";
import { ui } from "../core/words.js";
import { featuresAt, paintLayer, paintMark } from "../map/canvas.js";
import { startPage } from "../map/frame.js";
import { redraw } from "../map/redraw.js";
import { labelCandidates } from "../map/labels.js";
import { closeCard, openFeature } from "../parts/card.js";
import { featuresOf, openItem } from "../parts/item.js";
import { addSection, centre, centreAll, corridorFilter, drawLegend, kindLegend, layerControl, searchBox, sourceList, statusControl, statusLegend } from "../parts/panel.js";
import { storyTool } from "../parts/story.js";
import { sheetTools } from "../parts/sheet.js";
import { featureColumns, featureRows, tableTool } from "../parts/table.js";
import { addTimeline, openByYear } from "../parts/timeline.js";

/* Whether a feature is part of the chosen corridor; what it is where none is chosen. */
function inCorridor(layer, row, otherwise) {
  var chosen = hooks.corridor ? hooks.corridor() : null;
  return chosen ? chosen.indexOf(layer.key + "/" + layer.get("id", row)) >= 0 : otherwise;
}

export function atlasPage() {
  var candidates = labelCandidates(page.layers);
  page.layers.forEach(function (layer) {
    layer.visible = function (row) {
      if (layer.key === "places") return true;
      return !page.hidden[layer.get("status", row) || "unknown"] && (page.additions || openByYear(layer, row));
    };
    /* what the plan adds, and what a chosen corridor is not made of, stands back */
    layer.faint = function (row) {
      if (layer.key === "places") return false;
      if (!openByYear(layer, row)) return !inCorridor(layer, row, false);
      return !inCorridor(layer, row, true);
    };
  });
  hooks.labelsOf = function () { return candidates; };
  page.paints.push(function (ctx, view) {
    if (page.marked) paintMark(ctx, view, page.marked.layer, page.marked.row);
    page.marks.forEach(function (hit) { paintMark(ctx, view, hit.layer, hit.row); });
    page.layers.forEach(function (layer) { if (layer.on) paintLayer(ctx, view, layer); });
  });
  function showLayer(layer) {
    if (layer.on) return;
    layer.on = true;
    var box = document.querySelector('[data-layer="' + layer.key + '"]');
    if (box) box.checked = true;
  }
  searchBox(function (layer, row) {
    showLayer(layer);
    centre(layer, row);
    openFeature([{ layer: layer, row: row }], 0, true);
    fire("filter");
  }, function (id) {
    featuresOf(id).forEach(function (hit) { showLayer(hit.layer); });
    openItem(id, true);
    fire("filter");
  });
  if (!page.data.basemap) page.map.setMaxZoom(mostZoom());
  layerControl();
  statusControl();
  var story = storyTool(corridorFilter());
  hooks.legendRows = function () { return statusLegend(true).concat(kindLegend(true)); };
  var legend = el("div", { class: "legend" });
  addSection("legend", [legend], !phone());
  function followLegend() { drawLegend(hooks.legendRows(), emptied(legend)); }
  listen("drawn", followLegend);
  page.map.on("moveend", followLegend);
  addSection("sources", [sourceList()], false);
  addTimeline();
  tableTool(featureColumns, featureRows, function (row) {
    centre(row.layer, row.row);
    openFeature([{ layer: row.layer, row: row.row }], 0, true);
  });
  sheetTools();
  var FACILITIES = ["railways", "highways", "cross_border_links", "stations", "ports", "airports"];
  hooks.finding = function () {
    var all = 0, open = 0, building = 0;
    page.layers.forEach(function (layer) {
      if (FACILITIES.indexOf(layer.key) < 0) return;
      all += layer.size;
      for (var row = 0; row < layer.size; row++) {
        var status = layer.get("status", row);
        if (page.year === null ? status === "operating" : openByYear(layer, row)) open++;
        if (status === "under_construction") building++;
      }
    });
    if (!all) return "";
    return page.year === null ? ui("finding_all", all, open, building, all - open - building) : ui("finding_year", page.year, open, all);
  };
  hooks.subtitle = function () { return page.year === null ? ui("full") : ui("year_of", page.year); };
  listen("filter", redraw);
  listen("click", function (event) {
    var hits = featuresAt(page.map, page.layers, event.containerPoint, 9);
    if (!hits.length) { closeCard(); return; }
    openFeature(hits, 0, false);
    clearOfCard(event.containerPoint);
  });
  listen("lang", function () {
    if (urlState.values.p && !page.cardHost.hidden) openItem(urlState.values.p, false, true);
    else if (page.marked && !page.cardHost.hidden) openFeature([page.marked], 0, false);
  });
  if (urlState.values.p && own(page.data.plan.items, urlState.values.p)) {
    var item = urlState.values.p;
    featuresOf(item).forEach(function (hit) { showLayer(hit.layer); });
    openItem(item, false, true);
    hooks.atFirst = function () { centreAll(featuresOf(item)); };
    return;
  }
  if (urlState.values.s) hooks.atFirst = story;
  var asked = (urlState.values.f || "").split("/");
  page.layers.forEach(function (layer) {
    if (layer.key !== asked[0]) return;
    var found = Array.from({ length: layer.size }, function (_, row) { return row; }).find(function (row) { return layer.get("id", row) === asked.slice(1).join("/"); });
    if (found === undefined) return;
    openFeature([{ layer: layer, row: found }], 0, false);
    hooks.atFirst = function () { centre(layer, found, 10.5); };
  });
}

/* Closer than this the error of most positions is wider than what is drawn; nine in ten within TRUE_M may be seen
   from nearer. */
var MOST_ZOOM = 13, TRUE_ZOOM = 16, TRUE_M = 30;

function mostZoom() {
  var errors = [];
  page.layers.forEach(function (layer) {
    for (var row = 0; row < layer.size; row++) errors.push(Number(layer.get("position_error_m", row)) || Infinity);
  });
  errors.sort(function (a, b) { return a - b; });
  return errors.length && errors[Math.floor(0.9 * (errors.length - 1))] <= TRUE_M ? TRUE_ZOOM : MOST_ZOOM;
}

/* Where the card came to lie over what was clicked, the map moves aside. */
function clearOfCard(point) {
  var card = page.cardHost.getBoundingClientRect(), map = page.map.getContainer().getBoundingClientRect();
  var x = map.left + point.x, y = map.top + point.y, room = 28;
  if (x < card.left - room || x > card.right || y < card.top - room || y > card.bottom) return;
  page.map.panBy(phone() ? [0, y - card.top + room + 24] : [x - card.left + room, 0], { animate: false });
}

/* The page's script tag calls this with the map and the payload. */
export function start(map, data) { startPage(map, data, atlasPage); }

/* What the console and the tests of a page ask. */
export * from "../parts/inspect.js";
