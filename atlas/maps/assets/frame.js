/* The frame of every page: header, panel, map panes, footer; Atlas.start puts a page together. */
"use strict";
(function () {
  Atlas.pages = {};
  Atlas.paints = [];
  Atlas.labelsOf = function () { return []; };

  /* One sentence: what the page shows now, else the title in the other language. */
  Atlas.tells = function () { return (Atlas.finding && Atlas.finding()) || Atlas.other(Atlas.data.title); };

  Atlas.start = function (map, data) {
    var state = Atlas.state.read();
    Atlas.map = map;
    Atlas.data = data;
    Atlas.tokens = data.tokens;
    Atlas.words = data.words;
    Atlas.lang = state.g === "en" || state.g === "zh" ? state.g : data.lang;
    Atlas.layers = (data.layers || []).map(Atlas.unpackLayer);
    Atlas.backdrop = { box: data.backdrop.box };
    ["land", "water", "bounds"].forEach(function (key) {
      if (data.backdrop[key]) Atlas.backdrop[key] = Atlas.shapes(data.backdrop[key]);
    });
    buildFrame();
    Atlas.takeTiles(data.basemap);
    buildMap(map);
    Atlas.pages[data.kind](data);
    Atlas.speak(Atlas.lang);
    Atlas.on("filter", Atlas.tell);
    openView(map, data, state);
    map.on("moveend", function () {
      var c = map.getCenter();
      Atlas.state.write({ v: [map.getZoom().toFixed(2), c.lat.toFixed(4), c.lng.toFixed(4)].join("/") });
    });
    window.addEventListener("hashchange", function () { location.reload(); });
    document.body.setAttribute("data-ready", "true");
  };

  function buildFrame() {
    var app = document.getElementById("app"), box = app.querySelector(".folium-map");
    var heading = Atlas.say("h1", {}, function () { return Atlas.pick(Atlas.data.title); });
    var under = Atlas.say("p", { class: "under", id: "finding" }, Atlas.tells);
    var titles = Atlas.el("div", { class: "titles" }, [homeLink(), Atlas.el("div", {}, [heading, under])]), narrow = window.matchMedia("(max-width:719px)");
    Atlas.tools = Atlas.el("div", { class: "tools", role: "toolbar" });
    Atlas.label(Atlas.tools, "tools");
    var menu = Atlas.button({ class: "tool menu", "aria-expanded": "false", "aria-controls": "panel" }, Atlas.data.kind === "atlas" ? "menu_short" : "options_short", function () {
      var open = document.body.classList.toggle("panel-open");
      menu.setAttribute("aria-expanded", String(open));
    });
    Atlas.finder = Atlas.el("div", { class: "finder" });
    var header = Atlas.el("header", { class: "bar" }, [menu, titles, Atlas.finder, Atlas.tools]);
    Atlas.panel = Atlas.el("aside", { class: "panel", id: "panel" });
    /* On a phone the title leads the sheet under the map; elsewhere it stands in the bar. */
    function placeTitles() {
      if (narrow.matches) Atlas.panel.insertBefore(titles, Atlas.panel.firstChild);
      else header.insertBefore(titles, Atlas.finder);
    }
    placeTitles();
    narrow.addEventListener("change", placeTitles);
    Atlas.tell = function () { under.textContent = Atlas.tells(); };
    Atlas.label(Atlas.panel, Atlas.data.kind === "atlas" ? "menu" : "options");
    Atlas.cardHost = Atlas.el("section", { class: "card", hidden: true, tabindex: "-1", "aria-live": "polite" });
    Atlas.label(Atlas.cardHost, "details");
    Atlas.dock = Atlas.el("div", { class: "dock" });
    Atlas.footer = Atlas.label(Atlas.el("footer", { class: "foot", tabindex: "0" }), "marginalia");
    var skip = Atlas.label(Atlas.say("a", { class: "skip", href: "#atlas-map-box" }, "skip"), "skip");
    skip.addEventListener("click", function (event) { event.preventDefault(); box.focus(); });
    box.setAttribute("role", "application");
    box.setAttribute("tabindex", "0");
    Atlas.label(box, "map_label");
    document.body.insertBefore(skip, document.body.firstChild);
    app.insertBefore(header, box);
    app.insertBefore(Atlas.panel, box);
    [Atlas.cardHost, Atlas.dock, Atlas.footer].forEach(function (node) { app.appendChild(node); });
    languageTool();
    writeFooter();
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") {
        Atlas.closeCard();
        document.body.classList.remove("panel-open");
        menu.setAttribute("aria-expanded", "false");
      }
    });
  }

  function homeLink() {
    var home = (Atlas.data.links || [])[0];
    if (!home) return null;
    return Atlas.say("a", { class: "home", href: home[0] }, function () { return "← " + Atlas.pick(home[1]); });
  }

  function languageTool() {
    var button = Atlas.button({ class: "tool" }, "language", function () {
      var next = Atlas.lang === "zh" ? "en" : "zh";
      Atlas.state.write({ g: next });
      Atlas.speak(next);
      Atlas.redraw();
    });
    Atlas.label(button, "language_label", "title");
    button.id = "language";
    Atlas.tools.appendChild(button);
  }

  function writeFooter() {
    var meta = Atlas.data.meta, base = Atlas.data.basemap;
    var parts = [
      function () { return (base ? Atlas.pick(base.note) : Atlas.t("backdrop")) + (Atlas.data.backdrop.bounds ? Atlas.t("boundaries") : ""); },
      function () { return base && base.datum ? Atlas.pick(base.datum) : Atlas.t("datum"); },
      function () { return meta.approval ? Atlas.t("approval") + " " + meta.approval : Atlas.t("approval_space"); },
      function () { return [meta.author, meta.date].filter(Boolean).join(" · "); },
      function () { return Atlas.data.hash ? Atlas.t("hash") + " " + Atlas.data.hash : ""; }
    ];
    parts.forEach(function (part) { if (part()) Atlas.footer.appendChild(Atlas.say("span", {}, part)); });
    (Atlas.data.links || []).slice(1).forEach(function (link) {
      Atlas.footer.appendChild(Atlas.say("a", { href: link[0] }, function () { return Atlas.pick(link[1]); }));
    });
  }

  function buildMap(map) {
    map.createPane("ground").style.zIndex = 210;
    map.createPane("content").style.zIndex = 410;
    map.createPane("names").style.zIndex = 450;
    ["ground", "content", "names"].forEach(function (name) { map.getPane(name).style.pointerEvents = "none"; });
    var base = Atlas.data.basemap;
    if (base && base.url) L.tileLayer(base.url, { maxZoom: 18, subdomains: base.subdomains || "abc", crossOrigin: "anonymous" }).addTo(map);
    Atlas.renderers = [
      new Atlas.Painting(function (ctx, view) { if (!base || !base.url) Atlas.paintGround(ctx, view); }, { pane: "ground", padding: 0.1 }),
      new Atlas.Painting(paintContent, { pane: "content", padding: 0.1 }),
      new Atlas.Painting(paintNames, { pane: "names", padding: 0 })
    ];
    Atlas.renderers.forEach(function (renderer) { renderer.addTo(map); });
    Atlas.zoomTools(map);
    Atlas.scaleBar(map);
    map.on("click", function (event) { Atlas.fire("click", event); });
    map.on("mousemove", function (event) {
      var found = Atlas.hits(map, Atlas.layers, event.containerPoint, 7).length > 0 && !Atlas.noHover;
      map.getContainer().style.cursor = found ? "pointer" : "";
    });
  }

  function paintContent(ctx, view) { Atlas.paints.forEach(function (paint) { paint(ctx, view); }); }

  function paintNames(ctx, view) {
    Atlas.placed = Atlas.paintLabels(ctx, view, Atlas.labelsOf(), [], Atlas.labelLines);
  }

  /* Everything again, on any surface: the page, a print, an image. */
  Atlas.paintAll = function (ctx, view) {
    Atlas.paintGround(ctx, view);
    paintContent(ctx, view);
    /* no name under the scale bar or the north arrow */
    var taken = [[0, view.h - 44, 200, view.h], [view.w - 44, 0, view.w, 60]];
    Atlas.paintLabels(ctx, view, Atlas.labelsOf(), taken, Atlas.labelLines);
  };

  var waiting = false;
  Atlas.redraw = function () {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(function () {
      waiting = false;
      Atlas.renderers.forEach(function (renderer) { renderer.redraw(); });
      Atlas.fire("drawn");
    });
  };

  /* Pixels that panels cover: left, top, right, bottom. */
  Atlas.covered = function () {
    return Atlas.phone() ? [8, 8, 8, 8] : [332, 12, 24, 110];
  };

  /* The same with the card open: on a phone it rises over the sheet into the map. */
  Atlas.coveredByCard = function () {
    var pad = Atlas.covered(), map = document.querySelector(".folium-map").getBoundingClientRect();
    if (!Atlas.phone()) return [pad[0], pad[1], Math.max(pad[2], 364), pad[3]];
    return [pad[0], pad[1], pad[2], Math.max(pad[3], map.bottom - 0.44 * window.innerHeight)];
  };

  Atlas.fit = function (box, most, pads) {
    var pad = pads || Atlas.covered();
    Atlas.map.fitBounds([[box[1], box[0]], [box[3], box[2]]],
      { paddingTopLeft: [pad[0], pad[1]], paddingBottomRight: [pad[2], pad[3]], animate: false, maxZoom: most || 13 });
  };

  /* Scale and centre (world units) of a view of w × h px with no bare margin beyond the land and sea that is there,
     where at most twice the scale does it. */
  Atlas.filled = function (scale, x, y, w, h) {
    var box = Atlas.backdrop.box;
    if (!box || (Atlas.data.basemap && Atlas.data.basemap.url)) return { scale: scale, x: x, y: y };
    var west = Atlas.worldX(box[0]), east = Atlas.worldX(box[2]), north = Atlas.worldY(box[3]), south = Atlas.worldY(box[1]);
    var needed = Math.max(w / (east - west), h / (south - north));
    if (needed > scale && needed <= 2 * scale) scale = needed;
    return { scale: scale, x: inside(x, west, east, w / scale), y: inside(y, north, south, h / scale) };
  };

  function inside(middle, low, high, width) {
    if (high - low <= width) return high - low < width * (1 - 1e-6) ? middle : (low + high) / 2;
    return Math.max(low + width / 2, Math.min(high - width / 2, middle));
  }

  /* The opening view. What a page says is its heart, [lon, lat], stays clear of the sides. */
  Atlas.home = function () {
    Atlas.fit(Atlas.data.bounds);
    var map = Atlas.map, crs = map.options.crs, size = map.getSize(), c = map.getCenter(), scale = crs.scale(map.getZoom());
    var wider = Atlas.filled(scale, Atlas.worldX(c.lng), Atlas.worldY(c.lat), size.x, size.y).scale;
    var zoom = Math.ceil(Math.log2(wider / crs.scale(0)) * 4 - 1e-6) / 4, heart = Atlas.heart && Atlas.heart();
    scale = crs.scale(zoom);
    var off = 0.3 * size.x / scale, x = Atlas.worldX(c.lng);
    if (heart) x = Math.max(Atlas.worldX(heart[0]) - off, Math.min(Atlas.worldX(heart[0]) + off, x));
    var at = Atlas.filled(scale, x, Atlas.worldY(c.lat), size.x, size.y);
    map.setView([Atlas.latOf(at.y), Atlas.lonOf(at.x)], zoom, { animate: false });
  };

  function openView(map, data, state) {
    var parts = (state.v || "").split("/").map(Number);
    if (parts.length === 3 && parts.every(isFinite)) map.setView([parts[1], parts[2]], parts[0], { animate: false });
    else {
      Atlas.home();
      /* a link to a feature opens on it */
      if (Atlas.atFirst) Atlas.atFirst();
    }
  }

  Atlas.zoomTools = function (map) {
    var group = Atlas.el("div", { class: "zoom", role: "group" });
    [["+", "zoom_in", function () { map.zoomIn(); }], ["−", "zoom_out", function () { map.zoomOut(); }],
      ["⤢", "whole", function () { Atlas.home(); }]].forEach(function (row) {
      group.appendChild(Atlas.label(Atlas.el("button", { type: "button", onclick: row[2] }, row[0]), row[1]));
    });
    Atlas.label(group, "zoom");
    document.getElementById("app").appendChild(group);
  };

  /* A bar of a round length at the middle of the map, and its length in words. */
  Atlas.scaleLength = function (metresPerPixel, most) {
    var length = metresPerPixel * most, power = Math.pow(10, Math.floor(Math.log10(length)));
    var round = [5, 2, 1].map(function (step) { return step * power; }).find(function (value) { return value <= length; });
    return { metres: round, pixels: round / metresPerPixel, text: round >= 1000 ? round / 1000 + " km" : round + " m" };
  };

  Atlas.metresPerPixel = function (map) {
    return 40075016.686 * Math.cos(map.getCenter().lat * Math.PI / 180) / map.options.crs.scale(map.getZoom());
  };

  Atlas.scaleBar = function (map) {
    var bar = Atlas.el("div", { class: "scalebar" }), text = Atlas.el("span"), line = Atlas.el("i", { "aria-hidden": "true" });
    bar.appendChild(line);
    bar.appendChild(text);
    document.getElementById("app").appendChild(bar);
    map.on("zoomend moveend", function () {
      var scale = Atlas.scaleLength(Atlas.metresPerPixel(map), 110);
      line.style.width = scale.pixels.toFixed(1) + "px";
      text.textContent = scale.text;
    });
  };
})();
