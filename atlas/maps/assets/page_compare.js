/* The compare page: two scenarios side by side in step, and one picture of what is gained, kept and lost. */
"use strict";
Atlas.pages.compare = function (data) {
  var el = Atlas.el, places = Atlas.layers[0], size = places.size, names = data.compare.scenarios, R0 = data.reaches[0];
  var models = data.reaches.map(function (R) { return Atlas.reachModel(R, places); });
  var choice = { o: at(data.reaches.map(function (R) { return R.own; }), Atlas.state.values.o), m: at(R0.modes, Atlas.state.values.m, R0.opening[1]), k: at(R0.cutoffs.map(String), Atlas.state.values.k, "120"), d: at(["pair", "one"], Atlas.state.values.d) };
  var change = data.tokens.change, twin = null, painted = null;

  function at(list, asked, first) { return Math.max(0, list.indexOf(list.indexOf(asked) >= 0 ? asked : first)); }
  function R() { return data.reaches[choice.o]; }
  function model() { return models[choice.o]; }
  function combo(s) { return model().combination(s, choice.m, 0); }
  function cutoff() { return R().cutoffs[choice.k]; }
  function inside(s, row) {
    var value = model().minutes(combo(s), row);
    return value !== null && value <= cutoff() + 1e-6;
  }
  function state(row) {
    var before = inside(0, row), after = inside(1, row);
    return before && after ? "kept" : after ? "gained" : before ? "lost" : "";
  }
  Atlas.changeOf = state;

  /* Gained filled, lost crossed out, kept small: told apart in grey as well. */
  function paintChange(ctx, view) {
    for (var row = 0; row < size; row++) {
      var what = state(row), symbol = places.symbol(row);
      if (!what || !Atlas.inView(places.shapes, row, view)) continue;
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
    Atlas.layers.slice(1).forEach(function (layer) {
      if (layer.size) Atlas.paintLayer(ctx, view, layer);
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
    var group = Atlas.label(el("div", { class: "seg", role: "group", id: "seg-" + key }), label);
    values.forEach(function (value, i) {
      group.appendChild(Atlas.button({ "aria-pressed": String(choice[key] === i), "data-value": value }, function () { return text(value, i); }, function () {
        var written = {};
        choice[key] = i;
        written[key] = value;
        Atlas.state.write(written);
        update();
      }));
    });
    return group;
  }

  var figures = el("div", { class: "figures", "aria-live": "polite" }), list = el("ul", { class: "placelist" }), projects = el("ul", { class: "placelist" });
  Atlas.panel.appendChild(el("div", { class: "section" }, [
    Atlas.say("h2", { class: "origin" }, function () { return names[0] + " → " + names[1]; }),
    Atlas.say("span", { class: "field" }, "origin"), segments("o", data.reaches.map(function (one) { return one.own; }), function (_, i) { return Atlas.pick(data.reaches[i].origin).replace(/市$/, ""); }, "origin"),
    Atlas.say("span", { class: "field" }, "mode"), segments("m", R0.modes, Atlas.t, "mode"),
    Atlas.say("span", { class: "field" }, "cutoff"), segments("k", R0.cutoffs.map(String), function (value) { return value + " " + Atlas.t("minutes"); }, "cutoff"),
    Atlas.say("span", { class: "field" }, "layout"), segments("d", ["pair", "one"], function (value) { return Atlas.t(value === "pair" ? "side_by_side" : "one_picture"); }, "layout"), figures]));
  Atlas.legendRows = function () {
    return ["gained", "kept", "lost"].map(function (what) {
      return ["Point", { color: change[what], width: 5, form: "dot", alpha: 1 }, what === "lost" ? "planned" : "operating", false, what];
    }).concat(data.tokens.ramp.map(function (band) {
      return ["LineString", { color: band.color, width: band.width, form: "plain", alpha: 1 }, "operating", false, function () { return (band.from_min ? band.from_min + "–" : "≤ ") + band.to_min + " " + Atlas.t("minutes"); }];
    }));
  };
  Atlas.section("projects", [projects]);
  Atlas.section("change", [list]);
  Atlas.section("legend", [Atlas.legend(Atlas.legendRows(), el("div", { class: "legend" }))], !Atlas.phone());
  Atlas.section("sources", [Atlas.sourceList()], false);

  function rows() {
    var found = [];
    for (var row = 0; row < size; row++) {
      var before = model().minutes(combo(0), row), after = model().minutes(combo(1), row), what = state(row);
      if (!what && (before === null || after === null || Math.abs(before - after) < 0.5)) continue;
      found.push({ row: row, name: Atlas.pick(places.name(row)), city: Atlas.word("cities", places.get("city", row) || ""), before: before, after: after,
        saved: before === null || after === null ? null : before - after, what: what ? Atlas.t(what) : "", key: what });
    }
    return found;
  }

  Atlas.heart = function () { return R().at; };
  Atlas.finding = function () {
    var found = rows(), best = null, count = function (what) { return found.filter(function (row) { return row.key === what; }).length; };
    found.forEach(function (row) { if (row.saved !== null && (!best || row.saved > best.saved)) best = row; });
    var text = Atlas.t("finding_change", Atlas.pick(R().origin), Atlas.t(R0.modes[choice.m]), cutoff(), count("gained"), count("lost"));
    return text + (best && best.saved >= 0.5 ? Atlas.t("finding_faster", Atlas.minutes(best.saved), best.name) : "");
  };

  function update() {
    ["o", "m", "k", "d"].forEach(function (key) {
      Array.prototype.forEach.call(document.getElementById("seg-" + key).children, function (button, i) { button.setAttribute("aria-pressed", String(i === choice[key])); });
    });
    var found = rows(), count = { gained: 0, kept: 0, lost: 0 };
    found.forEach(function (row) { if (row.key) count[row.key]++; });
    Atlas.empty(figures);
    ["gained", "lost", "kept"].forEach(function (what) {
      figures.appendChild(el("div", { class: "figure" }, [el("b", {}, String(count[what])), el("span", {}, Atlas.t("count_" + what))]));
    });
    Atlas.tell();
    Atlas.empty(list);
    found.filter(function (row) { return row.key === "gained" || row.key === "lost"; }).sort(function (a, b) { return (b.saved || 999) - (a.saved || 999); }).forEach(function (row) {
      list.appendChild(el("li", {}, el("button", { type: "button", onclick: function () { Atlas.centre(places, row.row, 10.5); } }, [el("span", {}, row.what + " · " + row.name),
        el("span", { class: "min" }, (row.before === null ? "—" : Atlas.minutes(row.before)) + " → " + (row.after === null ? "—" : Atlas.minutes(row.after)))])));
    });
    if (!list.childNodes.length) list.appendChild(el("li", {}, Atlas.t("no_change")));
    Atlas.empty(projects);
    data.compare.projects.filter(function (row) { return row.mode === R0.modes[choice.m]; }).slice(0, 12).forEach(function (row) {
      projects.appendChild(el("li", {}, [el("b", {}, Atlas.pick(row.name)), el("small", {}, " " + (row.year || "") + " (" + Atlas.t("basis_" + row.basis) + ") · " + Atlas.t("pairs_slower", row.pairs))]));
    });
    if (!projects.childNodes.length) projects.appendChild(el("li", {}, Atlas.t("no_change")));
    Atlas.map.whenReady(layout);
    Atlas.redraw();
    if (painted) painted.forEach(function (renderer) { renderer.redraw(); });
  }

  var usual = Atlas.covered;
  Atlas.covered = function () { return document.body.classList.contains("pair") ? [12, 44, 12, 60] : usual(); };

  /* The second map stands beside the first and moves with it. */
  function layout() {
    var pair = choice.d === 0 && !Atlas.phone(), box = document.querySelector(".folium-map");
    document.body.classList.toggle("pair", pair);
    if (pair && !twin) {
      var second = el("div", { class: "twin", id: "twin", role: "application" });
      Atlas.label(second, "map_label");
      document.getElementById("app").appendChild(second);
      twin = L.map(second, Object.assign({}, Atlas.map.options, { zoomControl: false, attributionControl: false }));
      twin.createPane("ground").style.zIndex = 210;
      twin.createPane("content").style.zIndex = 410;
      twin.createPane("names").style.zIndex = 450;
      painted = [new Atlas.Painting(function (ctx, view) { Atlas.paintGround(ctx, view); }, { pane: "ground" }), new Atlas.Painting(function (ctx, view) { paintSide(1)(ctx, view); }, { pane: "content" }),
        new Atlas.Painting(function (ctx, view) { Atlas.paintLabels(ctx, view, Atlas.labelsOf(), []); }, { pane: "names", padding: 0 })];
      twin.setView(Atlas.map.getCenter(), Atlas.map.getZoom(), { animate: false });
      painted.forEach(function (renderer) { renderer.addTo(twin); });
      var moving = false;
      var follow = function (from, to) {
        from.on("move", function () {
          if (moving) return;
          moving = true;
          to.setView(from.getCenter(), from.getZoom(), { animate: false });
          moving = false;
        });
      };
      follow(Atlas.map, twin);
      follow(twin, Atlas.map);
      Atlas.twin = twin;
      ["0", "1"].forEach(function (which) { document.getElementById("app").appendChild(Atlas.say("div", { class: "side-name side-" + which }, function () { return names[Number(which)]; })); });
    }
    Atlas.map.invalidateSize({ animate: false });
    if (twin) twin.invalidateSize({ animate: false });
    if (box.getAttribute("data-layout") !== (pair ? "pair" : "one") && !Atlas.state.values.v) Atlas.home();
    box.setAttribute("data-layout", pair ? "pair" : "one");
  }

  Atlas.labelsOf = (function () { var c = Atlas.labelCandidates([places]); return function () { return c; }; })();
  Atlas.paints.push(function (ctx, view) {
    if (choice.d === 0 && !Atlas.phone() && !view.sheet) paintSide(0)(ctx, view);
    else {
      model().paintAreas(ctx, view, combo(1));
      paintNew(ctx, view);
      paintChange(ctx, view);
    }
  });
  Atlas.searchBox(function (layer, row) { Atlas.centre(layer, row, 10.5); });
  Atlas.tableTool([{ key: "name", text: "place" }, { key: "city", text: "city" }, { key: "before", text: "before", number: true, digits: 0 }, { key: "after", text: "after", number: true, digits: 0 },
    { key: "saved", text: "faster", number: true, digits: 0 }, { key: "what", text: "change" }], rows, function (row) { Atlas.centre(places, row.row, 10.5); });
  Atlas.sheetTools();
  Atlas.printRows = function () {
    var table = el("table", {}, el("thead", {}, el("tr", {}, ["place", "before", "after", "change"].map(function (key, i) { return el("th", { class: i === 1 || i === 2 ? "number" : "" }, Atlas.t(key)); }))));
    rows().filter(function (row) { return row.key && (row.key !== "kept" || row.saved >= 5); }).sort(function (a, b) { return (b.saved || 999) - (a.saved || 999); }).slice(0, 60).forEach(function (row) {
      table.appendChild(el("tr", {}, [el("td", {}, row.name), el("td", { class: "number" }, row.before === null ? "—" : Atlas.minutes(row.before)),
        el("td", { class: "number" }, row.after === null ? "—" : Atlas.minutes(row.after)), el("td", {}, row.what)]));
    });
    return table;
  };
  Atlas.subtitle = function () { return names[0] + " → " + names[1] + ", " + Atlas.pick(R().origin) + ", " + Atlas.t(R0.modes[choice.m]) + ", " + Atlas.t("within", cutoff()); };
  Atlas.on("lang", update);
  update();
};
