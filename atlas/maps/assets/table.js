/* The same content as a table, for those who read rather than look. */
"use strict";
(function () {
  var MOST = 400;

  /* columns: [{key, text, number}]; rows(): list of objects; choose(row). Returns the opening button. */
  Atlas.tableTool = function (columns, rows, choose) {
    var dialog = Atlas.el("dialog", { class: "sheet-dialog", id: "table" }), sort = { key: null, down: false };
    Atlas.label(dialog, "table_about");
    document.body.appendChild(dialog);
    function fill() {
      Atlas.empty(dialog);
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
      var head = Atlas.el("tr");
      columns.forEach(function (column) {
        var button = Atlas.el("button", { type: "button" }, Atlas.t(column.text));
        button.setAttribute("aria-label", Atlas.t("sort_by", Atlas.t(column.text)));
        button.addEventListener("click", function () {
          sort = { key: column.key, down: sort.key === column.key && !sort.down };
          fill();
        });
        head.appendChild(Atlas.el("th", { scope: "col", "aria-sort": sort.key !== column.key ? "none" : sort.down ? "descending" : "ascending" }, button));
      });
      var body = Atlas.el("tbody");
      list.slice(0, MOST).forEach(function (row) {
        var line = Atlas.el("tr");
        columns.forEach(function (column, i) {
          var value = row[column.key], text = value === null || value === undefined ? "" : typeof value === "number" && column.number ? Atlas.number(value, column.digits) : String(value);
          if (i === 0 && choose) {
            line.appendChild(Atlas.el("th", { scope: "row" }, Atlas.el("button", { type: "button", class: "link", onclick: function () { dialog.close(); choose(row); } }, text)));
          } else line.appendChild(Atlas.el("td", { class: column.number ? "number" : "" }, text));
        });
        body.appendChild(line);
      });
      dialog.appendChild(Atlas.el("div", { class: "dialog-head" }, [Atlas.el("h2", {}, Atlas.t("table_about")),
        Atlas.button({ class: "tool" }, "close", function () { dialog.close(); })]));
      if (list.length > MOST) dialog.appendChild(Atlas.el("p", {}, Atlas.t("table_cut", MOST)));
      dialog.appendChild(Atlas.el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": Atlas.t("table") }, Atlas.el("table", {}, [Atlas.el("thead", {}, head), body])));
    }
    var button = Atlas.button({ class: "tool", id: "open-table" }, "table", function () { fill(); dialog.showModal(); });
    Atlas.tools.insertBefore(button, Atlas.tools.firstChild);
    return button;
  };

  Atlas.featureRows = function () {
    var rows = [];
    Atlas.layers.forEach(function (layer) {
      if (!layer.on) return;
      for (var row = 0; row < layer.size; row++) {
        if (!layer.visible(row)) continue;
        rows.push({
          layer: layer, row: row, name: Atlas.pick(layer.name(row)), of: Atlas.pick(layer.title),
          kind: Atlas.word("kinds", layer.get("kind", row) || ""), status: layer.key === "places" ? "" : Atlas.word("status", layer.get("status", row) || "unknown"),
          opens: layer.get("opens_year", row), city: Atlas.word("cities", layer.get("city", row) || ""),
          km: layer.get("published_length_km", row) || layer.get("drawn_length_km", row)
        });
      }
    });
    return rows;
  };

  Atlas.featureColumns = [
    { key: "name", text: "name" }, { key: "of", text: "layer" }, { key: "kind", text: "kind" }, { key: "status", text: "status" },
    { key: "opens", text: "open_by" }, { key: "city", text: "city" }, { key: "km", text: "km", number: true, digits: 1 }
  ];
})();
