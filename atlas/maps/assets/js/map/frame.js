/* The frame of every page: header, panel, map panes, footer; Atlas.start puts a page together. */
import { el, phone } from "../core/dom.js";
import { fire, listen } from "../core/events.js";
import { urlState } from "../core/hash.js";
import { learn } from "../core/match.js";
import { latOf, lonOf, worldX, worldY } from "../core/mercator.js";
import { unpackLayer, unpackShapes } from "../core/pack.js";
import { hooks, page } from "../core/page.js";
import { labelled, makeButton, otherName, pick, speak, spoken, ui } from "../core/words.js";
import { Painting, featuresAt, paintGround, takeTiles } from "./canvas.js";
import { paintLabels } from "./labels.js";
import { redraw } from "./redraw.js";

/* One sentence: what the page shows now, else the title in the other language. */
export function tells() { return (hooks.finding && hooks.finding()) || otherName(page.data.title); }

/* Say it again. */
export function tell() { document.getElementById("finding").textContent = tells(); }

export function startPage(map, data, build) {
  var state = urlState.read();
  page.map = map;
  page.data = data;
  page.tokens = data.tokens;
  page.words = data.words;
  page.lang = state.g === "en" || state.g === "zh" ? state.g : data.lang;
  page.layers = (data.layers || []).map(unpackLayer);
  page.backdrop = { box: data.backdrop.box };
  ["land", "water", "roads", "bounds"].forEach(function (key) {
    if (data.backdrop[key]) page.backdrop[key] = unpackShapes(data.backdrop[key]);
  });
  learn(data.simple);
  buildFrame();
  takeTiles(data.basemap);
  buildMap(map);
  build(data);
  speak(page.lang);
  function entitle() { document.title = pick(data.title); }
  entitle();
  listen("lang", entitle);
  listen("filter", tell);
  openView(map, data, state);
  map.on("moveend", function () {
    var c = map.getCenter();
    urlState.write({ v: [map.getZoom().toFixed(2), c.lat.toFixed(4), c.lng.toFixed(4)].join("/") });
  });
  window.addEventListener("hashchange", function () { location.reload(); });
  document.body.setAttribute("data-ready", "true");
  if (urlState.values.sheet && page.prepareSheet) page.prepareSheet();
}

function buildFrame() {
  var app = document.getElementById("app"), box = app.querySelector(".folium-map");
  var heading = spoken("h1", {}, function () { return pick(page.data.title); });
  var under = spoken("p", { class: "under", id: "finding" }, tells);
  var titles = el("div", { class: "titles" }, [homeLink(), el("div", {}, [heading, under])]), narrow = window.matchMedia("(max-width:719px)");
  page.tools = el("div", { class: "tools", role: "toolbar" });
  labelled(page.tools, "tools");
  function openSheet(open) {
    document.body.classList.toggle("panel-open", open);
    menu.setAttribute("aria-expanded", String(open));
  }
  var menu = makeButton({ class: "tool menu", "aria-expanded": "false", "aria-controls": "panel" }, page.data.kind === "atlas" ? "menu_short" : "options_short", function () {
    openSheet(!document.body.classList.contains("panel-open"));
  });
  page.finder = el("div", { class: "finder" });
  var header = el("header", { class: "bar" }, [menu, titles, page.finder, page.tools]);
  page.panel = el("aside", { class: "panel", id: "panel" });
  /* On a phone the title leads the sheet under the map; elsewhere it stands in the bar. */
  function placeTitles() {
    if (narrow.matches) page.panel.insertBefore(titles, page.panel.firstChild);
    else header.insertBefore(titles, page.finder);
  }
  placeTitles();
  narrow.addEventListener("change", placeTitles);
  /* On a phone the title is the grip of the sheet: drawn up it opens over the map, drawn down it leaves it. */
  var grip = /** @type {any} */ (null);
  titles.addEventListener("touchstart", function (event) { grip = narrow.matches ? event.touches[0].clientY : null; }, { passive: true });
  titles.addEventListener("touchend", function (event) {
    var moved = grip === null ? 0 : event.changedTouches[0].clientY - grip;
    grip = null;
    if (Math.abs(moved) > 30) openSheet(moved < 0);
  }, { passive: true });
  labelled(page.panel, page.data.kind === "atlas" ? "menu" : "options");
  page.cardHost = el("section", { class: "card", hidden: true, tabindex: "-1", "aria-live": "polite" });
  labelled(page.cardHost, "details");
  page.dock = el("div", { class: "dock" });
  page.footer = labelled(el("footer", { class: "foot", tabindex: "0" }), "marginalia");
  var skip = labelled(spoken("a", { class: "skip", href: "#" + box.id }, "skip"), "skip");
  skip.addEventListener("click", function (event) { event.preventDefault(); box.focus(); });
  box.setAttribute("role", "application");
  box.setAttribute("tabindex", "0");
  labelled(box, "map_label");
  document.body.insertBefore(skip, document.body.firstChild);
  app.insertBefore(header, box);
  app.insertBefore(page.panel, box);
  [page.cardHost, page.dock, page.footer].forEach(function (node) { app.appendChild(node); });
  languageTool();
  writeFooter();
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      fire("escape");
      openSheet(false);
    }
  });
}

/* The address of another page in the language that is shown. */
function inLanguage(address) {
  return function () { return address + (address.indexOf("#") < 0 ? "#" : "&") + "g=" + page.lang; };
}

function homeLink() {
  var home = (page.data.links || [])[0];
  if (!home) return null;
  return labelled(spoken("a", { class: "home" }, function () { return "← " + pick(home[1]); }), inLanguage(home[0]), "href");
}

function languageTool() {
  var button = makeButton({ class: "tool" }, "language", function () {
    var next = page.lang === "zh" ? "en" : "zh";
    urlState.write({ g: next });
    speak(next);
    redraw();
  });
  labelled(button, "language_label", "title");
  button.id = "language";
  page.tools.appendChild(button);
}

function writeFooter() {
  var meta = page.data.meta, base = page.data.basemap;
  var parts = [
    function () { return (base ? pick(base.note) : ui("backdrop")) + (page.data.backdrop.bounds ? ui("boundaries") : ""); },
    function () { return base && base.datum ? pick(base.datum) : ui("datum"); },
    function () { return meta.approval ? ui("approval") + " " + meta.approval : ui("approval_space"); },
    function () { return [meta.author, meta.date].filter(Boolean).join(" · "); },
    function () { return page.data.hash ? ui("hash") + " " + page.data.hash : ""; }
  ];
  parts.forEach(function (part) { if (part()) page.footer.appendChild(spoken("span", {}, part)); });
  (page.data.links || []).slice(1).forEach(function (link) {
    page.footer.appendChild(labelled(spoken("a", {}, function () { return pick(link[1]); }), inLanguage(link[0]), "href"));
  });
}

function buildMap(map) {
  map.createPane("ground").style.zIndex = 210;
  map.createPane("content").style.zIndex = 410;
  map.createPane("names").style.zIndex = 450;
  ["ground", "content", "names"].forEach(function (name) { map.getPane(name).style.pointerEvents = "none"; });
  var base = page.data.basemap;
  if (base && base.url) L.tileLayer(base.url, { maxZoom: 18, subdomains: base.subdomains || "abc", crossOrigin: "anonymous" }).addTo(map);
  page.renderers = [
    new Painting(function (ctx, view) { if (!base || !base.url) paintGround(ctx, view); }, { pane: "ground", padding: 0.1 }),
    new Painting(paintContent, { pane: "content", padding: 0.1 }),
    new Painting(paintNames, { pane: "names", padding: 0 })
  ];
  page.renderers.forEach(function (renderer) { renderer.addTo(map); });
  zoomTools(map);
  scaleBar(map);
  map.on("click", function (event) { fire("click", event); });
  map.on("mousemove", function (event) {
    var found = featuresAt(map, page.layers, event.containerPoint, 7).length > 0 && !page.noHover;
    map.getContainer().style.cursor = found ? "pointer" : "";
  });
}

function paintContent(ctx, view) { page.paints.forEach(function (paint) { paint(ctx, view); }); }

function paintNames(ctx, view) {
  page.placed = paintLabels(ctx, view, hooks.labelsOf(), [], hooks.labelLines);
}

/* Everything again, on any surface: the page, a print, an image. */
export function paintAll(ctx, view) {
  paintGround(ctx, view);
  paintContent(ctx, view);
  /* no name under the scale bar or the north arrow */
  var taken = [[0, view.h - 44, 200, view.h], [view.w - 44, 0, view.w, 60]];
  paintLabels(ctx, view, hooks.labelsOf(), taken, hooks.labelLines);
}

/* Pixels that panels cover: left, top, right, bottom. */
export function covered() {
  if (document.body.classList.contains("sheet")) return [4, 4, 4, 4];
  return hooks.covered ? hooks.covered() : usualCover();
}

export function usualCover() {
  if (window.innerHeight <= 500 && !phone()) return [12, 12, 64, 74];
  if (document.body.classList.contains("walk") && !phone()) return [12, 12, 24, 110];
  return phone() ? [8, 8, 8, 8] : [332, 12, 24, 110];
}

/* The same with the card open: on a phone it rises over the sheet into the map. */
export function coveredByCard() {
  var pad = covered(), map = document.querySelector(".folium-map").getBoundingClientRect();
  if (!phone()) return [pad[0], pad[1], Math.max(pad[2], 364), pad[3]];
  return [pad[0], pad[1], pad[2], Math.max(pad[3], map.bottom - 0.44 * window.innerHeight)];
}

export function fitBox(box, most, pads) {
  var pad = pads || covered();
  page.map.fitBounds([[box[1], box[0]], [box[3], box[2]]],
    { paddingTopLeft: [pad[0], pad[1]], paddingBottomRight: [pad[2], pad[3]], animate: false, maxZoom: most || 13 });
}

/* Scale and centre (world units) of a view of w × h px with no bare margin beyond the land and sea that is there,
   where at most twice the scale does it. */
export function filledView(scale, x, y, w, h) {
  var box = page.backdrop.box;
  if (!box || (page.data.basemap && page.data.basemap.url)) return { scale: scale, x: x, y: y };
  var west = worldX(box[0]), east = worldX(box[2]), north = worldY(box[3]), south = worldY(box[1]);
  var needed = Math.max(w / (east - west), h / (south - north));
  if (needed > scale && needed <= 2 * scale) scale = needed;
  return { scale: scale, x: inside(x, west, east, w / scale), y: inside(y, north, south, h / scale) };
}

function inside(middle, low, high, width) {
  if (high - low <= width) return high - low < width * (1 - 1e-6) ? middle : (low + high) / 2;
  return Math.max(low + width / 2, Math.min(high - width / 2, middle));
}

/* Move, and where it must be come nearer, so that no bare margin shows; a heart, [lon, lat], stays clear of the sides. */
export function fillView(heart) {
  var map = page.map, crs = map.options.crs, size = map.getSize(), c = map.getCenter(), scale = crs.scale(map.getZoom());
  var wider = filledView(scale, worldX(c.lng), worldY(c.lat), size.x, size.y).scale;
  var zoom = Math.ceil(Math.log2(wider / crs.scale(0)) * 4 - 1e-6) / 4;
  scale = crs.scale(zoom);
  var off = 0.3 * size.x / scale, x = worldX(c.lng);
  if (heart) x = Math.max(worldX(heart[0]) - off, Math.min(worldX(heart[0]) + off, x));
  var at = filledView(scale, x, worldY(c.lat), size.x, size.y);
  map.setView([latOf(at.y), lonOf(at.x)], zoom, { animate: false });
}

/* The opening view. What a page says is its heart stays clear of the sides. */
export function goHome() {
  fitBox(page.data.bounds, 15);
  fillView(hooks.heart && hooks.heart());
}

/* Whether a view's centre lies where there is something to see. */
function onMap(lat, lon) {
  var box = page.backdrop.box;
  return !box || (lon >= box[0] && lon <= box[2] && lat >= box[1] && lat <= box[3]);
}

function openView(map, data, state) {
  var parts = (state.v || "").split("/").map(Number);
  if (parts.length === 3 && parts.every(isFinite) && onMap(parts[1], parts[2])) map.setView([parts[1], parts[2]], parts[0], { animate: false });
  else {
    goHome();
    /* a link to a feature opens on it */
    if (hooks.atFirst) hooks.atFirst();
  }
}

export function zoomTools(map) {
  var group = el("div", { class: "zoom", role: "group" });
  [["+", "zoom_in", function () { map.zoomIn(); }], ["−", "zoom_out", function () { map.zoomOut(); }],
    ["⤢", "whole", function () { goHome(); }]].forEach(function (row) {
    group.appendChild(labelled(el("button", { type: "button", onclick: row[2] }, row[0]), /** @type {string} */ (row[1])));
  });
  labelled(group, "zoom");
  document.getElementById("app").appendChild(group);
}

/* A bar of a round length at the middle of the map, and its length in words. */
export function scaleLength(metresPerPixel, most) {
  var length = metresPerPixel * most, power = Math.pow(10, Math.floor(Math.log10(length)));
  var round = [5, 2, 1].map(function (step) { return step * power; }).find(function (value) { return value <= length; });
  return { metres: round, pixels: round / metresPerPixel, text: round >= 1000 ? round / 1000 + " km" : round + " m" };
}

export function metresPerPixel(map) {
  return 40075016.686 * Math.cos(map.getCenter().lat * Math.PI / 180) / map.options.crs.scale(map.getZoom());
}

export function scaleBar(map) {
  var bar = el("div", { class: "scalebar" }), text = el("span"), line = el("i", { "aria-hidden": "true" });
  bar.appendChild(line);
  bar.appendChild(text);
  document.getElementById("app").appendChild(bar);
  map.on("zoomend moveend", function () {
    var scale = scaleLength(metresPerPixel(map), 110);
    line.style.width = scale.pixels.toFixed(1) + "px";
    text.textContent = scale.text;
  });
}
