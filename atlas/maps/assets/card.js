/* The card of one feature: what it is, its status, when it opens, where the plan says so, what that rests on. */
"use strict";
(function () {
  Atlas.marked = null;

  var opener = null;

  /* Close the card; the keyboard goes back to where it came from. */
  Atlas.closeCard = function () {
    if (!Atlas.cardHost.hidden && Atlas.cardHost.contains(document.activeElement) && opener && document.contains(opener)) opener.focus();
    Atlas.marked = null;
    Atlas.cardHost.hidden = true;
    Atlas.state.write({ f: null });
    if (Atlas.renderers) Atlas.redraw();
  };

  /* Show nodes in the card; the close button comes first so that the keyboard finds it. */
  Atlas.showCard = function (nodes, focus) {
    var active = document.activeElement, host = Atlas.cardHost;
    if (focus && active && active !== document.body && !host.contains(active)) opener = active;
    Atlas.empty(host);
    host.appendChild(Atlas.label(Atlas.el("button", { type: "button", class: "close", onclick: Atlas.closeCard }, "×"), "close"));
    nodes.forEach(function (node) { if (node) host.appendChild(node); });
    host.hidden = false;
    host.scrollTop = 0;
    if (focus) host.focus({ preventScroll: true });
  };

  Atlas.openFeature = function (hits, at, focus) {
    var hit = hits[at], layer = hit.layer, row = hit.row, el = Atlas.el;
    Atlas.marked = hit;
    Atlas.state.write({ f: layer.key + "/" + layer.get("id", row) });
    var name = layer.name(row), kind = layer.get("kind", row);
    var steps = hits.length < 2 ? null : el("div", { class: "steps" }, [
      Atlas.button({}, "previous", function () { Atlas.openFeature(hits, (at + hits.length - 1) % hits.length, true); }),
      el("span", {}, Atlas.t("of", at + 1, hits.length)),
      Atlas.button({}, "next", function () { Atlas.openFeature(hits, (at + 1) % hits.length, true); })
    ]);
    Atlas.showCard([
      el("p", { class: "kind" }, Atlas.pick(layer.title) + (kind ? " · " + Atlas.word("kinds", kind) : "")),
      el("h2", {}, Atlas.pick(name)),
      Atlas.other(name) ? el("p", { class: "under" }, Atlas.other(name)) : null,
      statusLine(layer, row), openingLine(layer, row), planLines(layer, row), factList(layer, row), sourceLine(layer, row), steps
    ], focus);
    Atlas.redraw();
  };

  function statusLine(layer, row) {
    var status = layer.get("status", row), asOf = layer.get("status_as_of", row);
    if (!status) return null;
    var line = Atlas.el("p", { class: "status" });
    line.appendChild(Atlas.symbols.swatch(layer.geometry, layer.symbol(row), status, Atlas.symbols.course(layer, row)));
    line.appendChild(document.createTextNode(Atlas.word("status", status) + (asOf ? " (" + Atlas.t("as_of", asOf) + ")" : "")));
    return line;
  }

  function openingLine(layer, row) {
    var opened = layer.get("opened", row), expected = layer.get("expected_open", row), year = layer.get("opens_year", row);
    if (layer.key === "places") return null;
    var text = Atlas.t("open_by") + " " + (opened || expected || Atlas.t("not_dated"));
    text += " (" + Atlas.t("basis_" + (layer.get("opens_basis", row) || "unknown")) + ")";
    text += Atlas.lang === "zh" ? "，" : ", ";
    text += Atlas.t(counted(layer, row, year), year);
    return Atlas.el("p", { class: "opening" }, text);
  }

  /* How a scenario counts a feature: nothing is said to count that does not. */
  function counted(layer, row, year) {
    if (layer.get("in_network", row) === false) return "counts_not";
    if (layer.get("passenger", row) === false && layer.key === "railways") return "counts_goods";
    if (layer.get("upgrades", row)) return year === null ? "counts_upgrade" : "counts_from";
    if (layer.get("course", row) === "indicative") return "counts_indicative";
    return year === null ? "counts_never" : "counts_from";
  }

  function planLines(layer, row) {
    var ids = String(layer.get("plan_ids", row) || "").split(";").filter(Boolean);
    var box = Atlas.el("div", { class: "plan" });
    ids.forEach(function (id) {
      var item = Atlas.data.plan.items[id];
      if (!item) return;
      box.appendChild(Atlas.el("blockquote", { lang: "zh-CN" }, item.w || item.n[0]));
      box.appendChild(Atlas.el("p", { class: "cite" }, Atlas.t("plan_wording") + " · " + item.s + " · " + Atlas.pick(item.n) + " (" + id + ")"));
    });
    if (!box.childNodes.length) box.appendChild(Atlas.el("p", { class: "cite" }, Atlas.t("not_in_plan")));
    return box;
  }

  function factList(layer, row) {
    var list = Atlas.el("dl", { class: "facts" }), facts = Atlas.words.facts;
    Object.keys(facts).forEach(function (name) {
      var value = layer.get(name, row);
      if (value === null || value === "") return;
      var text = typeof value === "boolean" ? Atlas.word("kinds", String(value))
        : typeof value === "number" ? (name === "pop_year" || name === "adcode" ? String(value) : Atlas.number(value))
        : String(value).split(";").map(function (part) { return Atlas.word("kinds", part); }).join(Atlas.lang === "zh" ? "、" : ", ");
      if (name === "city") text = String(value).split(";").map(function (part) { return Atlas.word("cities", part); }).join(Atlas.lang === "zh" ? "、" : ", ");
      list.appendChild(Atlas.el("dt", {}, Atlas.pick(facts[name])));
      list.appendChild(Atlas.el("dd", {}, text + (facts[name][2] ? " " + facts[name][2] : "")));
    });
    return list;
  }

  function sourceLine(layer, row) {
    var key = layer.get("source", row), note = layer.get("source_note", row);
    var text = Atlas.t("source") + (Atlas.lang === "zh" ? "：" : ": ") + Atlas.sourceWords(key);
    return Atlas.el("p", { class: "source" }, text + (note ? " — " + note : ""));
  }
})();
