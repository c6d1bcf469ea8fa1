/* The side panel: layers by group with counts, corridor filter, legend, search, sources. */
import { NO_MATCH, matchRank, plain } from "../core/match.js";
import { own } from "../core/own.js";
import { el, emptied, phone } from "../core/dom.js";
import { fire, listen } from "../core/events.js";
import { urlState } from "../core/hash.js";
import { latOf, lonOf } from "../core/mercator.js";
import { hooks, page } from "../core/page.js";
import { atHead, labelled, otherName, pick, sourceWords, spoken, ui, wordFor } from "../core/words.js";
import { covered, coveredByCard, fitBox } from "../map/frame.js";
import { inView } from "../core/trace.js";
import { screenView } from "../map/canvas.js";
import { pilesOf } from "../map/piles.js";
import { courseOf, sampleOf } from "../map/symbols.js";

export function addSection(key, nodes, open) {
  var box = el("details", { class: "section", open: open !== false });
  box.appendChild(spoken("summary", {}, key));
  nodes.forEach(function (node) { box.appendChild(node); });
  page.panel.appendChild(box);
  return box;
}

export function layerControl() {
  var wanted = urlState.values.l;
  if (wanted !== undefined) {
    var on = wanted.split(",");
    page.layers.forEach(function (layer) { layer.on = on.indexOf(layer.key) >= 0; });
  }
  var groups = Object.create(null), nodes = [];
  page.layers.forEach(function (layer) { (groups[layer.group] = groups[layer.group] || []).push(layer); });
  Object.keys(page.words.groups).concat(Object.keys(groups)).forEach(function (name) {
    if (!groups[name]) return;
    var set = el("fieldset", {}, spoken("legend", {}, function () { return wordFor("groups", name); }));
    groups[name].forEach(function (layer) { set.appendChild(layerRow(layer)); });
    nodes.push(set);
    delete groups[name];
  });
  return addSection("layers", nodes);
}

function layerRow(layer) {
  var box = el("input", { type: "checkbox", checked: layer.on, "data-layer": layer.key });
  box.addEventListener("change", function () {
    layer.on = box.checked;
    urlState.write({ l: page.layers.filter(function (one) { return one.on; }).map(function (one) { return one.key; }).join(",") });
    fire("filter");
  });
  /* the kind drawn widest stands for a layer of lines, the first for one of points */
  var kinds = Object.keys(layer.symbols), symbol = layer.symbols[kinds.reduce(function (best, kind) {
    return layer.geometry === "LineString" && layer.symbols[kind][1] > layer.symbols[best][1] ? kind : best;
  }, kinds[0])];
  var swatch = sampleOf(layer.geometry, { color: symbol[0], width: symbol[1], form: symbol[2], alpha: symbol[4] }, "operating", false);
  var count = spoken("span", { class: "count" }, function () {
    var shown = 0;
    for (var row = 0; row < layer.size; row++) if (layer.visible(row)) shown++;
    return shown === layer.size ? String(shown) : shown + " / " + layer.size;
  });
  listen("filter", function () { count.textContent = count.saidText(); });
  return el("label", { class: "row" }, [box, swatch, spoken("span", { class: "name" }, function () { return pick(layer.title); }), count]);
}

export function corridorFilter() {
  var corridors = page.data.plan.corridors, ids = Object.keys(corridors);
  if (!ids.length) return;
  var select = labelled(el("select", { id: "corridor" }), "corridor");
  function fill() {
    var chosen = select.value || urlState.values.c || "";
    emptied(select).appendChild(el("option", { value: "" }, ui("all_corridors")));
    ids.forEach(function (id) {
      var item = page.data.plan.items[id];
      select.appendChild(el("option", { value: id, selected: id === chosen }, pick(item.n)));
    });
  }
  fill();
  listen("lang", fill);
  hooks.corridor = function () { return select.value ? corridors[select.value] : null; };
  /* the rest stands back; the corridor comes into view */
  select.addEventListener("change", function () {
    urlState.write({ c: select.value });
    fire("filter");
    var chosen = hooks.corridor(), hits = [];
    if (!chosen) return;
    page.layers.forEach(function (layer) {
      for (var row = 0; row < layer.size; row++) if (chosen.indexOf(layer.key + "/" + layer.get("id", row)) >= 0) hits.push({ layer: layer, row: row });
    });
    centreAll(hits, 12, page.cardHost.hidden ? covered() : coveredByCard());
  });
  return addSection("corridor", [select]);
}

/* Samples drawn by the code that draws the map; rows: [geometry, symbol, status, soft, text function]. */
export function drawLegend(rows, host) {
  rows.forEach(function (row) {
    host.appendChild(el("div", { class: "sample" }, [sampleOf(row[0], row[1], row[2], row[3]), spoken("span", {}, function () { return atHead(typeof row[4] === "function" ? row[4]() : ui(row[4])); })]));
  });
  return host;
}

/* What the plan adds later is drawn pale. */
var LATER_ALPHA = 0.35;

/* Forms by status; of what is shown alone where `shown` is given. */
export function statusLegend(shown) {
  var line = { color: page.tokens.ground.text, width: 2.4, form: "plain", alpha: 1 }, there = shown ? whatIsShown() : null;
  var rows = Object.keys(page.tokens.status).filter(function (status) { return !there || there.statuses[status]; }).map(function (status) {
    return ["LineString", line, status, false, function () { return wordFor("status", status); }];
  });
  if (there && there.later) rows.push(["LineString", { color: page.tokens.ground.text, width: 2.4, form: "plain", alpha: LATER_ALPHA }, "operating", false, "later_shown"]);
  if (!there || there.soft) rows.push(["LineString", { color: page.tokens.ground.accent, width: 2.4, form: "cased", alpha: 1 }, "operating", true, "schematic"]);
  if (!there || there.band) rows.push(["LineString", { color: page.tokens.ground.accent, width: 2.4, form: "plain", alpha: 1 }, "planned", "band", "indicative"]);
  return rows;
}

/* What is drawn in the view: statuses, kinds by layer, and whether courses are schematic or indicative. */
export function whatIsShown() {
  var view = screenView(page.map), there = { statuses: Object.create(null), kinds: Object.create(null), soft: false, band: false, later: false, piles: pilesOf(view).all.length > 0 };
  page.layers.forEach(function (layer) {
    if (!layer.on) return;
    for (var row = 0; row < layer.size; row++) {
      if (!layer.visible(row) || view.zoom < layer.symbol(row).minZoom || !inView(layer.shapes, row, view)) continue;
      there.kinds[layer.key + "/" + (layer.get("kind", row) || "")] = true;
      if (layer.key === "places") continue;
      there.statuses[layer.get("status", row) || "unknown"] = true;
      if (layer.faint && layer.faint(row) && !(hooks.corridor && hooks.corridor())) there.later = true;
      var soft = layer.geometry === "LineString" && courseOf(layer, row);
      if (soft === "band") there.band = true;
      else if (soft) there.soft = true;
    }
  });
  return there;
}

/* Whether something of the map is not there from the first year on. */
function somethingComes() {
  return page.layers.some(function (layer) {
    for (var row = 0; layer.key !== "places" && row < layer.size; row++) {
      var year = layer.get("opens_year", row);
      if (year === null || year > page.data.years[0]) return true;
    }
    return false;
  });
}

/* A switch a status, with the form it is drawn in, and one for what the plan adds where it adds something. */
export function statusControl() {
  var line = { color: page.tokens.ground.text, width: 2.4, form: "plain", alpha: 1 }, asked = urlState.values.st;
  var all = Object.keys(page.tokens.status).filter(function (status) {
    return page.layers.some(function (layer) {
      for (var row = 0; row < layer.size; row++) if (layer.key !== "places" && layer.get("status", row) === status) return true;
      return false;
    });
  });
  if (asked !== undefined) all.forEach(function (status) { page.hidden[status] = asked.split(",").indexOf(status) < 0; });
  page.additions = urlState.values.n !== "0";
  var rows = all.map(function (status) {
    var box = el("input", { type: "checkbox", checked: !page.hidden[status], "data-status": status });
    box.addEventListener("change", function () {
      page.hidden[status] = !box.checked;
      urlState.write({ st: all.some(function (one) { return page.hidden[one]; }) ? all.filter(function (one) { return !page.hidden[one]; }).join(",") || "-" : null });
      fire("filter");
    });
    return el("label", { class: "row" }, [box, sampleOf("LineString", line, status, false), spoken("span", { class: "name" }, function () { return wordFor("status", status); })]);
  });
  var later = el("input", { type: "checkbox", checked: page.additions, id: "additions" });
  later.addEventListener("change", function () {
    page.additions = later.checked;
    urlState.write({ n: later.checked ? null : "0" });
    fire("filter");
  });
  if (somethingComes()) rows.unshift(el("label", { class: "row" }, [later, spoken("span", { class: "name" }, "additions")]));
  return addSection("status", rows, !phone());
}

/* A sheet explains what it shows, so it passes over layers that are off; with `sheet` over kinds out of view as well. */
export function kindLegend(sheet) {
  var rows = [], shown = sheet ? whatIsShown() : null, there = shown && shown.kinds;
  page.layers.forEach(function (layer) {
    if (sheet && !layer.on) return;
    var one = Object.keys(layer.symbols).every(function (kind) { return layer.symbols[kind].join() === layer.symbols[Object.keys(layer.symbols)[0]].join(); });
    Object.keys(layer.symbols).forEach(function (kind) {
      if (there && !there[layer.key + "/" + kind]) return;
      if (!kind || layer.key === "places" || layer.key === "interchanges" || layer.key === "rail_services") return;
      var s = layer.symbols[kind];
      if (rows.some(function (row) { return row[5] === s.join() + layer.geometry; })) return;
      rows.push([layer.geometry, { color: s[0], width: s[1], form: s[2], alpha: s[4] }, "operating", false,
        function () { return one ? pick(layer.title) : (layer.geometry === "Point" ? pick(layer.title) + " · " : "") + wordFor("kinds", kind); }, s.join() + layer.geometry]);
    });
  });
  if (shown && shown.piles) rows.push(["Point", { form: "pile", color: page.tokens.ground.text, width: 8, alpha: 1 }, "operating", false, "pile"]);
  return rows;
}

export function sourceList(sheet) {
  var list = el("ul", { class: "sources" }), used = Object.create(null);
  page.layers.forEach(function (layer) {
    if (sheet && !layer.on) return;
    for (var row = 0; row < layer.size; row++) used[layer.get("source", row)] = true;
  });
  Object.keys(used).sort().forEach(function (key) {
    if (own(page.data.sources, key)) list.appendChild(spoken("li", {}, function () { return sourceWords(key); }));
  });
  list.appendChild(spoken("li", {}, "land_credit"));
  return list;
}

/* Which of several hits of one rank comes first; what is no transport comes last. */
var FIRST = { places: 0, plan: 1, airports: 2, stations: 3, interchanges: 6 }, OUTSIDE = 7;

/* Search by Chinese (both scripts), English, alias, number or pinyin, for features and for items of the plan; arrows
   and Enter choose. choose(layer, row), chooseItem(id). */
/* A box that finds features by name; `beside`: {host, id, label} of another than the one in the bar. */
export function searchBox(choose, chooseItem, beside) {
  var at = beside || { host: page.finder, id: "search", label: "search" }, hits = beside ? beside.id + "-hits" : "hits";
  var input = el("input", { type: "search", id: at.id, role: "combobox", "aria-expanded": "false", "aria-controls": hits, autocomplete: "off" });
  labelled(input, at.label);
  labelled(input, at.label, "placeholder");
  var list = el("ul", { id: hits, class: "hits", role: "listbox", hidden: true }), found = [], active = -1, picked = "";
  labelled(list, "hits");
  var index = null;
  function build() {
    index = [];
    page.layers.forEach(function (layer) {
      if (layer.key === "rail_services") return;
      for (var row = 0; row < layer.size; row++) {
        var name = layer.name(row);
        index.push({ layer: layer, row: row, first: layer.group === "works" ? OUTSIDE + 1 : own(FIRST, layer.key) === undefined ? 4 : FIRST[layer.key], name: name, of: layer.title,
          names: [name[0], name[1], layer.get("pinyin", row), layer.get("ref", row)]
            .concat(String(layer.get("aliases", row) || "").split(";"), String(layer.get("also", row) || "").split(";")).concat(layer.key === "stations" && name[0] ? [name[0] + "站", name[1] + " Station"] : []).map(plain).filter(Boolean) });
      }
    });
    if (!chooseItem) return;
    Object.keys(page.data.plan.items).forEach(function (id) {
      var item = page.data.plan.items[id];
      index.push({ item: id, first: item.c === "outside" || hooks.placesFirst ? OUTSIDE : FIRST.plan, name: item.n, of: page.words.ui.plan_item, names: item.n.concat(item.a, id).map(plain).filter(Boolean), parts: item.v.map(plain).filter(Boolean) });
    });
  }
  function rank(entry, wanted) {
    /* a part that is it comes behind a whole that is it, and before names that only begin with it */
    var best = matchRank(entry.names, wanted), part = entry.parts ? matchRank(entry.parts, wanted) : NO_MATCH;
    if (best === NO_MATCH && part === NO_MATCH) return 99;
    return Math.min(best < NO_MATCH ? best * 10 : 99, part < NO_MATCH ? part * 10 + 4 : 99) + entry.first / 2;
  }
  function look() {
    var wanted = plain(input.value);
    if (!index) build();
    found = wanted ? index.map(function (entry) { return [rank(entry, wanted), entry]; })
      .filter(function (pair) { return pair[0] < 99; }).sort(function (a, b) { return a[0] - b[0] || a[1].name[0].length - b[1].name[0].length; }).slice(0, 12) : [];
    active = -1;
    emptied(list);
    found.forEach(function (pair, i) {
      var entry = pair[1], name = entry.name;
      var item = el("li", { role: "option", id: (beside ? hits + "-" : "hit-") + i, "aria-selected": "false", "data-hit": entry.item || entry.layer.key + "/" + entry.layer.get("id", entry.row) }, [
        el("b", {}, pick(name)), " ", el("small", {}, [otherName(name), pick(entry.of)].filter(Boolean).join(" · "))]);
      item.addEventListener("mousedown", function (event) { event.preventDefault(); pickHit(i); });
      list.appendChild(item);
    });
    if (wanted && !found.length) list.appendChild(el("li", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, ui("no_hit")));
    list.hidden = !wanted;
    input.setAttribute("aria-expanded", String(Boolean(wanted)));
  }
  function pickHit(i) {
    var entry = found[i][1];
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.value = picked = pick(entry.name);
    input.select();
    if (entry.item) chooseItem(entry.item);
    else choose(entry.layer, entry.row);
  }
  input.addEventListener("input", look);
  /* what was found before makes room for what is looked for next; a second click sets the caret */
  input.addEventListener("mousedown", function (event) {
    if (!picked || input.value !== picked) return;
    event.preventDefault();
    picked = "";
    input.focus();
    input.select();
  });
  input.addEventListener("blur", function () { list.hidden = true; input.setAttribute("aria-expanded", "false"); });
  input.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && found.length) pickHit(Math.max(active, 0));
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (!found.length) return;
    active = (active + (event.key === "ArrowDown" ? 1 : found.length - 1 + Number(active < 0))) % found.length;
    Array.prototype.forEach.call(list.children, function (item, i) { item.setAttribute("aria-selected", String(i === active)); });
    input.setAttribute("aria-activedescendant", list.children[active].id);
  });
  at.host.appendChild(input);
  at.host.appendChild(list);
  return input;
}

export function centre(layer, row, zoom) { centreAll([{ layer: layer, row: row }], zoom); }

/* The view that holds all of these features. */
export function centreAll(hits, zoom, pads) {
  var box = [Infinity, Infinity, -Infinity, -Infinity];
  hits.forEach(function (hit) {
    var b = hit.layer.shapes.boxes, i = 4 * hit.row;
    box = [Math.min(box[0], lonOf(b[i])), Math.min(box[1], latOf(b[i + 3])), Math.max(box[2], lonOf(b[i + 2])), Math.max(box[3], latOf(b[i + 1]))];
  });
  if (hits.length) fitBox(box, zoom || 11.5, pads || coveredByCard());
}
