/* The compare page: two scenarios side by side in step, and one picture of what is gained, kept and lost. */
import { TOLERANCE_MIN } from "../core/bands.js";
import { el, emptied, phone } from "../core/dom.js";
import { listen } from "../core/events.js";
import { urlState } from "../core/hash.js";
import { wholeMinutes } from "../core/numbers.js";
import { hooks, page } from "../core/page.js";
import { inSentence, labelled, makeButton, pick, spoken, ui, wordFor } from "../core/words.js";
import { inView } from "../core/trace.js";
import { paintLayer } from "../map/canvas.js";
import { startPage, tell, usualCover } from "../map/frame.js";
import { redraw } from "../map/redraw.js";
import { labelCandidates } from "../map/labels.js";
import { twinMap } from "../map/twin.js";
import { addSection, centre, drawLegend, kindLegend, searchBox, sourceList, statusLegend } from "../parts/panel.js";
import { reachModel } from "../parts/reach.js";
import { sheetTools } from "../parts/sheet.js";
import { tableTool } from "../parts/table.js";

export function comparePage(data) {
  var places = page.layers[0], size = places.size, names = data.compare.scenarios, R0 = data.reaches[0];
  var models = data.reaches.map(function (R) { return reachModel(R, places); });
  var choice = { o: at(data.reaches.map(function (R) { return R.own; }), urlState.values.o), m: at(R0.modes, urlState.values.m, R0.opening[1]), k: at(R0.cutoffs.map(String), urlState.values.k, "120"), d: at(["pair", "one"], urlState.values.d) };
  var change = data.tokens.change;

  function at(list, asked, first) { return Math.max(0, list.indexOf(list.indexOf(asked) >= 0 ? asked : first)); }
  function R() { return data.reaches[choice.o]; }
  function model() { return models[choice.o]; }
  function combo(s) { return model().combination(s, choice.m, 0); }
  function inPair() { return choice.d === 0 && !phone(); }
  function cutoff() { return R().cutoffs[choice.k]; }
  function inside(s, row) {
    var value = model().minutes(combo(s), row);
    return value !== null && value <= cutoff() + TOLERANCE_MIN;
  }
  function state(row) {
    var before = inside(0, row), after = inside(1, row);
    return before && after ? "kept" : after ? "gained" : before ? "lost" : "";
  }
  hooks.changeOf = state;

  /* Gained filled, lost crossed out, kept small: told apart in grey as well. */
  function paintChange(ctx, view) {
    for (var row = 0; row < size; row++) {
      var what = state(row), symbol = places.symbol(row);
      if (!what || !inView(places.shapes, row, view)) continue;
      var i = 2 * places.shapes.start[places.shapes.first[row]], x = places.shapes.xy[i] * view.scale - view.ox, y = places.shapes.xy[i + 1] * view.scale - view.oy, r = what === "kept" ? 3 : symbol.width + 4;
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
      ctx.beginPath();
      ctx.arc(x, y, r, 0, 2 * Math.PI);
      ctx.fillStyle = what === "lost" ? "#ffffff" : change[what];
      ctx.fill();
      ctx.strokeStyle = what === "lost" ? change.lost : "#ffffff";
      ctx.lineWidth = what === "lost" ? 2.2 : 1.2;
      ctx.stroke();
      if (what === "lost") {
        ctx.beginPath();
        ctx.moveTo(x - r * 0.6, y - r * 0.6); ctx.lineTo(x + r * 0.6, y + r * 0.6);
        ctx.stroke();
      }
    }
  }

  function paintNew(ctx, view) {
    page.layers.slice(1).forEach(function (layer) {
      if (layer.size) paintLayer(ctx, view, layer);
    });
  }

  function paintSide(s) {
    return function (ctx, view) {
      model().paintAreas(ctx, view, combo(s));
      model().paintLines(ctx, view, combo(s));
      model().paintPlaces(ctx, view, combo(s));
    };
  }

  function segments(key, values, text, label) {
    var group = labelled(el("div", { class: "seg", role: "group", id: "seg-" + key }), label);
    values.forEach(function (value, i) {
      group.appendChild(makeButton({ "aria-pressed": String(choice[key] === i), "data-value": value }, function () { return text(value, i); }, function () {
        /** @type {Record<string, unknown>} */
        var written = {};
        choice[key] = i;
        written[key] = value;
        urlState.write(written);
        update();
      }));
    });
    return group;
  }

  var figures = el("div", { class: "figures", "aria-live": "polite" }), list = el("ul", { class: "placelist" }), projects = el("ul", { class: "placelist" });
  page.panel.appendChild(el("div", { class: "section" }, [
    spoken("h2", { class: "origin" }, function () { return names[0] + " → " + names[1]; }),
    spoken("span", { class: "field" }, "origin"), segments("o", data.reaches.map(function (one) { return one.own; }), function (_, i) { return pick(data.reaches[i].origin).replace(/市$/, ""); }, "origin"),
    spoken("span", { class: "field" }, "mode"), segments("m", R0.modes, ui, "mode"),
    spoken("span", { class: "field" }, "cutoff"), segments("k", R0.cutoffs.map(String), function (value) { return value + " " + ui("minutes"); }, "cutoff"),
    spoken("span", { class: "field" }, "layout"), segments("d", ["pair", "one"], function (value) { return ui(value === "pair" ? "side_by_side" : "one_picture"); }, "layout"), figures]));
  /* of what is drawn: two maps show minutes, one what changes and what is new */
  hooks.legendRows = function () {
    /** @type {any[]} */
    var areas = (R().areas ? R().cutoffs : []).map(function (minutes, i) {
      return ["LineString", { color: data.tokens.ramp[i ? 2 : 1].color, width: 10, form: "plain", alpha: i ? 0.2 : 0.4 }, "operating", false, function () { return (inPair() ? "" : names[1] + ", ") + ui("isochrones") + " · " + ui("within", minutes); }];
    });
    /** @type {any[]} */
    var minutes = data.tokens.ramp.map(function (band) {
      return ["LineString", { color: band.color, width: band.width, form: "plain", alpha: 1 }, "operating", false, function () { return (band.from_min ? band.from_min + "–" : "≤ ") + band.to_min + " " + ui("minutes"); }];
    });
    minutes.push(["LineString", { color: data.tokens.ground.unreached, width: 1.2, form: "plain", alpha: 1 }, "operating", false, function () { return ui("not_reached", model().far); }]);
    if (inPair()) return minutes.concat(areas);
    /** @type {any[]} */
    var rows = ["gained", "kept", "lost"].map(function (what) {
      return ["Point", { color: change[what], width: 5, form: "dot", alpha: 1 }, what === "lost" ? "planned" : "operating", false, what];
    });
    return rows.concat(areas, statusLegend(true), kindLegend(true));
  };
  addSection("projects", [projects]);
  addSection("change", [list]);
  var legend = el("div", { class: "legend" });
  addSection("legend", [legend], !phone());
  addSection("sources", [sourceList()], false);

  function rows() {
    var found = [];
    for (var row = 0; row < size; row++) {
      var before = model().minutes(combo(0), row), after = model().minutes(combo(1), row), what = state(row);
      if (!what && (before === null || after === null || Math.abs(before - after) < 0.5)) continue;
      found.push({ row: row, name: pick(places.name(row)), city: wordFor("cities", places.get("city", row) || ""), before: before, after: after,
        saved: before === null || after === null ? null : before - after, what: what ? ui(what) : "", key: what });
    }
    return found;
  }

  hooks.heart = function () { return R().at; };
  hooks.finding = function () {
    /** @type {any} */
    var best = null;
    var found = rows(), count = function (what) { return found.filter(function (row) { return row.key === what; }).length; };
    found.forEach(function (row) { if (row.saved !== null && (!best || row.saved > best.saved)) best = row; });
    var text = ui("finding_change", pick(R().origin), inSentence(R0.modes[choice.m]), cutoff(), count("gained"), count("lost"));
    return text + (best && best.saved >= 0.5 ? ui("finding_faster", wholeMinutes(best.saved), best.name) : "");
  };

  function update() {
    ["o", "m", "k", "d"].forEach(function (key) {
      Array.prototype.forEach.call(document.getElementById("seg-" + key).children, function (button, i) { button.setAttribute("aria-pressed", String(i === choice[key])); });
    });
    var found = rows(), count = { gained: 0, kept: 0, lost: 0 };
    found.forEach(function (row) { if (row.key) count[row.key]++; });
    emptied(figures);
    ["gained", "lost", "kept"].forEach(function (what) {
      figures.appendChild(el("div", { class: "figure" }, [el("b", {}, String(count[what])), el("span", {}, ui("count_" + what))]));
    });
    tell();
    emptied(list);
    found.filter(function (row) { return row.key === "gained" || row.key === "lost"; }).sort(function (a, b) { return (b.saved || 999) - (a.saved || 999); }).forEach(function (row) {
      list.appendChild(el("li", {}, el("button", { type: "button", onclick: function () { centre(places, row.row, 10.5); } }, [el("span", {}, row.what + " · " + row.name),
        el("span", { class: "min" }, (row.before === null ? "—" : wholeMinutes(row.before)) + " → " + (row.after === null ? "—" : wholeMinutes(row.after)))])));
    });
    if (!list.childNodes.length) list.appendChild(el("li", {}, ui("same_circle", cutoff())));
    emptied(projects);
    data.compare.projects.filter(function (row) { return row.mode === R0.modes[choice.m] && row.origin === choice.o; }).slice(0, 12).forEach(function (row) {
      projects.appendChild(el("li", {}, [el("b", {}, pick(row.name)), el("small", {}, " " + (row.year || "") + " (" + ui("basis_" + row.basis) + ") · " + ui("pairs_slower", row.pairs))]));
    });
    if (!projects.childNodes.length) projects.appendChild(el("li", {}, ui("no_project")));
    page.map.whenReady(layout);
    redraw();
    twin.redraw();
  }

  hooks.covered = function () { return document.body.classList.contains("pair") ? [12, 44, 12, 60] : usualCover(); };

  var twin = twinMap(paintSide(1), undefined, [function () { return names[0]; }, function () { return names[1]; }]);
  function layout() { twin.show(choice.d === 0); }

  hooks.labelsOf = (function () { var c = labelCandidates([places]); return function () { return c; }; })();
  var sheetOf = /** @type {number | null} */ (null);
  hooks.sheetViews = function () {
    return !inPair() ? null : names.map(function (name, s) { return { told: name + ", " + pick(R().origin) + ", " + inSentence(R0.modes[choice.m]), use: function () { sheetOf = s; } }; });
  };
  hooks.sheetDone = function () { sheetOf = null; };
  hooks.sheetNotes = function () { return Array.prototype.slice.call(projects.children, 0, 6).map(function (item) { return item.textContent; }); };
  page.paints.push(function (ctx, view) {
    if (sheetOf !== null) paintSide(sheetOf)(ctx, view);
    else if (inPair() && !view.sheet) paintSide(0)(ctx, view);
    else {
      model().paintAreas(ctx, view, combo(1));
      paintNew(ctx, view);
      paintChange(ctx, view);
    }
  });
  searchBox(function (layer, row) { centre(layer, row, 10.5); });
  tableTool([{ key: "name", text: "place" }, { key: "city", text: "city" }, { key: "before", text: "before", number: true, digits: 0 }, { key: "after", text: "after", number: true, digits: 0 },
    { key: "saved", text: "faster", number: true, digits: 0 }, { key: "what", text: "change" }], rows, function (row) { centre(places, row.row, 10.5); });
  sheetTools();
  hooks.printRows = function () {
    var table = el("table", {}, el("thead", {}, el("tr", {}, ["place", "before", "after", "change"].map(function (key, i) { return el("th", { class: i === 1 || i === 2 ? "number" : "" }, ui(key)); }))));
    rows().filter(function (row) { return row.key && (row.key !== "kept" || row.saved >= 5); }).sort(function (a, b) { return (b.saved || 999) - (a.saved || 999); }).slice(0, 60).forEach(function (row) {
      table.appendChild(el("tr", {}, [el("td", {}, row.name), el("td", { class: "number" }, row.before === null ? "—" : wholeMinutes(row.before)),
        el("td", { class: "number" }, row.after === null ? "—" : wholeMinutes(row.after)), el("td", {}, row.what)]));
    });
    return table;
  };
  hooks.subtitle = function () { return [names[0] + " → " + names[1], pick(R().origin), inSentence(R0.modes[choice.m]), ui("within", cutoff())].join(ui("comma_between")); };
  listen("drawn", function () { drawLegend(hooks.legendRows(), emptied(legend)); });
  listen("lang", update);
  update();
}

/* The page's script tag calls this with the map and the payload. */
export function start(map, data) { startPage(map, data, comparePage); }

/* What the console and the tests of a page ask. */
export * from "../parts/inspect.js";
