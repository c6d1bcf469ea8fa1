/* The atlas page: every layer. */
"use strict";
Atlas.pages.atlas = function () {
  var candidates = Atlas.labelCandidates(Atlas.layers);
  Atlas.layers.forEach(function (layer) {
    layer.visible = function (row) {
      if (!Atlas.openIn(layer, row)) return false;
      var chosen = Atlas.corridor && layer.key !== "places" ? Atlas.corridor() : null;
      return !chosen || chosen.indexOf(layer.key + "/" + layer.get("id", row)) >= 0;
    };
  });
  Atlas.labelsOf = function () { return candidates; };
  Atlas.paints.push(function (ctx, view) {
    if (Atlas.marked) Atlas.paintMark(ctx, view, Atlas.marked.layer, Atlas.marked.row);
    Atlas.layers.forEach(function (layer) { if (layer.on) Atlas.paintLayer(ctx, view, layer); });
  });
  Atlas.searchBox(function (layer, row) {
    if (!layer.on) {
      layer.on = true;
      var box = document.querySelector('[data-layer="' + layer.key + '"]');
      if (box) box.checked = true;
    }
    Atlas.centre(layer, row);
    Atlas.openFeature([{ layer: layer, row: row }], 0, true);
    Atlas.fire("filter");
  });
  Atlas.layerControl();
  Atlas.corridorFilter();
  Atlas.legendRows = function (sheet) { return Atlas.statusLegend().concat(Atlas.kindLegend(sheet)); };
  Atlas.section("legend", [Atlas.legend(Atlas.legendRows(), Atlas.el("div", { class: "legend" }))], !Atlas.phone());
  Atlas.section("sources", [Atlas.sourceList()], false);
  Atlas.timeline();
  Atlas.tableTool(Atlas.featureColumns, Atlas.featureRows, function (row) {
    Atlas.centre(row.layer, row.row);
    Atlas.openFeature([{ layer: row.layer, row: row.row }], 0, true);
  });
  Atlas.sheetTools();
  var FACILITIES = ["railways", "highways", "cross_border_links", "stations", "ports", "airports"];
  Atlas.finding = function () {
    var all = 0, open = 0, building = 0;
    Atlas.layers.forEach(function (layer) {
      if (FACILITIES.indexOf(layer.key) < 0) return;
      all += layer.size;
      for (var row = 0; row < layer.size; row++) {
        var status = layer.get("status", row);
        if (Atlas.year === null ? status === "operating" : Atlas.openIn(layer, row)) open++;
        if (status === "under_construction") building++;
      }
    });
    if (!all) return "";
    return Atlas.year === null ? Atlas.t("finding_all", all, open, building, all - open - building) : Atlas.t("finding_year", Atlas.year, open, all);
  };
  Atlas.subtitle = function () { return Atlas.year === null ? Atlas.t("full") : Atlas.t("year_of", Atlas.year); };
  Atlas.on("filter", Atlas.redraw);
  Atlas.on("click", function (event) {
    var hits = Atlas.hits(Atlas.map, Atlas.layers, event.containerPoint, 9);
    if (hits.length) Atlas.openFeature(hits, 0, false);
    else Atlas.closeCard();
  });
  Atlas.on("lang", function () {
    if (Atlas.marked && !Atlas.cardHost.hidden) Atlas.openFeature([Atlas.marked], 0, false);
  });
  var asked = (Atlas.state.values.f || "").split("/");
  Atlas.layers.forEach(function (layer) {
    if (layer.key !== asked[0]) return;
    var found = Array.from({ length: layer.size }, function (_, row) { return row; }).find(function (row) { return layer.get("id", row) === asked.slice(1).join("/"); });
    if (found === undefined) return;
    Atlas.openFeature([{ layer: layer, row: found }], 0, false);
    Atlas.atFirst = function () { Atlas.centre(layer, found, 10.5); };
  });
};
