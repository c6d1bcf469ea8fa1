/* Out of the page: print sheet, PNG, SVG. All are painted by the code that paints the screen. */
import { download, el, emptied } from "../core/dom.js";
import { listen } from "../core/events.js";
import { urlState } from "../core/hash.js";
import { latOf, worldX, worldY } from "../core/mercator.js";
import { formatNumber } from "../core/numbers.js";
import { own } from "../core/own.js";
import { hooks, page } from "../core/page.js";
import { labelled, makeButton, pick, spoken, ui } from "../core/words.js";
import { paintGround } from "../map/canvas.js";
import { covered, filledView, paintAll, scaleLength, tells } from "../map/frame.js";
import { sampleOf } from "../map/symbols.js";
import { sourceList } from "./panel.js";

/* The map's picture: pixels, its width on paper in metres; and the rows of a table there is room for beside it. */
var PAPER = { A4: [816, 540, 0.204, 16], A3: [1300, 900, 0.325, 38], A1: [2730, 1940, 0.73, 60] };
/* Sizes across, mm: a style sheet knows no A1 by name. */
var PAGE = { A4: "297mm 210mm", A3: "420mm 297mm", A1: "841mm 594mm" };
/* Of each of two maps beside each other. */
var PAIR = { A4: [522, 464, 0.1365], A3: [832, 700, 0.198], A1: [1560, 1640, 0.36] };
/* Scales a sheet may have: these, times a power of ten. */
var ROUND = [1, 1.2, 1.25, 1.5, 1.8, 2, 2.2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10];
var AROUND_M = 40075016.686;

/* Metres on the ground a metre on paper, of a view `wide` px broad on `metres` of paper. */
function ratioOf(view, wide, metres) {
  var lat = latOf((view.oy + view.h / 2) / view.scale);
  return AROUND_M * Math.cos(lat * Math.PI / 180) / view.scale * wide / metres;
}

/* The next round scale at or above a ratio, and the last at or below it. */
function roundAbove(ratio) {
  var power = Math.pow(10, Math.floor(Math.log10(ratio)));
  return ROUND.find(function (one) { return one * power >= ratio * (1 - 1e-9); }) * power;
}
function roundBelow(ratio) {
  var power = Math.pow(10, Math.floor(Math.log10(ratio)));
  return ROUND.slice().reverse().find(function (one) { return one * power <= ratio * (1 + 1e-9); }) * power;
}

/* The view of a sheet: its scale is the next round one, or the last before a bare margin would show. */
function sheetView(frame) {
  var view = viewFor(frame[0], frame[1]), ratio = ratioOf(view, frame[0], frame[2]), round = roundAbove(ratio);
  var smaller = view.scale * ratio / round, filled = filledView(smaller, 0, 0, view.w, view.h).scale;
  if (filled > smaller * (1 + 1e-9)) round = roundBelow(view.scale * ratio / filled);
  var x = (view.ox + view.w / 2) / view.scale, y = (view.oy + view.h / 2) / view.scale, scale = view.scale * ratio / round;
  var at = filledView(scale, x, y, view.w, view.h);
  x = at.x;
  y = at.y;
  return { scale: scale, zoom: Math.log2(scale / page.map.options.crs.scale(0)), w: view.w, h: view.h, ox: x * scale - view.w / 2, oy: y * scale - view.h / 2, sheet: true, ratio: round };
}

function viewFor(w, h) {
  var map = page.map, crs = map.options.crs, size = map.getSize(), pad = covered();
  var grow = Math.min(w / (size.x - pad[0] - pad[2]), h / (size.y - pad[1] - pad[3]));
  /* the middle of what panels leave free */
  var c = map.containerPointToLatLng([(size.x + pad[0] - pad[2]) / 2, (size.y + pad[1] - pad[3]) / 2]);
  var at = filledView(crs.scale(map.getZoom()) * grow, worldX(c.lng), worldY(c.lat), w, h);
  return { scale: at.scale, zoom: Math.log2(at.scale / crs.scale(0)), w: w, h: h, ox: at.x * at.scale - w / 2, oy: at.y * at.scale - h / 2, sheet: true };
}

function furniture(ctx, view) {
  var latitude = page.map.getCenter().lat * Math.PI / 180;
  var bar = scaleLength(AROUND_M * Math.cos(latitude) / view.scale, 150), x = 16, y = view.h - 18;
  ctx.setLineDash([]);
  ctx.globalAlpha = 0.85;
  ctx.fillStyle = "#ffffff";
  ctx.fillRect(x - 8, y - 24, bar.pixels + 16, 32);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = ctx.fillStyle = page.tokens.ground.text;
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.moveTo(x, y - 5); ctx.lineTo(x, y); ctx.lineTo(x + bar.pixels, y); ctx.lineTo(x + bar.pixels, y - 5);
  ctx.stroke();
  ctx.font = "600 12px " + page.tokens.font;
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  ctx.fillText(bar.text, x + 4, y - 6);
  ctx.textAlign = "center";
  ctx.fillText(ui("north"), view.w - 22, 42);
  ctx.beginPath();
  ctx.moveTo(view.w - 22, 8); ctx.lineTo(view.w - 16, 26); ctx.lineTo(view.w - 22, 22); ctx.lineTo(view.w - 28, 26);
  ctx.closePath();
  ctx.fill();
}

export function toCanvas(w, h, dpr, given) {
  var canvas = document.createElement("canvas"), ctx = canvas.getContext("2d"), view = given || viewFor(w, h);
  canvas.width = w * dpr;
  canvas.height = h * dpr;
  ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
  paintAll(ctx, view);
  furniture(ctx, view);
  return canvas;
}

function note() {
  var meta = page.data.meta;
  var base = page.data.basemap;
  return [base && !base.url ? pick(base.note) : ui("backdrop"), meta.approval ? ui("approval") + " " + meta.approval : "", meta.author, meta.date,
    ui("hash") + " " + page.data.hash].filter(Boolean).join(" · ");
}

function withCaption(w, h, dpr) {
  var map = toCanvas(w, h, dpr), canvas = document.createElement("canvas"), ctx = canvas.getContext("2d");
  canvas.width = w * dpr;
  canvas.height = (h + 84) * dpr;
  ctx.scale(dpr, dpr);
  ctx.fillStyle = "#ffffff";
  ctx.fillRect(0, 0, w, h + 84);
  ctx.drawImage(map, 0, 60, w, h);
  ctx.fillStyle = page.tokens.ground.text;
  ctx.textBaseline = "middle";
  ctx.font = "600 18px " + page.tokens.font;
  ctx.fillText(heading(), 14, 20, w - 28);
  ctx.font = "12px " + page.tokens.font;
  ctx.fillText(tells(), 14, 44, w - 28);
  ctx.fillText(note(), 14, h + 72, w - 28);
  return canvas;
}

function heading() { return pick(page.data.title) + (hooks.subtitle ? " — " + hooks.subtitle() : ""); }

/* A drawing surface with the calls the painters make, that writes SVG. */
function Svg(w, h) {
  this.w = w; this.h = h; this.out = []; this.path = []; this.dash = [];
  this.globalAlpha = 1; this.lineWidth = 1; this.strokeStyle = this.fillStyle = "#000000";
  this.lineCap = "butt"; this.lineJoin = "miter"; this.textAlign = "left"; this.textBaseline = "alphabetic"; this.font = "12px sans-serif";
  this.turns = "";
  this.ruler = document.createElement("canvas").getContext("2d");
}
function n(value) { return String(Math.round(value * 10) / 10); }
function xml(text) { return String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;"); }
Svg.prototype = {
  beginPath: function () { this.path = []; },
  moveTo: function (x, y) { this.path.push("M" + n(x) + " " + n(y)); },
  lineTo: function (x, y) { this.path.push("L" + n(x) + " " + n(y)); },
  closePath: function () { this.path.push("Z"); },
  rect: function (x, y, w, h) { this.path.push("M" + n(x) + " " + n(y) + "h" + n(w) + "v" + n(h) + "h" + n(-w) + "Z"); },
  arc: function (x, y, r, a, b) {
    var p = function (t) { return n(x + r * Math.cos(t)) + " " + n(y + r * Math.sin(t)); }, middle = (a + b) / 2;
    this.path.push((this.path.length && b - a < 6.28 ? "L" : "M") + p(a) + "A" + n(r) + " " + n(r) + " 0 0 1 " + p(middle) + "A" + n(r) + " " + n(r) + " 0 0 1 " + p(b));
  },
  setLineDash: function (dash) { this.dash = dash; },
  /* a group a turned text stands in */
  save: function () { this.out.push("<g>"); this.turns = ""; },
  translate: function (x, y) { this.turns += "translate(" + n(x) + " " + n(y) + ")"; this.turn(); },
  rotate: function (angle) { this.turns += "rotate(" + n(angle * 180 / Math.PI) + ")"; this.turn(); },
  turn: function () { this.out[this.out.length - 1] = '<g transform="' + this.turns + '">'; },
  restore: function () { this.out.push("</g>"); },
  setTransform: function () {}, clearRect: function () {},
  paint: function (fill, rule) {
    if (!this.path.length) return;
    var look = fill ? 'fill="' + this.fillStyle + '"' + (rule === "evenodd" ? ' fill-rule="evenodd"' : "")
      : 'fill="none" stroke="' + this.strokeStyle + '" stroke-width="' + n(this.lineWidth) + '" stroke-linecap="' + this.lineCap + '" stroke-linejoin="' + this.lineJoin + '"' +
        (this.dash.length ? ' stroke-dasharray="' + this.dash.map(n).join(" ") + '"' : "");
    this.out.push('<path d="' + this.path.join("") + '" ' + look + (this.globalAlpha < 1 ? ' opacity="' + this.globalAlpha + '"' : "") + "/>");
  },
  fill: function (rule) { this.paint(true, rule); },
  stroke: function () { this.paint(false); },
  fillRect: function (x, y, w, h) { this.beginPath(); this.rect(x, y, w, h); this.fill(); },
  strokeRect: function (x, y, w, h) { this.beginPath(); this.rect(x, y, w, h); this.stroke(); },
  measureText: function (text) { this.ruler.font = this.font; return this.ruler.measureText(text); },
  text: function (text, x, y, look) {
    var parts = /^(?:italic )?(?:(\d+) )?([\d.]+)px (.*)$/.exec(this.font) || [0, "400", "12", "sans-serif"], shift = { middle: 0.35, bottom: -0.15 }[this.textBaseline] || 0;
    this.out.push('<text x="' + n(x) + '" y="' + n(y + shift * Number(parts[2])) + '" font-family="' + xml(parts[3]) + '" font-size="' + parts[2] + '" font-weight="' + (parts[1] || 400) +
      '" text-anchor="' + ({ center: "middle", right: "end" }[this.textAlign] || "start") + '" ' + look + ">" + xml(text) + "</text>");
  },
  drawImage: function (image, x, y, w, h) {
    this.out.push('<image x="' + n(x) + '" y="' + n(y) + '" width="' + n(w) + '" height="' + n(h) + '" preserveAspectRatio="none" href="' + xml(image.src) + '"/>');
  },
  fillText: function (text, x, y) { this.text(text, x, y, 'fill="' + this.fillStyle + '"'); },
  strokeText: function (text, x, y) {
    this.text(text, x, y, 'fill="none" stroke="' + page.tokens.ground.land + '" stroke-width="' + n(this.lineWidth) + '" stroke-linejoin="round"');
  }
};

export function toSvg(w, h) {
  var ctx = new Svg(w, h), view = viewFor(w, h);
  paintAll(ctx, view);
  furniture(ctx, view);
  return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ' + w + " " + h + '" width="' + w + '" height="' + h + '"><title>' + xml(heading()) +
    "</title><desc>" + xml(note()) + '</desc><defs><clipPath id="frame"><rect width="' + w + '" height="' + h + '"/></clipPath></defs><g clip-path="url(#frame)">' + ctx.out.join("\n") + "</g></svg>";
}

export function sheetTools() {
  var paper = labelled(el("select", { id: "paper" }, Object.keys(PAPER).map(function (name) { return el("option", { value: name }, name); })), "paper");
  var menu = el("div", { class: "menu-list", hidden: true, id: "export-menu" }, [
    makeButton({}, "png", function () {
      withCaption(1600, 1000, 2).toBlob(function (blob) { download(name("png"), blob); });
    }),
    makeButton({}, "svg", function () { download(name("svg"), new Blob([toSvg(1600, 1000)], { type: "image/svg+xml" })); }),
    makeButton({}, "print", function () { window.print(); }),
    el("label", {}, [spoken("span", {}, "paper"), paper])
  ]);
  var button = makeButton({ class: "tool", "aria-expanded": "false", "aria-controls": "export-menu" }, "export", function () {
    menu.hidden = !menu.hidden;
    button.setAttribute("aria-expanded", String(!menu.hidden));
  });
  var around = el("div", { class: "menu-box" }, [button, menu]);
  function close(back) {
    if (menu.hidden) return;
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  }
  around.addEventListener("keydown", function (event) { if (event.key === "Escape") { event.stopPropagation(); close(true); } });
  document.addEventListener("pointerdown", function (event) { if (!around.contains(/** @type {Node} */ (event.target))) close(false); });
  page.tools.insertBefore(around, page.tools.lastChild);
  var sheet = el("section", { class: "print-sheet", "aria-hidden": "true" }), rules = /** @type {CSSStyleSheet} */ (document.styleSheets[0]), size = rules.insertRule("@page{margin:10mm}", rules.cssRules.length);
  document.body.appendChild(sheet);
  function prepare() {
    var pair = hooks.sheetViews ? hooks.sheetViews() : null, frame = (pair ? PAIR : PAPER)[paper.value];
    rules.deleteRule(size);
    rules.insertRule("@page{size:" + PAGE[paper.value] + ";margin:10mm}", size);
    emptied(sheet);
    sheet.appendChild(el("h1", {}, heading()));
    sheet.appendChild(el("p", { class: "under" }, tells()));
    var view = null;
    sheet.dataset.paper = paper.value;
    sheet.classList.toggle("two", Boolean(pair));
    (pair || [{ told: "", use: function () {} }]).forEach(function (one) {
      one.use();
      view = sheetView(frame);
      var image = el("img", { src: toCanvas(frame[0], frame[1], 2, view).toDataURL("image/png"), alt: one.told || heading() });
      sheet.appendChild(pair ? el("figure", {}, [el("figcaption", {}, one.told), image]) : image);
    });
    if (pair) hooks.sheetDone();
    var legend = el("div", { class: "print-legend" });
    (hooks.legendRows ? hooks.legendRows(true) : []).forEach(function (row) {
      legend.appendChild(el("div", { class: "sample" }, [sampleOf(row[0], row[1], row[2], row[3]), typeof row[4] === "function" ? row[4]() : ui(row[4])]));
    });
    var base = page.data.basemap, notes = [base && !base.url ? pick(base.note) : ui("backdrop"), ui("hash") + " " + page.data.hash];
    if (pair) sheet.appendChild(el("ul", { class: "print-notes" }, hooks.sheetNotes().map(function (text) { return el("li", {}, text); })));
    sheet.appendChild(el("div", { class: "print-side" }, [titleBlock(view, paper.value), pair ? null : inset(view), el("h2", {}, ui("legend")), legend, hooks.printRows && !pair ? shortened(hooks.printRows(), frame[3]) : null,
      el("div", { class: "notes" }, notes.map(function (text) { return el("p", { class: "small" }, text); }))]));
    var used = Array.prototype.map.call(sourceList(true).children, function (item) { return item.textContent; });
    sheet.appendChild(el("p", { class: "small whole" }, ui("sources") + ": " + used.join("; ")));
  }
  /* What a sheet that is signed carries: name, number, who made it, approval, date, scale, coordinates. */
  function titleBlock(view, name) {
    var meta = page.data.meta, space = "　　　　　　", list = el("dl", { class: "title-block" });
    [["sheet_name", heading()], ["sheet_number", meta.number || space], ["sheet_author", meta.author || space], ["approval", meta.approval || space],
      ["date", meta.date || space], ["sheet_scale", ui("scale", formatNumber(view.ratio, 0), name)], ["sheet_datum", ui("sheet_datum_is")]].forEach(function (row) {
      list.appendChild(el("dt", {}, ui(row[0])));
      list.appendChild(el("dd", {}, row[1]));
    });
    return list;
  }
  /* Where the sheet lies in the region. */
  function inset(view) {
    var box = page.backdrop.box;
    if (!box) return null;
    var canvas = document.createElement("canvas"), ctx = canvas.getContext("2d"), w = 250, west = worldX(box[0]), east = worldX(box[2]), north = worldY(box[3]), south = worldY(box[1]);
    var scale = w / (east - west), h = Math.round((south - north) * scale);
    canvas.width = 2 * w;
    canvas.height = 2 * h;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", ui("sheet_inset"));
    ctx.scale(2, 2);
    paintGround(ctx, { scale: scale, ox: west * scale, oy: north * scale, w: w, h: h, zoom: Math.log2(scale / page.map.options.crs.scale(0)) });
    ctx.setLineDash([]);
    ctx.strokeStyle = page.tokens.ground.focus;
    ctx.lineWidth = 2;
    ctx.strokeRect((view.ox / view.scale - west) * scale, (view.oy / view.scale - north) * scale, view.w / view.scale * scale, view.h / view.scale * scale);
    return el("figure", { class: "inset" }, [canvas, el("figcaption", {}, ui("sheet_inset"))]);
  }
  function shortened(table, most) {
    while (table.rows.length > most + 1) table.deleteRow(-1);
    return table;
  }
  window.addEventListener("beforeprint", prepare);
  page.prepareSheet = prepare;
  /* `sheet=A3` shows the sheet alone, for a browser that makes a file of it. */
  var asked = urlState.values.sheet;
  if (!asked || !own(PAPER, asked)) return;
  paper.value = asked;
  Array.prototype.forEach.call(document.styleSheets, function (one) {
    Array.prototype.forEach.call(one.cssRules, function (rule) { if (rule.media && rule.media.mediaText === "print") rule.media.mediaText = "all"; });
  });
  document.body.classList.add("sheet");
  listen("drawn", prepare);
}

/* A file is called after what it shows, in the language it speaks. */
function name(ending) { return heading().replace(/[\s\/\\:*?"<>|,，、（）()—·]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 90) + "." + ending; }
