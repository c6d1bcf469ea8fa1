/* The reach page: minutes from one origin by year, mode and parameter set. */
"use strict";
Atlas.pages.reach = function (data) {
  var R = data.reach, el = Atlas.el, places = Atlas.layers[0], size = places.size;
  var shapes = Atlas.shapes(R.shapes), kinds = Atlas.integers(R.kinds), minutes = Atlas.integers(R.minutes);
  var lineMinutes = {}, runs = R.runs.map(Atlas.integers), far = R.cutoffs[R.cutoffs.length - 1];
  var choice = {
    s: pickOf(R.scenarios, Atlas.state.values.s, R.opening[0]), m: pickOf(R.modes, Atlas.state.values.m, R.opening[1]),
    p: pickOf(R.sets, Atlas.state.values.p, R.opening[2])
  };
  var book = null, chosen = null;

  function pickOf(list, asked, first) { return Math.max(0, list.indexOf(list.indexOf(asked) >= 0 ? asked : first)); }
  function combination() { return (choice.s * R.modes.length + choice.m) * R.sets.length + choice.p; }
  function minutesOf(row) {
    var value = minutes[combination() * size + row];
    return value < 0 ? null : value / 1000;
  }
  function ends() {
    var at = combination();
    return lineMinutes[at] || (lineMinutes[at] = Atlas.integers(R.lines[at]));
  }
  function bandOf(value) {
    return value === null ? null : data.tokens.ramp.find(function (band) { return value <= band.to_min + 1e-6; }) || null;
  }

  /* Legs, unpacked when first asked for. */
  function journeys() {
    if (book) return book;
    var flat = Atlas.integers(R.legs), counts = Atlas.integers(R.line_counts), steps = Atlas.integers(R.lines_), legs = [], at = 0, i, k;
    for (i = 0; i < counts.length; i++) {
      var row = flat.slice(11 * i, 11 * i + 11), line = [], group = 0;
      for (k = 0; k < counts[i]; k++) { group += steps[at++]; line.push(group); }
      legs.push({ role: R.texts[row[0]], name: [R.texts[row[1]], R.texts[row[2]]], from: R.texts[row[3]], to: R.texts[row[4]], calls: R.texts[row[5]],
        plan: R.texts[row[6]], km: row[7] / 10, minutes: row[8] / 1000, wait: row[9] / 10, border: row[10] / 10, lines: line });
    }
    var order = Atlas.integers(R.journeys), lengths = Atlas.integers(R.journey_counts), next = 0, start = 0;
    book = [];
    for (i = 0; i < minutes.length; i++) {
      if (minutes[i] < 0) { book.push(null); continue; }
      book.push(order.slice(start, start + lengths[next]).map(function (leg) { return legs[leg]; }));
      start += lengths[next++];
    }
    return book;
  }
  Atlas.legsOf = function (row) { return journeys()[combination() * size + row]; };
  Atlas.minutesOf = minutesOf;

  /* Lines: grey where not reached in time, else pieces in the colour and width of their band. */
  function paintLines(ctx, view) {
    var at = ends(), run = runs[choice.p], factor = Math.max(0.6, Math.min(1.8, 0.6 + (view.zoom - 8) * 0.18)), pieces = data.tokens.ramp.map(function () { return []; }), grey = [];
    for (var g = 0; g < shapes.size; g++) {
      if (!kinds[g] || at[2 * g] === -2 || !Atlas.inView(shapes, g, view)) continue;
      var a = at[2 * g] < 0 ? Infinity : at[2 * g] / 10, b = at[2 * g + 1] < 0 ? Infinity : at[2 * g + 1] / 10;
      if (Math.min(a, b) >= far) grey.push(g);
      else split(g, a, b, run[g] / 10, view, pieces, grey);
    }
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.strokeStyle = "#c3bdb0";
    ctx.lineWidth = 0.9;
    ctx.beginPath();
    grey.forEach(function (piece) { if (typeof piece === "number") Atlas.trace(ctx, shapes, piece, view, false); else draw(ctx, piece); });
    ctx.stroke();
    for (var k = pieces.length - 1; k >= 0; k--) {
      if (!pieces[k].length) continue;
      var band = data.tokens.ramp[k];
      [["#ffffff", band.width * factor + 1.8], [band.color, band.width * factor]].forEach(function (look) {
        ctx.strokeStyle = look[0];
        ctx.lineWidth = look[1];
        ctx.beginPath();
        pieces[k].forEach(function (piece) { draw(ctx, piece); });
        ctx.stroke();
      });
    }
  }

  function draw(ctx, points) {
    ctx.moveTo(points[0], points[1]);
    for (var i = 2; i < points.length; i += 2) ctx.lineTo(points[i], points[i + 1]);
  }

  /* Cut a line where its minutes pass from one band to the next; time flows in from both ends. */
  function split(g, a, b, run, view, pieces, grey) {
    var from = shapes.start[shapes.first[g]], to = shapes.start[shapes.first[g + 1]], xy = shapes.xy, length = 0, along = [0];
    for (var i = from + 1; i < to; i++) {
      length += Math.hypot(xy[2 * i] - xy[2 * i - 2], xy[2 * i + 1] - xy[2 * i - 1]);
      along.push(length);
    }
    if (!length) return;
    if (!isFinite(a)) a = b + run;
    if (!isFinite(b)) b = a + run;
    var need = Math.max(run, Math.abs(a - b), 0.01), cuts = [0, 1];
    function time(s) { return Math.min(a + s * need, b + (1 - s) * need); }
    data.tokens.ramp.forEach(function (band) {
      [(band.to_min - a) / need, 1 - (band.to_min - b) / need].forEach(function (s) { if (s > 0 && s < 1) cuts.push(s); });
    });
    cuts.push(Math.max(0, Math.min(1, (b - a + need) / (2 * need))));
    cuts.sort(function (x, y) { return x - y; });
    for (i = 0; i + 1 < cuts.length; i++) {
      if (cuts[i + 1] - cuts[i] < 1e-6) continue;
      var value = time((cuts[i] + cuts[i + 1]) / 2), k = data.tokens.ramp.findIndex(function (band) { return value <= band.to_min; });
      (k < 0 ? grey : pieces[k]).push(part(from, along, length, cuts[i], cuts[i + 1], view));
    }
  }

  function part(from, along, length, s0, s1, view) {
    var xy = shapes.xy, out = [], d0 = s0 * length, d1 = s1 * length;
    function put(i, t) {
      out.push((xy[2 * i] + t * (xy[2 * i + 2] - xy[2 * i])) * view.scale - view.ox, (xy[2 * i + 1] + t * (xy[2 * i + 3] - xy[2 * i + 1])) * view.scale - view.oy);
    }
    for (var i = 0; i + 1 < along.length; i++) {
      var span = along[i + 1] - along[i];
      if (along[i + 1] < d0 || along[i] > d1 || !span) continue;
      if (!out.length) put(from + i, Math.max(0, (d0 - along[i]) / span));
      put(from + i, Math.min(1, (d1 - along[i]) / span));
    }
    return out.length ? out : [0, 0];
  }

  function paintPlaces(ctx, view) {
    for (var row = 0; row < size; row++) {
      var symbol = places.symbol(row), value = minutesOf(row), band = value !== null && value <= far ? bandOf(value) : null;
      if (view.zoom < symbol.minZoom - 1.5 || !Atlas.inView(places.shapes, row, view)) continue;
      var at = 2 * places.shapes.start[places.shapes.first[row]], x = places.shapes.xy[at] * view.scale - view.ox, y = places.shapes.xy[at + 1] * view.scale - view.oy;
      ctx.beginPath();
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
      ctx.arc(x, y, symbol.width + 1.6, 0, 2 * Math.PI);
      ctx.fillStyle = band ? band.color : "#ffffff";
      ctx.strokeStyle = band ? "#ffffff" : "#7b8791";
      ctx.lineWidth = 1.3;
      ctx.fill();
      ctx.stroke();
    }
    var ox = Atlas.worldX(R.at[0]) * view.scale - view.ox, oy = Atlas.worldY(R.at[1]) * view.scale - view.oy;
    ctx.beginPath();
    ctx.arc(ox, oy, 9, 0, 2 * Math.PI);
    ctx.strokeStyle = data.tokens.ground.mark;
    ctx.lineWidth = 4;
    ctx.stroke();
  }

  function paintRoute(ctx, view) {
    if (chosen === null) return;
    ctx.beginPath();
    (Atlas.legsOf(chosen) || []).forEach(function (leg) { leg.lines.forEach(function (g) { Atlas.trace(ctx, shapes, g, view, false); }); });
    ctx.setLineDash([]);
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.strokeStyle = data.tokens.ground.mark;
    ctx.globalAlpha = 0.95;
    ctx.lineWidth = 10;
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

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

  var figures = el("div", { class: "figures", "aria-live": "polite" }), list = el("ul", { class: "placelist" }), notes = el("div", { class: "small" });
  var origin = Atlas.say("h2", { class: "origin" }, function () { return Atlas.t("from") + " " + Atlas.pick(R.origin); });
  var head = el("div", { class: "section" }, [
    origin, Atlas.say("span", { class: "field" }, "year"), segments("s", R.scenarios, function (name) { return name === "full" ? Atlas.t("full_short") : name; }, "year"),
    Atlas.say("span", { class: "field" }, "mode"), segments("m", R.modes, Atlas.t, "mode"),
    Atlas.say("span", { class: "field" }, "parameter_set"), segments("p", R.sets, Atlas.t, "parameter_set"), figures, el("p", { class: "small" }, Atlas.say("span", {}, "inside_note"))
  ]);
  Atlas.panel.appendChild(head);
  Atlas.legendRows = function () {
    return data.tokens.ramp.map(function (band) {
      return ["LineString", { color: band.color, width: band.width, form: "plain", alpha: 1 }, "operating", false,
        function () { return (band.from_min ? band.from_min + "–" : "≤ ") + band.to_min + " " + Atlas.t("minutes"); }];
    }).concat([["LineString", { color: "#c3bdb0", width: 1.2, form: "plain", alpha: 1 }, "operating", false, function () { return Atlas.t("not_reached", far); }]]);
  };
  Atlas.section("legend", [Atlas.legend(Atlas.legendRows(), el("div", { class: "legend" }))]);
  Atlas.section("places", [list]);
  Atlas.section("assumptions", [notes], false);
  Atlas.section("sources", [Atlas.sourceList()], false);

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
        el("b", {}, Atlas.number(inside[1] / 10000, 0)), el("span", {}, Atlas.t("people_10k"))]));
    });
    Atlas.empty(list);
    var rows = sorted(), near = rows.filter(function (row) { return minutesOf(row) <= far + 1e-6; });
    near.slice(0, 60).forEach(function (row) {
      var value = minutesOf(row);
      list.appendChild(el("li", {}, el("button", { type: "button", onclick: function () { open(row, true); } }, [
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

  function rangeLine(row) {
    var values = R.sets.map(function (_, p) {
      var value = minutes[((choice.s * R.modes.length + choice.m) * R.sets.length + p) * size + row];
      return value < 0 ? "—" : String(Math.round(value / 1000));
    });
    return el("p", {}, Atlas.t("range") + " " + values.join(" – ") + " " + Atlas.t("minutes") + " (" + R.sets.map(function (name) { return Atlas.t(name); }).join(" – ") + ")");
  }

  Atlas.labelsOf = (function () { var c = Atlas.labelCandidates([places]); return function () { return c; }; })();
  Atlas.labelLines = function (label) {
    var value = minutesOf(label.row);
    return value === null || value > far + 1e-6 || places.get("id", label.row) === R.own ? [] : [Atlas.minutes(value) + "′"];
  };
  Atlas.paints.push(paintRoute, paintLines, paintPlaces);
  Atlas.searchBox(function (layer, row) { Atlas.centre(layer, row, 10.5); open(row, true); });
  Atlas.tableTool([{ key: "name", text: "place" }, { key: "level", text: "kind" }, { key: "city", text: "city" },
    { key: "min", text: "minutes", number: true, digits: 1 }, { key: "band", text: "band" }], function () {
    return sorted().map(function (row) {
      var value = minutesOf(row), cut = R.cutoffs.find(function (one) { return value <= one + 1e-6; });
      return { row: row, name: Atlas.pick(places.name(row)), level: Atlas.word("kinds", places.get("level", row) || ""), city: Atlas.word("cities", places.get("city", row) || ""),
        min: value, band: cut ? Atlas.t("within", cut) : Atlas.t("not_reached", far) };
    });
  }, function (row) { Atlas.centre(places, row.row, 10.5); open(row.row, true); });
  Atlas.sheetTools();
  Atlas.printRows = function () {
    var table = el("table", {}, el("thead", {}, el("tr", {}, [el("th", {}, Atlas.t("place")), el("th", {}, Atlas.t("minutes"))])));
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
};

/* Legs as a list: what, from where to where, kilometres, minutes, with waits and borders inside. */
Atlas.legList = function (legs) {
  var el = Atlas.el, list = el("ol", { class: "legs" });
  legs.forEach(function (leg) {
    var extra = [leg.from + " → " + leg.to, leg.km >= 0.1 ? Atlas.number(leg.km, 1) + " " + Atlas.t("km") : "",
      leg.wait >= 0.05 ? Atlas.t("wait", Atlas.number(leg.wait, 0)) : "", leg.border >= 0.05 ? Atlas.t("border", Atlas.number(leg.border, 0)) : ""].filter(Boolean);
    list.appendChild(el("li", { class: leg.role }, [el("span", { class: "min" }, Atlas.number(leg.minutes, 1)),
      leg.role === "access" || leg.role === "egress" || leg.role === "transfer" ? Atlas.t(leg.role) : Atlas.t(leg.role === "border" ? "crossing" : leg.role) + " · " + Atlas.pick(leg.name),
      el("small", {}, extra.join(" · ")), leg.calls ? el("small", {}, leg.calls) : null,
      leg.plan ? el("small", {}, leg.plan.split(";").map(function (id) { return Atlas.data.plan.items[id] ? Atlas.pick(Atlas.data.plan.items[id].n) : id; }).join("; ")) : null]));
  });
  return list;
};
