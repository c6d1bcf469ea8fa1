/* The reach page: minutes from one origin by year, mode and parameter set. */
"use strict";
Atlas.pages.reach = function (data) {
  var R = data.reach, el = Atlas.el, places = Atlas.layers[0], size = places.size, model = Atlas.reachModel(R, places), far = model.far;
  var choice = {
    s: pickOf(R.scenarios, Atlas.state.values.s, R.opening[0]), m: pickOf(R.modes, Atlas.state.values.m, R.opening[1]),
    p: pickOf(R.sets, Atlas.state.values.p, R.opening[2])
  };
  var chosen = null, areasOn = Atlas.state.values.i !== "0";

  function pickOf(list, asked, first) { return Math.max(0, list.indexOf(list.indexOf(asked) >= 0 ? asked : first)); }
  function combination() { return model.combination(choice.s, choice.m, choice.p); }
  function minutesOf(row) { return model.minutes(combination(), row); }
  function bandOf(value) { return model.band(value); }
  Atlas.legsOf = function (row) { return model.legs(combination(), row); };
  Atlas.minutesOf = minutesOf;

  /* Controls. */
  function segments(key, names, text, label) {
    var group = Atlas.label(el("div", { class: "seg", role: "group", id: "seg-" + key }), label);
    names.forEach(function (name, i) {
      group.appendChild(Atlas.button({ "aria-pressed": String(choice[key] === i), "data-value": name }, function () { return text(name); }, function () { choose(key, i); }));
    });
    return group;
  }
  function choose(key, i) {
    var change = {};
    choice[key] = i;
    change[key] = { s: R.scenarios, m: R.modes, p: R.sets }[key][i];
    Atlas.state.write(change);
    update();
  }

  function tenThousand(people) { return Atlas.number(people / 10000, 0); }
  Atlas.heart = function () { return R.at; };
  Atlas.finding = function () {
    var inside = R.inside[combination()], name = R.scenarios[choice.s];
    return Atlas.t("finding_reach", name === "full" ? Atlas.t("full") : name, Atlas.t(R.modes[choice.m])) + R.cutoffs.map(function (cutoff, i) {
      var people = Math.round(inside[i][1] / 10000);
      return Atlas.t("finding_inside", cutoff, inside[i][0], Atlas.number(Atlas.lang === "zh" ? people : people * 10000, 0));
    }).join(Atlas.t("semicolon"));
  };

  var figures = el("div", { class: "figures", "aria-live": "polite" }), list = el("ul", { class: "placelist" }), notes = el("div", { class: "small" });
  var origin = Atlas.say("h2", { class: "origin" }, function () { return Atlas.t("from") + " " + Atlas.pick(R.origin); });
  var head = el("div", { class: "section" }, [
    origin, Atlas.say("span", { class: "field" }, "year"), segments("s", R.scenarios, function (name) { return name === "full" ? Atlas.t("full_short") : name; }, "year"),
    Atlas.say("span", { class: "field" }, "mode"), segments("m", R.modes, Atlas.t, "mode"),
    Atlas.say("span", { class: "field" }, "parameter_set"), segments("p", R.sets, Atlas.t, "parameter_set"), figures, areaSwitch(), el("p", { class: "small" }, Atlas.say("span", {}, R.areas ? "inside_spread" : "inside_note"))
  ]);
  Atlas.panel.appendChild(head);
  Atlas.legendRows = function () {
    return data.tokens.ramp.map(function (band) {
      return ["LineString", { color: band.color, width: band.width, form: "plain", alpha: 1 }, "operating", false,
        function () { return (band.from_min ? band.from_min + "–" : "≤ ") + band.to_min + " " + Atlas.t("minutes"); }];
    }).concat([["LineString", { color: data.tokens.ground.unreached, width: 1.2, form: "plain", alpha: 1 }, "operating", false, function () { return Atlas.t("not_reached", far); }]]);
  };
  Atlas.section("legend", [Atlas.legend(Atlas.legendRows(), el("div", { class: "legend" }))]);
  Atlas.section("places", [list]);
  Atlas.section("assumptions", [notes], false);
  Atlas.section("sources", [Atlas.sourceList()], false);

  function areaSwitch() {
    if (!R.areas) return null;
    var box = el("input", { type: "checkbox", id: "areas", checked: areasOn });
    box.addEventListener("change", function () {
      areasOn = box.checked;
      Atlas.state.write({ i: areasOn ? null : "0" });
      Atlas.redraw();
    });
    return el("label", { class: "row" }, [box, Atlas.say("span", { class: "name" }, "isochrones")]);
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
    Atlas.empty(figures);
    R.cutoffs.forEach(function (cutoff, i) {
      var inside = R.inside[combination()][i];
      figures.appendChild(el("div", { class: "figure" }, [el("b", {}, String(inside[0])), el("span", {}, Atlas.t("within", cutoff) + " · " + Atlas.t("places")),
        el("b", {}, tenThousand(inside[1])), el("span", {}, Atlas.t("people_10k") + (inside.length > 2 ? " (" + tenThousand(inside[2]) + "–" + tenThousand(inside[3]) + ")" : "")),
        inside.length > 4 ? el("b", {}, Atlas.number(inside[4], 0)) : null, inside.length > 4 ? el("span", {}, "km²") : null]));
    });
    Atlas.tell();
    Atlas.empty(list);
    var rows = sorted(), near = rows.filter(function (row) { return minutesOf(row) <= far + 1e-6; });
    near.slice(0, 60).forEach(function (row) {
      var value = minutesOf(row);
      list.appendChild(el("li", {}, el("button", { type: "button", onclick: function () { show(row); } }, [
        el("span", { class: "dotband", style: "background:" + bandOf(value).color, "aria-hidden": "true" }), el("span", {}, Atlas.pick(places.name(row))),
        el("span", { class: "min" }, Atlas.minutes(value) + " " + Atlas.t("minutes"))])));
    });
    if (!near.length) list.appendChild(el("li", {}, Atlas.t("nothing_reached", far)));
    fillNotes();
    if (chosen !== null) open(chosen, false);
    Atlas.fire("choice");
    Atlas.redraw();
  }

  function fillNotes() {
    var header = R.headers[choice.s], rows = el("table", {}, el("caption", {}, Atlas.t("parameter_set") + ": " + Atlas.t(R.sets[choice.p])));
    Atlas.empty(notes);
    notes.appendChild(el("p", {}, Atlas.t("assumed_note", header.features, header.assumed, header.announced)));
    notes.appendChild(el("p", {}, Atlas.t("estimate_note", Atlas.t("boarding_" + header.boarding), Atlas.t("period_" + header.period)) + " " + Atlas.t("rounding")));
    R.parameters.forEach(function (row) {
      rows.appendChild(el("tr", {}, [el("th", { scope: "row" }, row[0]), el("td", { class: "number" }, String(row[1][choice.p])), el("td", {}, row[2])]));
    });
    notes.appendChild(rows);
  }

  function open(row, focus) {
    var value = minutesOf(row), name = places.name(row), legs = Atlas.legsOf(row);
    chosen = row;
    Atlas.state.write({ f: places.get("id", row) });
    var nodes = [el("p", { class: "kind" }, Atlas.word("kinds", places.get("level", row) || "")), el("h2", {}, Atlas.pick(R.origin) + " → " + Atlas.pick(name)),
      Atlas.other(name) ? el("p", { class: "under" }, Atlas.other(name)) : null];
    nodes.push(value === null ? el("p", {}, Atlas.t("no_way"))
      : el("p", { class: "big" }, [Atlas.minutes(value), el("small", {}, " " + Atlas.t("minutes"))]));
    nodes.push(el("p", { class: "cite" }, [R.scenarios[choice.s] === "full" ? Atlas.t("full") : R.scenarios[choice.s], Atlas.t(R.modes[choice.m]), Atlas.t(R.sets[choice.p])].join(" · ")));
    if (value !== null) nodes.push(rangeLine(row));
    if (legs) nodes.push(Atlas.legList(legs));
    Atlas.showCard(nodes, focus);
    Atlas.redraw();
  }
  Atlas.openPlace = open;
  /* Open a place that was asked for by name: the whole way to it comes into view. */
  function show(row) {
    open(row, true);
    Atlas.fit(model.routeBox(combination(), row), 11.5, Atlas.coveredByCard());
  }

  function rangeLine(row) {
    var values = R.sets.map(function (_, p) {
      var value = model.minutes(model.combination(choice.s, choice.m, p), row);
      return value === null ? "—" : String(Math.round(value));
    });
    return el("p", {}, Atlas.t("range") + " " + values.join(" – ") + " " + Atlas.t("minutes") + " (" + R.sets.map(function (name) { return Atlas.t(name); }).join(" – ") + ")");
  }

  Atlas.labelsOf = (function () { var c = Atlas.labelCandidates([places]); return function () { return c; }; })();
  Atlas.labelLines = function (label) {
    var value = minutesOf(label.row);
    return value === null || value > far + 1e-6 || places.get("id", label.row) === R.own ? [] : [Atlas.minutes(value) + "′"];
  };
  Atlas.paints.push(function (ctx, view) {
    if (areasOn) model.paintAreas(ctx, view, combination());
    model.paintRoute(ctx, view, combination(), chosen);
    model.paintLines(ctx, view, combination());
    model.paintPlaces(ctx, view, combination());
  });
  Atlas.searchBox(function (layer, row) { show(row); });
  Atlas.tableTool([{ key: "name", text: "place" }, { key: "level", text: "kind" }, { key: "city", text: "city" },
    { key: "min", text: "minutes", number: true, digits: 1 }, { key: "band", text: "band" }], function () {
    return sorted().map(function (row) {
      var value = minutesOf(row), cut = R.cutoffs.find(function (one) { return value <= one + 1e-6; });
      return { row: row, name: Atlas.pick(places.name(row)), level: Atlas.word("kinds", places.get("level", row) || ""), city: Atlas.word("cities", places.get("city", row) || ""),
        min: value, band: cut ? Atlas.t("within", cut) : Atlas.t("not_reached", far) };
    });
  }, function (row) { show(row.row); });
  Atlas.sheetTools();
  Atlas.printRows = function () {
    var table = el("table", {}, el("thead", {}, el("tr", {}, [el("th", {}, Atlas.t("place")), el("th", { class: "number" }, Atlas.t("minutes"))])));
    sorted().filter(function (row) { return ["prefecture", "sar", "district", "county", "county_city"].indexOf(places.get("level", row)) >= 0 && minutesOf(row) <= far; })
      .forEach(function (row) { table.appendChild(el("tr", {}, [el("td", {}, Atlas.pick(places.name(row))), el("td", { class: "number" }, Atlas.minutes(minutesOf(row)))])); });
    return table;
  };
  Atlas.subtitle = function () {
    return [R.scenarios[choice.s] === "full" ? Atlas.t("full") : R.scenarios[choice.s], Atlas.t(R.modes[choice.m]), Atlas.t(R.sets[choice.p])].join(", ");
  };
  Atlas.on("click", function (event) {
    var hits = Atlas.hits(Atlas.map, Atlas.layers, event.containerPoint, 12);
    if (hits.length) open(hits[0].row, false);
    else { chosen = null; Atlas.closeCard(); }
  });
  Atlas.on("lang", update);
  for (var row = 0; row < size; row++) if (Atlas.state.values.f && places.get("id", row) === Atlas.state.values.f) chosen = row;
  /* a link to a place opens on the way to it */
  if (chosen !== null) Atlas.atFirst = function () { Atlas.fit(model.routeBox(combination(), chosen), 11.5, Atlas.coveredByCard()); };
};

