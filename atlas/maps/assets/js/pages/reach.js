/* The reach page: minutes from one origin by year, mode and parameter set. */
import { TOLERANCE_MIN } from "../core/bands.js";
import { el, emptied } from "../core/dom.js";
import { fire, listen } from "../core/events.js";
import { urlState } from "../core/hash.js";
import { formatNumber, wholeMinutes } from "../core/numbers.js";
import { hooks, page } from "../core/page.js";
import { inSentence, labelled, makeButton, otherName, pick, spoken, ui, wordFor } from "../core/words.js";
import { featuresAt } from "../map/canvas.js";
import { coveredByCard, fitBox, startPage, tell } from "../map/frame.js";
import { redraw } from "../map/redraw.js";
import { labelCandidates } from "../map/labels.js";
import { closeCard, showCard } from "../parts/card.js";
import { addSection, drawLegend, searchBox, sourceList } from "../parts/panel.js";
import { legList, reachModel } from "../parts/reach.js";
import { sheetTools } from "../parts/sheet.js";
import { tableTool } from "../parts/table.js";

export function reachPage(data) {
  var R = data.reach, places = page.layers[0], size = places.size, model = reachModel(R, places), far = model.far;
  var choice = {
    s: pickOf(R.scenarios, urlState.values.s, R.opening[0]), m: pickOf(R.modes, urlState.values.m, R.opening[1]),
    p: pickOf(R.sets, urlState.values.p, R.opening[2])
  };
  var chosen = null, areasOn = urlState.values.i !== "0";

  function pickOf(list, asked, first) { return Math.max(0, list.indexOf(list.indexOf(asked) >= 0 ? asked : first)); }
  function combination() { return model.combination(choice.s, choice.m, choice.p); }
  function minutesOf(row) { return model.minutes(combination(), row); }
  function bandOf(value) { return model.band(value); }
  hooks.legsOf = function (row) { return model.legs(combination(), row); };
  hooks.minutesOf = minutesOf;

  /* Controls. */
  function segments(key, names, text, label) {
    var group = labelled(el("div", { class: "seg", role: "group", id: "seg-" + key }), label);
    names.forEach(function (name, i) {
      group.appendChild(makeButton({ "aria-pressed": String(choice[key] === i), "data-value": name }, function () { return text(name); }, function () { choose(key, i); }));
    });
    return group;
  }
  function choose(key, i) {
    /** @type {Record<string, unknown>} */
        var change = {};
    choice[key] = i;
    change[key] = { s: R.scenarios, m: R.modes, p: R.sets }[key][i];
    urlState.write(change);
    update();
  }

  function tenThousand(people) { return formatNumber(people / 10000, 0); }
  hooks.heart = function () { return R.at; };
  hooks.finding = function () {
    var inside = R.inside[combination()], name = R.scenarios[choice.s];
    return ui("finding_reach", name === "full" ? inSentence("full") : name, inSentence(R.modes[choice.m])) + R.cutoffs.map(function (cutoff, i) {
      var people = Math.round(inside[i][1] / 10000);
      return ui("finding_inside", cutoff, inside[i][0], formatNumber(page.lang === "zh" ? people : people * 10000, 0));
    }).join(ui("semicolon"));
  };

  var figures = el("div", { class: "figures", "aria-live": "polite" }), list = el("ul", { class: "placelist" }), notes = el("div", { class: "small" });
  var origin = spoken("h2", { class: "origin" }, function () { return ui("from") + " " + pick(R.origin); });
  var head = el("div", { class: "section" }, [
    origin, spoken("span", { class: "field" }, "year"), segments("s", R.scenarios, function (name) { return name === "full" ? ui("full_short") : name; }, "year"),
    spoken("span", { class: "field" }, "mode"), segments("m", R.modes, ui, "mode"),
    spoken("span", { class: "field" }, "parameter_set"), segments("p", R.sets, ui, "parameter_set"), figures, areaSwitch(), el("p", { class: "small" }, spoken("span", {}, R.areas ? "inside_spread" : "inside_note"))
  ]);
  page.panel.appendChild(head);
  hooks.legendRows = function () {
    return data.tokens.ramp.map(function (band) {
      return ["LineString", { color: band.color, width: band.width, form: "plain", alpha: 1 }, "operating", false,
        function () { return (band.from_min ? band.from_min + "–" : "≤ ") + band.to_min + " " + ui("minutes"); }];
    }).concat([["LineString", { color: data.tokens.ground.unreached, width: 1.2, form: "plain", alpha: 1 }, "operating", false, function () { return ui("not_reached", far); }]]);
  };
  addSection("legend", [drawLegend(hooks.legendRows(), el("div", { class: "legend" }))]);
  addSection("places", [list]);
  addSection("assumptions", [notes], false);
  addSection("sources", [sourceList()], false);

  function areaSwitch() {
    if (!R.areas) return null;
    var box = el("input", { type: "checkbox", id: "areas", checked: areasOn });
    box.addEventListener("change", function () {
      areasOn = box.checked;
      urlState.write({ i: areasOn ? null : "0" });
      redraw();
    });
    return el("label", { class: "row" }, [box, spoken("span", { class: "name" }, "isochrones")]);
  }

  function sorted() {
    var rows = [];
    for (var row = 0; row < size; row++) if (minutesOf(row) !== null && places.get("id", row) !== R.own) rows.push(row);
    return rows.sort(function (a, b) { return minutesOf(a) - minutesOf(b); });
  }

  function update() {
    ["s", "m", "p"].forEach(function (key) {
      Array.prototype.forEach.call(document.getElementById("seg-" + key).children, function (button, i) { button.setAttribute("aria-pressed", String(i === choice[key])); });
    });
    emptied(figures);
    R.cutoffs.forEach(function (cutoff, i) {
      var inside = R.inside[combination()][i];
      figures.appendChild(el("div", { class: "figure" }, [el("b", {}, String(inside[0])), el("span", {}, ui("within", cutoff) + " · " + ui("places")),
        el("b", {}, tenThousand(inside[1])), el("span", {}, ui("people_10k") + (inside.length > 2 ? " (" + tenThousand(inside[2]) + "–" + tenThousand(inside[3]) + ")" : "")),
        inside.length > 4 ? el("b", {}, formatNumber(inside[4], 0)) : null, inside.length > 4 ? el("span", {}, "km²") : null]));
    });
    tell();
    emptied(list);
    var rows = sorted(), near = rows.filter(function (row) { return minutesOf(row) <= far + TOLERANCE_MIN; });
    near.slice(0, 60).forEach(function (row) {
      var value = minutesOf(row);
      list.appendChild(el("li", {}, el("button", { type: "button", onclick: function () { show(row); } }, [
        el("span", { class: "dotband", style: "background:" + bandOf(value).color, "aria-hidden": "true" }), el("span", {}, pick(places.name(row))),
        el("span", { class: "min" }, wholeMinutes(value) + " " + ui("minutes"))])));
    });
    if (!near.length) list.appendChild(el("li", {}, ui("nothing_reached", far)));
    fillNotes();
    if (chosen !== null) open(chosen, false);
    fire("choice");
    redraw();
  }

  function fillNotes() {
    var header = R.headers[choice.s], rows = el("table", {}, el("caption", {}, ui("parameter_set") + ": " + ui(R.sets[choice.p])));
    emptied(notes);
    notes.appendChild(el("p", {}, ui("assumed_note", header.features, header.assumed, header.announced)));
    notes.appendChild(el("p", {}, ui("estimate_note", ui("boarding_" + header.boarding), ui("period_" + header.period)) + " " + ui("rounding")));
    R.parameters.forEach(function (row) {
      rows.appendChild(el("tr", {}, [el("th", { scope: "row" }, row[0]), el("td", { class: "number" }, String(row[1][choice.p])), el("td", {}, row[2])]));
    });
    notes.appendChild(rows);
  }

  function open(row, focus) {
    var value = minutesOf(row), name = places.name(row), legs = hooks.legsOf(row);
    chosen = row;
    urlState.write({ f: places.get("id", row) });
    var nodes = [el("p", { class: "kind" }, wordFor("kinds", places.get("level", row) || "")), el("h2", {}, pick(R.origin) + " → " + pick(name)),
      otherName(name) ? el("p", { class: "under" }, otherName(name)) : null];
    nodes.push(value === null ? el("p", {}, ui("no_way"))
      : el("p", { class: "big" }, [wholeMinutes(value), el("small", {}, " " + ui("minutes"))]));
    nodes.push(el("p", { class: "cite" }, [R.scenarios[choice.s] === "full" ? ui("full") : R.scenarios[choice.s], ui(R.modes[choice.m]), ui(R.sets[choice.p])].join(" · ")));
    if (value !== null) nodes.push(rangeLine(row));
    if (legs) nodes.push(legList(legs));
    showCard(nodes, focus);
    redraw();
  }
  hooks.openPlace = open;
  /* Open a place that was asked for by name: the whole way to it comes into view. */
  function show(row) {
    open(row, true);
    fitBox(model.routeBox(combination(), row), 11.5, coveredByCard());
  }

  function rangeLine(row) {
    var values = R.sets.map(function (_, p) {
      var value = model.minutes(model.combination(choice.s, choice.m, p), row);
      return value === null ? "—" : String(Math.round(value));
    });
    return el("p", {}, ui("range") + " " + values.join(" – ") + " " + ui("minutes") + " (" + R.sets.map(function (name) { return ui(name); }).join(" – ") + ")");
  }

  hooks.labelsOf = (function () { var c = labelCandidates([places]); return function () { return c; }; })();
  hooks.labelLines = function (label) {
    var value = minutesOf(label.row);
    return value === null || value > far + TOLERANCE_MIN || places.get("id", label.row) === R.own ? [] : [wholeMinutes(value) + "′"];
  };
  page.paints.push(function (ctx, view) {
    if (areasOn) model.paintAreas(ctx, view, combination());
    model.paintRoute(ctx, view, combination(), chosen);
    model.paintLines(ctx, view, combination());
    model.paintPlaces(ctx, view, combination());
  });
  searchBox(function (layer, row) { show(row); });
  tableTool([{ key: "name", text: "place" }, { key: "level", text: "kind" }, { key: "city", text: "city" },
    { key: "min", text: "minutes", number: true, digits: 1 }, { key: "band", text: "band" }], function () {
    return sorted().map(function (row) {
      var value = minutesOf(row), cut = R.cutoffs.find(function (one) { return value <= one + TOLERANCE_MIN; });
      return { row: row, name: pick(places.name(row)), level: wordFor("kinds", places.get("level", row) || ""), city: wordFor("cities", places.get("city", row) || ""),
        min: value, band: cut ? ui("within", cut) : ui("not_reached", far) };
    });
  }, function (row) { show(row.row); });
  sheetTools();
  hooks.printRows = function () {
    var table = el("table", {}, el("thead", {}, el("tr", {}, [el("th", {}, ui("place")), el("th", { class: "number" }, ui("minutes"))])));
    sorted().filter(function (row) { return ["prefecture", "sar", "district", "county", "county_city"].indexOf(places.get("level", row)) >= 0 && minutesOf(row) <= far; })
      .forEach(function (row) { table.appendChild(el("tr", {}, [el("td", {}, pick(places.name(row))), el("td", { class: "number" }, wholeMinutes(minutesOf(row)))])); });
    return table;
  };
  hooks.subtitle = function () {
    return [R.scenarios[choice.s] === "full" ? inSentence("full") : R.scenarios[choice.s], inSentence(R.modes[choice.m]), inSentence(R.sets[choice.p])].join(ui("comma_between"));
  };
  listen("click", function (event) {
    var hits = featuresAt(page.map, page.layers, event.containerPoint, 12);
    if (hits.length) open(hits[0].row, false);
    else { chosen = null; closeCard(); }
  });
  listen("lang", update);
  for (var row = 0; row < size; row++) if (urlState.values.f && places.get("id", row) === urlState.values.f) chosen = row;
  /* a link to a place opens on the way to it */
  if (chosen !== null) hooks.atFirst = function () { fitBox(model.routeBox(combination(), chosen), 11.5, coveredByCard()); };
}

/* The page's script tag calls this with the map and the payload. */
export function start(map, data) { startPage(map, data, reachPage); }

/* What the console and the tests of a page ask. */
export * from "../parts/inspect.js";
