/* The same content as a table, for those who read rather than look. */
import { el, emptied } from "../core/dom.js";
import { formatNumber } from "../core/numbers.js";
import { page } from "../core/page.js";
import { labelled, makeButton, pick, ui, wordFor, wordsFor } from "../core/words.js";

/* Rows that are listed at once; the rest follows when asked for. */
var MOST = 400;

/* columns: [{key, text, number}]; rows(): list of objects; choose(row). Returns the opening button. */
export function tableTool(columns, rows, choose) {
  var dialog = el("dialog", { class: "sheet-dialog", id: "table" }), sort = { key: null, down: false };
  labelled(dialog, "table_about");
  document.body.appendChild(dialog);
  function fill(most) {
    var shown = most || MOST;
    emptied(dialog);
    var list = rows().slice();
    if (sort.key) {
      list.sort(function (a, b) {
        var x = a[sort.key], y = b[sort.key];
        if (x === null || x === undefined) return 1;
        if (y === null || y === undefined) return -1;
        var order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "zh");
        return sort.down ? -order : order;
      });
    }
    var head = el("tr");
    columns.forEach(function (column) {
      var button = el("button", { type: "button" }, ui(column.text));
      button.setAttribute("aria-label", ui("sort_by", ui(column.text)));
      button.addEventListener("click", function () {
        sort = { key: column.key, down: sort.key === column.key && !sort.down };
        fill();
      });
      head.appendChild(el("th", { scope: "col", "aria-sort": sort.key !== column.key ? "none" : sort.down ? "descending" : "ascending" }, button));
    });
    var body = el("tbody");
    list.slice(0, shown).forEach(function (row) {
      var line = el("tr");
      columns.forEach(function (column, i) {
        var value = row[column.key], text = value === null || value === undefined ? "" : typeof value === "number" && column.number ? formatNumber(value, column.digits) : String(value);
        if (i === 0 && choose) {
          line.appendChild(el("th", { scope: "row" }, el("button", { type: "button", class: "link", onclick: function () { dialog.close(); choose(row); } }, text)));
        } else line.appendChild(el("td", { class: column.number ? "number" : "" }, text));
      });
      body.appendChild(line);
    });
    dialog.appendChild(el("div", { class: "dialog-head" }, [el("h2", {}, ui("table_about")),
      makeButton({ class: "tool" }, "close", function () { dialog.close(); })]));
    dialog.appendChild(el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": ui("table") }, el("table", {}, [el("thead", {}, head), body])));
    if (list.length > shown) dialog.appendChild(makeButton({ class: "tool", id: "more-rows" }, function () { return ui("table_more", shown, list.length); }, function () { fill(list.length); }));
  }
  var button = makeButton({ class: "tool", id: "open-table" }, "table", function () { fill(); dialog.showModal(); });
  page.tools.insertBefore(button, page.tools.firstChild);
  return button;
}

export function featureRows() {
  var rows = [];
  page.layers.forEach(function (layer) {
    if (!layer.on) return;
    for (var row = 0; row < layer.size; row++) {
      if (!layer.visible(row)) continue;
      rows.push({
        layer: layer, row: row, name: pick(layer.name(row)), of: pick(layer.title),
        kind: wordFor("kinds", layer.get("kind", row) || ""), status: layer.key === "places" ? "" : wordFor("status", layer.get("status", row) || "unknown"),
        opens: layer.get("opens_basis", row) === "unknown" ? null : layer.get("opens_year", row), city: wordsFor("cities", layer.get("city", row) || ""),
        km: layer.get("published_length_km", row) || layer.get("drawn_length_km", row)
      });
    }
  });
  return rows;
}

export const featureColumns = [
  { key: "name", text: "name" }, { key: "of", text: "layer" }, { key: "kind", text: "kind" }, { key: "status", text: "status" },
  { key: "opens", text: "open_by" }, { key: "city", text: "city" }, { key: "km", text: "km", number: true, digits: 1 }
];
