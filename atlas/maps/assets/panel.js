/* The side panel: layers by group with counts, corridor filter, legend, search, sources. */
"use strict";
(function () {
  Atlas.section = function (key, nodes, open) {
    var box = Atlas.el("details", { class: "section", open: open !== false });
    box.appendChild(Atlas.say("summary", {}, key));
    nodes.forEach(function (node) { box.appendChild(node); });
    Atlas.panel.appendChild(box);
    return box;
  };

  Atlas.layerControl = function () {
    var wanted = Atlas.state.values.l;
    if (wanted !== undefined) {
      var on = wanted.split(",");
      Atlas.layers.forEach(function (layer) { layer.on = on.indexOf(layer.key) >= 0; });
    }
    var groups = {}, nodes = [];
    Atlas.layers.forEach(function (layer) { (groups[layer.group] = groups[layer.group] || []).push(layer); });
    Object.keys(Atlas.words.groups).concat(Object.keys(groups)).forEach(function (name) {
      if (!groups[name]) return;
      var set = Atlas.el("fieldset", {}, Atlas.say("legend", {}, function () { return Atlas.word("groups", name); }));
      groups[name].forEach(function (layer) { set.appendChild(layerRow(layer)); });
      nodes.push(set);
      delete groups[name];
    });
    return Atlas.section("layers", nodes);
  };

  function layerRow(layer) {
    var box = Atlas.el("input", { type: "checkbox", checked: layer.on, "data-layer": layer.key });
    box.addEventListener("change", function () {
      layer.on = box.checked;
      Atlas.state.write({ l: Atlas.layers.filter(function (one) { return one.on; }).map(function (one) { return one.key; }).join(",") });
      Atlas.fire("filter");
    });
    /* the kind drawn widest stands for a layer of lines, the first for one of points */
    var kinds = Object.keys(layer.symbols), symbol = layer.symbols[kinds.reduce(function (best, kind) {
      return layer.geometry === "LineString" && layer.symbols[kind][1] > layer.symbols[best][1] ? kind : best;
    }, kinds[0])];
    var swatch = Atlas.symbols.swatch(layer.geometry, { color: symbol[0], width: symbol[1], form: symbol[2], alpha: symbol[4] }, "operating", false);
    var count = Atlas.say("span", { class: "count" }, function () {
      var shown = 0;
      for (var row = 0; row < layer.size; row++) if (layer.visible(row)) shown++;
      return shown === layer.size ? String(shown) : shown + " / " + layer.size;
    });
    Atlas.on("filter", function () { count.textContent = count.saidText(); });
    return Atlas.el("label", { class: "row" }, [box, swatch, Atlas.say("span", { class: "name" }, function () { return Atlas.pick(layer.title); }), count]);
  }

  Atlas.corridorFilter = function () {
    var corridors = Atlas.data.plan.corridors, ids = Object.keys(corridors);
    if (!ids.length) return;
    var select = Atlas.label(Atlas.el("select", { id: "corridor" }), "corridor");
    function fill() {
      var chosen = select.value || Atlas.state.values.c || "";
      Atlas.empty(select).appendChild(Atlas.el("option", { value: "" }, Atlas.t("all_corridors")));
      ids.forEach(function (id) {
        var item = Atlas.data.plan.items[id];
        select.appendChild(Atlas.el("option", { value: id, selected: id === chosen }, Atlas.pick(item.n)));
      });
    }
    fill();
    Atlas.on("lang", fill);
    Atlas.corridor = function () { return select.value ? corridors[select.value] : null; };
    select.addEventListener("change", function () {
      Atlas.state.write({ c: select.value });
      Atlas.fire("filter");
    });
    Atlas.section("corridor", [select]);
  };

  /* Samples drawn by the code that draws the map; rows: [geometry, symbol, status, soft, text function]. */
  Atlas.legend = function (rows, host) {
    rows.forEach(function (row) {
      host.appendChild(Atlas.el("div", { class: "sample" }, [Atlas.symbols.swatch(row[0], row[1], row[2], row[3]), Atlas.say("span", {}, row[4])]));
    });
    return host;
  };

  Atlas.statusLegend = function () {
    var line = { color: Atlas.tokens.ground.text, width: 2.4, form: "plain", alpha: 1 };
    var rows = ["operating", "under_construction", "preliminary", "planned"].map(function (status) {
      return ["LineString", line, status, false, function () { return Atlas.word("status", status); }];
    });
    rows.push(["LineString", { color: Atlas.tokens.ground.accent, width: 2.4, form: "cased", alpha: 1 }, "operating", true, "schematic"]);
    rows.push(["LineString", { color: Atlas.tokens.ground.accent, width: 2.4, form: "plain", alpha: 1 }, "planned", "band", "indicative"]);
    return rows;
  };

  /* A sheet explains what it shows, so it passes over layers that are off. */
  Atlas.kindLegend = function (sheet) {
    var rows = [];
    Atlas.layers.forEach(function (layer) {
      if (sheet && !layer.on) return;
      var one = Object.keys(layer.symbols).every(function (kind) { return layer.symbols[kind].join() === layer.symbols[Object.keys(layer.symbols)[0]].join(); });
      Object.keys(layer.symbols).forEach(function (kind) {
        if (!kind || layer.key === "places" || layer.key === "interchanges" || layer.key === "rail_services") return;
        var s = layer.symbols[kind];
        if (rows.some(function (row) { return row[5] === s.join() + layer.geometry; })) return;
        rows.push([layer.geometry, { color: s[0], width: s[1], form: s[2], alpha: s[4] }, "operating", false,
          function () { return one ? Atlas.pick(layer.title) : (layer.geometry === "Point" ? Atlas.pick(layer.title) + " · " : "") + Atlas.word("kinds", kind); }, s.join() + layer.geometry]);
      });
    });
    return rows;
  };

  Atlas.sourceList = function (sheet) {
    var list = Atlas.el("ul", { class: "sources" }), used = {};
    Atlas.layers.forEach(function (layer) {
      if (sheet && !layer.on) return;
      for (var row = 0; row < layer.size; row++) used[layer.get("source", row)] = true;
    });
    Object.keys(used).sort().forEach(function (key) {
      if (Atlas.data.sources[key]) list.appendChild(Atlas.say("li", {}, function () { return Atlas.sourceWords(key); }));
    });
    list.appendChild(Atlas.say("li", {}, "land_credit"));
    return list;
  };

  /* Search by Chinese, English, alias, number or pinyin; arrows and Enter choose. */
  Atlas.searchBox = function (choose) {
    var input = Atlas.el("input", { type: "search", id: "search", role: "combobox", "aria-expanded": "false", "aria-controls": "hits", autocomplete: "off" });
    Atlas.label(input, "search");
    Atlas.label(input, "search", "placeholder");
    var list = Atlas.el("ul", { id: "hits", role: "listbox", hidden: true }), found = [], active = -1;
    Atlas.label(list, "hits");
    function plain(text) { return String(text || "").toLowerCase().replace(/[\s'’·—-]/g, ""); }
    var index = null;
    function build() {
      index = [];
      Atlas.layers.forEach(function (layer) {
        if (layer.key === "rail_services") return;
        for (var row = 0; row < layer.size; row++) {
          var name = layer.name(row);
          index.push({ layer: layer, row: row, names: [name[0], name[1], layer.get("pinyin", row), layer.get("ref", row)]
            .concat(String(layer.get("aliases", row) || "").split(";")).map(plain).filter(Boolean) });
        }
      });
    }
    function rank(entry, wanted) {
      var best = 9;
      entry.names.forEach(function (name) {
        var at = name.indexOf(wanted);
        if (at >= 0) best = Math.min(best, name === wanted ? 0 : at === 0 ? 1 : 2);
      });
      return best < 9 ? best * 10 + (entry.layer.key === "places" ? 0 : entry.layer.key === "interchanges" ? 5 : 2) : 99;
    }
    function look() {
      var wanted = plain(input.value);
      if (!index) build();
      found = wanted ? index.map(function (entry) { return [rank(entry, wanted), entry]; })
        .filter(function (pair) { return pair[0] < 99; }).sort(function (a, b) { return a[0] - b[0]; }).slice(0, 12) : [];
      active = -1;
      Atlas.empty(list);
      found.forEach(function (pair, i) {
        var entry = pair[1], name = entry.layer.name(entry.row);
        var item = Atlas.el("li", { role: "option", id: "hit-" + i, "aria-selected": "false" }, [
          Atlas.el("b", {}, Atlas.pick(name)), " ", Atlas.el("small", {}, [Atlas.other(name), Atlas.pick(entry.layer.title)].filter(Boolean).join(" · "))]);
        item.addEventListener("mousedown", function (event) { event.preventDefault(); pickHit(i); });
        list.appendChild(item);
      });
      if (wanted && !found.length) list.appendChild(Atlas.el("li", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, Atlas.t("no_hit")));
      list.hidden = !wanted;
      input.setAttribute("aria-expanded", String(Boolean(wanted)));
    }
    function pickHit(i) {
      var entry = found[i][1];
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.value = Atlas.pick(entry.layer.name(entry.row));
      choose(entry.layer, entry.row);
    }
    input.addEventListener("input", look);
    input.addEventListener("blur", function () { list.hidden = true; input.setAttribute("aria-expanded", "false"); });
    input.addEventListener("keydown", function (event) {
      if (event.key === "Enter" && found.length) pickHit(Math.max(active, 0));
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      if (!found.length) return;
      active = (active + (event.key === "ArrowDown" ? 1 : found.length - 1 + (active < 0))) % found.length;
      Array.prototype.forEach.call(list.children, function (item, i) { item.setAttribute("aria-selected", String(i === active)); });
      input.setAttribute("aria-activedescendant", "hit-" + active);
    });
    Atlas.finder.appendChild(input);
    Atlas.finder.appendChild(list);
  };

  Atlas.centre = function (layer, row, zoom) {
    var b = layer.shapes.boxes, i = 4 * row;
    var box = [Atlas.lonOf(b[i]), Atlas.latOf(b[i + 3]), Atlas.lonOf(b[i + 2]), Atlas.latOf(b[i + 1])];
    Atlas.fit(box, zoom || 11.5, Atlas.coveredByCard());
  };
})();
