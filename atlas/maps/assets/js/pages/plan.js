/* The plan list: every item with filters, sorting, its clause and what it rests on; what is listed goes out as a table. */
import { csvText } from "../core/csv.js";
import { download, el, emptied } from "../core/dom.js";
import { urlState } from "../core/hash.js";
import { NO_MATCH, learn, matchRank, plain } from "../core/match.js";
import { own } from "../core/own.js";
import { page } from "../core/page.js";
import { pick, wordFor } from "../core/words.js";
import { workbook } from "../core/xlsx.js";

var data = JSON.parse(document.getElementById("atlas-data").textContent), root = document.documentElement;
var form = document.getElementById("filters"), host = document.getElementById("list"), found = document.getElementById("found");
page.words = data.words;
page.lang = root.lang === "en" ? "en" : "zh";
learn(data.simple);
var items = Object.keys(data.items).map(function (id, i) {
  var item = data.items[id], number = /^\d+(\.\d+)*/.exec(item.s[0]);
  return { id: id, order: i, item: item, part: number ? number[0] : item.s[0], names: item.n.concat(item.a, item.v, id).map(plain) };
});
var sort = { key: "order", down: false }, open = Object.create(null);

function say(key) {
  var text = wordFor("plan_list", key);
  for (var i = 1; i < arguments.length; i++) text = text.replace("{}", String(arguments[i]));
  return text;
}
function statusOf(item) { return own(page.words.status, item.t) ? wordFor("status", item.t) : wordFor("item_status", item.t); }
function yearText(item) { return item.y === null ? say("undated") : String(item.y); }
function countText(item) {
  var text = wordFor("counts", item.c).replace("{}", item.cy === null ? "—" : String(item.cy));
  return item.x ? text + say("comma") + wordFor("count_course", item.x) : text;
}
function cityText(item) { return item.ct.map(function (city) { return wordFor("cities", city); }).join(say("comma")); }

/* Filters: key in the address, label, what an item has of it, its words. */
var STATUSES = ["operating", "partly_operating", "under_construction", "preliminary", "study", "planned", "concept", "reserved", "unknown"];
/** @type {any[]} */
var filters = [
  { key: "s", label: "section", of: function (row) { return [row.part]; }, word: String },
  { key: "k", label: "kind", of: function (row) { return [row.item.k]; }, word: function (value) { return wordFor("item_kind", value); } },
  { key: "c", label: "city", of: function (row) { return row.item.ct; }, word: function (value) { return wordFor("cities", value); } },
  { key: "st", label: "status", of: function (row) { return [row.item.t]; }, word: function (value) { return statusOf({ t: value }); }, order: STATUSES },
  { key: "y", label: "year", of: function (row) { return [row.item.y === null ? "none" : String(row.item.y)]; }, word: function (value) { return value === "none" ? say("undated") : value; } },
  { key: "b", label: "basis", of: function (row) { return [row.item.b]; }, word: function (value) { return wordFor("plan_basis", value); }, order: ["fact", "announced", "assumed", "unknown"] }
];
/** @type {any[]} */
var columns = [
  { key: "order", head: "number", width: 14, of: function (row) { return row.id; }, by: function (row) { return row.order; } },
  { key: "name", head: "name", width: 34, of: function (row) { return pick(row.item.n); } },
  { key: "kind", head: "kind", width: 14, of: function (row) { return wordFor("item_kind", row.item.k); } },
  { key: "section", head: "section", width: 24, of: function (row) { return pick(row.item.s); } },
  { key: "city", head: "city", width: 18, of: function (row) { return cityText(row.item); } },
  { key: "status", head: "status", width: 12, of: function (row) { return statusOf(row.item); }, by: function (row) { return STATUSES.indexOf(row.item.t); } },
  { key: "since", head: "since", width: 12, of: function (row) { return row.item.d; } },
  { key: "year", head: "year", width: 10, of: function (row) { return row.item.y === null ? "" : row.item.y; }, by: function (row) { return row.item.y === null ? 9999 : row.item.y; } },
  { key: "basis", head: "basis", width: 16, of: function (row) { return wordFor("plan_basis", row.item.b); } },
  { key: "counts", head: "counts", width: 34, of: function (row) { return countText(row.item); } }
];
/** @type {any[]} */
var further = [
  { head: "wording", width: 60, of: function (row) { return row.item.w; } },
  { head: "source", width: 50, of: function (row) { return row.item.q; } },
  { head: "features", width: 30, of: function (row) { return row.item.f.join(";"); } },
  { head: "reason", width: 30, of: function (row) { return pick(row.item.r); } }
];

var state = urlState.read();
function listed() {
  var wanted = plain(state.t);
  return items.filter(function (row) {
    return filters.every(function (one) { return !state[one.key] || one.of(row).indexOf(state[one.key]) >= 0; }) &&
      (!wanted || matchRank(row.names, wanted) < NO_MATCH);
  }).sort(function (a, b) {
    var column = columns.find(function (one) { return one.key === sort.key; }), by = column.by || column.of, x = by(a), y = by(b);
    var order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "zh");
    return (sort.down ? -order : order) || a.order - b.order;
  });
}

function drawFilters() {
  emptied(form);
  var search = el("input", { type: "search", id: "search", value: state.t || "", placeholder: say("search_hint") });
  search.addEventListener("input", function () { change("t", search.value); });
  form.appendChild(el("label", {}, [say("search"), search]));
  filters.forEach(function (one) {
    var counts = Object.create(null);
    items.forEach(function (row) { one.of(row).forEach(function (value) { counts[value] = (counts[value] || 0) + 1; }); });
    var values = Object.keys(counts).sort(function (a, b) {
      return one.order ? one.order.indexOf(a) - one.order.indexOf(b) : a === "none" ? 1 : b === "none" ? -1 : a.localeCompare(b, "zh", { numeric: true });
    });
    var select = el("select", { id: "filter-" + one.key }, [el("option", { value: "" }, say("all"))].concat(values.map(function (value) {
      return el("option", { value: value, selected: state[one.key] === value }, one.word(value) + " (" + counts[value] + ")");
    })));
    select.addEventListener("change", function () { change(one.key, select.value); });
    form.appendChild(el("label", {}, [say(one.label), select]));
  });
  form.appendChild(el("button", { type: "button", class: "clear", id: "clear", onclick: function () {
    filters.concat([{ key: "t" }]).forEach(function (one) { urlState.write({ [one.key]: null }); });
    drawFilters();
    draw();
  } }, say("clear")));
}
function change(key, value) {
  urlState.write({ [key]: value });
  draw();
}

function draw() {
  var rows = listed(), head = el("tr"), body = el("tbody");
  found.textContent = say("found", rows.length, items.length);
  columns.forEach(function (column) {
    var button = el("button", { type: "button", "data-sort": column.key, onclick: function () {
      sort = { key: column.key, down: sort.key === column.key && !sort.down };
      draw();
      host.querySelector('[data-sort="' + column.key + '"]').focus();
    } }, say(column.head));
    head.appendChild(el("th", { scope: "col", "aria-sort": sort.key !== column.key ? "none" : sort.down ? "descending" : "ascending" }, button));
  });
  rows.forEach(function (row) {
    var shown = Boolean(open[row.id]), line = el("tr", { "data-item": row.id });
    columns.forEach(function (column) {
      var text = column.of(row);
      if (column.key === "name") line.appendChild(el("th", { scope: "row" }, el("button", { type: "button", class: "open", "aria-expanded": String(shown), onclick: function () {
        open[row.id] = !shown;
        draw();
        host.querySelector('[data-item="' + row.id + '"] .open').focus();
      } }, text)));
      else line.appendChild(el("td", { class: column.key === "since" || column.key === "order" ? "date" : "" }, column.key === "year" ? yearText(row.item) : text));
    });
    body.appendChild(line);
    if (shown) body.appendChild(el("tr", { class: "detail" }, el("td", { colspan: columns.length }, detail(row))));
  });
  emptied(host).appendChild(el("table", {}, [el("caption", {}, say("caption")), el("thead", {}, head), body]));
}

function address(fragment) { return data.atlas + "#" + fragment + "&g=" + page.lang; }

/* Clause, source, how it counts, and the way to the map. */
function detail(row) {
  var item = row.item, list = el("dl");
  function add(key, node) {
    if (!node || (Array.isArray(node) && !node.length)) return;
    list.appendChild(el("dt", {}, say(key)));
    list.appendChild(el("dd", {}, node));
  }
  add("wording", item.w ? el("span", { lang: "zh-CN", class: "quote" }, item.w) : null);
  add("source", item.q);
  add("counts", countText(item));
  add("reason", pick(item.r));
  var map = [];
  if (data.atlas) map.push(el("a", { class: "to-map", href: address("p=" + row.id) }, say("show_on_map")));
  add("map", map);
  add("features", item.f.reduce(function (nodes, key) {
    var name = own(data.features, key) ? pick(data.features[key]) : key, of = own(data.layers, key.split("/")[0]);
    if (nodes.length) nodes.push(say("comma"));
    nodes.push(data.atlas ? el("a", { href: address("f=" + key) }, name) : name, of ? " (" + pick(of) + ")" : "");
    return nodes;
  }, []));
  return list;
}

function tableOut() {
  var all = columns.concat(further);
  return [all.map(function (column) { return say(column.head); })].concat(listed().map(function (row) { return all.map(function (column) { return column.of(row); }); }));
}
document.getElementById("csv").addEventListener("click", function () { download(say("file") + ".csv", new Blob([csvText(tableOut())], { type: "text/csv" })); });
document.getElementById("xlsx").addEventListener("click", function () {
  var widths = columns.concat(further).map(function (column) { return column.width; });
  download(say("file") + ".xlsx", new Blob([/** @type {BlobPart} */ (workbook(tableOut(), say("file"), widths))], { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" }));
});
form.addEventListener("submit", function (event) { event.preventDefault(); });
document.getElementById("language").addEventListener("click", function () {
  page.lang = root.lang === "en" ? "en" : "zh";
  urlState.write({ g: page.lang });
  drawFilters();
  draw();
});
page.lang = root.lang === "en" ? "en" : "zh";
drawFilters();
draw();
