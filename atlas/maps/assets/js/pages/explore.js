/* The explorer: any origin, any scenario, minutes, areas, people and the plan's targets at once, without a network. */
import { own } from "../core/own.js";
import * as engine from "../explore/engine.js";
import * as exploreState from "../explore/state.js";
import { download, el, emptied } from "../core/dom.js";
import { listen } from "../core/events.js";
import { urlState } from "../core/hash.js";
import { worldX, worldY } from "../core/mercator.js";
import { formatNumber, wholeMinutes } from "../core/numbers.js";
import { hooks, page } from "../core/page.js";
import { inSentence, labelled, listed, makeButton, pick, spoken, ui, wordFor } from "../core/words.js";
import { answerer } from "../explore/answer.js";
import { outlines } from "../explore/areas.js";
import { explorePaint } from "../explore/paint.js";
import { crossesBorder } from "../explore/sides.js";
import { inView } from "../core/trace.js";
import { featuresAt, paintMark, viewOf } from "../map/canvas.js";
import { coveredByCard, fitBox, redraw, startPage, tell, usualCover } from "../map/frame.js";
import { labelCandidates } from "../map/labels.js";
import { twinMap } from "../map/twin.js";
import { closeCard, showCard } from "../parts/card.js";
import { addSection, centre, drawLegend, searchBox, sourceList } from "../parts/panel.js";
import { openItem } from "../parts/item.js";
import { legList } from "../parts/reach.js";
import { sheetTools } from "../parts/sheet.js";
import { tableTool } from "../parts/table.js";

/* What the sections of the panel ask of one another. */
/** @type {Record<string, any>} */
const inner = {};

export function explorePage(data) {
  var X = data.explore, E = engine, S = exploreState, host = el("div", { class: "section" }, el("p", {}, ui("ex_loading")));
  page.panel.appendChild(host);
  searchBox(function () {});
  Promise.all([E.unpack(X.engine), E.unpackTexts(X.names), E.unpackTexts(X.nodeNames), E.unpackTexts(X.sides)]).then(function (unpacked) {
    var N = unpacked[0];
    X.names = unpacked[1];
    X.nodeNames = unpacked[2];
    emptied(host);
    host.remove();
    page.explorer = explorer(N, unpacked[3]);
    document.body.setAttribute("data-explorer", "true");
    redraw();
  });

  function explorer(base, sides) {
    var places = page.layers[0], parameters = new Map(X.parameters.map(function (row) { return [row[0], row]; }));
    var nodeOf = new Map(), nameOf = new Map(), N = base, paint = explorePaint(base, { tokens: data.tokens, explore: X, forward: bits(X.forward) });
    page.layers.forEach(function (layer, k) {
      for (var row = 0; row < layer.size; row++) {
        var id = layer.key === "places" ? layer.get("id", row) : X.prefix[layer.key] + layer.get("id", row), node = X.nodes[k][row];
        if (node >= 0) { nodeOf.set(id, node); nameOf.set(id, layer.name(row)); }
      }
    });
    var known = { id: function (id) { return base.rowsById.has(id) || Object.prototype.hasOwnProperty.call(data.plan.items, id); }, origin: function (id) { return nodeOf.has(id); },
      parameter: function (name, value) { return parameters.has(name) && S.takes(parameters.get(name), value); }, years: data.years, box: data.backdrop.box || [-180, -90, 180, 90], place: function (id) { return [base.a.lon[nodeOf.get(id)], base.a.lat[nodeOf.get(id)]]; } };
    var opening = { origins: [{ id: X.opening[0] }], year: X.opening[1] };
    /* what stands in the address and cannot be taken is said until something is changed */
    var untaken = [], state = S.fromHash(urlState.values, opening, known, untaken), pinned = urlState.values.pin ? S.fromHash(pairs(urlState.values.pin), opening, known, untaken) : null;
    /* two states that are compared are cut at the same minutes */
    if (pinned) pinned.cutoffs = state.cutoffs.slice();
    var view = { areas: urlState.values.i !== "0", compare: ["change", "swipe", "pair"].indexOf(urlState.values.d) >= 0 ? urlState.values.d : "one", swipe: 0.5 };
    if (view.compare === "one" && urlState.values.d && urlState.values.d !== "one") untaken.push("d=" + urlState.values.d);
    if (urlState.values.f && !nodeOf.has(urlState.values.f)) untaken.push("f=" + urlState.values.f);
    var chosen = urlState.values.f && nodeOf.has(urlState.values.f) ? urlState.values.f : null, draft = null, now = null, was = null, spent = 0;

    function bits(text) { var raw = atob(text), out = new Uint8Array(raw.length); for (var i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i); return out; }
    function pairs(text) {
      var out = {};
      text.split("&").forEach(function (one) { var at = one.indexOf("="); if (at > 0) out[one.slice(0, at)] = one.slice(at + 1); });
      return out;
    }
    var model = answerer(base, X.parameters, nodeOf, paint), answer = model.answer, valueOf = model.valueOf, scenarioOf = model.scenarioOf;
    function pointOf(origin) { return origin.id ? [base.a.lon[nodeOf.get(origin.id)], base.a.lat[nodeOf.get(origin.id)]] : [origin.lon, origin.lat]; }
    /* As the terminal knows an origin: by rail a station is its gate; a point is the middle of its cell, which is what is asked. */
    function named(origin) {
      if (origin.id) return state.mode === "rail" && origin.id.indexOf("stn/") === 0 ? "gate/" + origin.id.slice(4) : origin.id;
      var cell = base.grid ? E.cellAt(base, origin.lon, origin.lat) : -1, L = base.cellNodes;
      return cell < 0 ? S.originText(origin) : L.lon[cell].toFixed(5) + "," + L.lat[cell].toFixed(5);
    }
    function originName(origin) { return origin.id ? pick(nameOf.get(origin.id)) : ui("ex_point", origin.lon.toFixed(3), origin.lat.toFixed(3)); }

    function yearWords(one) { return one.year === null ? inSentence(one.known ? "ex_full_known" : "full") : String(one.year); }

    function minutesAt(result, id) { return result.node[nodeOf.get(id)]; }

    /* Whether what a list hangs on has changed since it was last filled: a click on the map leaves most lists as they are. */
    var lastAsked = new Map();
    function asksAnew(list, what) {
      var key = JSON.stringify(what);
      if (lastAsked.get(list) === key) return false;
      lastAsked.set(list, key);
      return true;
    }

    /* --- doing: change the state, answer, show ------------------------------------------------------------------- */
    function change(more, quick) {
      untaken = [];
      Object.assign(state, more);
      if (pinned && more.cutoffs) { pinned.cutoffs = state.cutoffs.slice(); answerPinned(); }
      if (quick && worker.ask()) return;
      var start = performance.now();
      worker.drop();
      now = answer(state);
      N = now.M;
      spent = performance.now() - start;
      if (!quick) { write(); show(); }
      else figuresShown();
      redraw();
    }
    /* While a pin or slider moves, the worker answers and paints what it can keep up with; the last question is always
       answered. Where a browser lets no page have a worker, the page does it itself. */
    var worker = (function () {
      var behind = null, ready = false, busy = false, again = false, turn = 0, shown = null, source = document.getElementById("atlas-worker"), waiting = [];
      if (source && base.grid && typeof Worker === "function" && typeof OffscreenCanvas === "function") {
        var address = URL.createObjectURL(new Blob([source.textContent], { type: "text/javascript" }));
        try { behind = new Worker(address); } catch (error) { behind = null; }
        URL.revokeObjectURL(address);
      }
      if (behind) {
        behind.onerror = function (event) { event.preventDefault(); behind = null; ready = busy = false; };
        behind.onmessage = function (event) { if (event.data.ready) ready = true; else take(event.data); };
        behind.postMessage({ engine: X.engine, parameters: X.parameters, nodes: Array.from(nodeOf), tokens: data.tokens, shapes: X.shapes, forward: bits(X.forward) });
      }
      function ask() {
        if (!ready || (was && view.compare === "pair")) return false;
        if (busy) { again = true; return true; }
        busy = true;
        again = false;
        var over = viewOf(page.map, page.renderers[1]._bounds);
        behind.postMessage({ turn: ++turn, state: state, pinned: was ? pinned : null, compare: view.compare, edge: over.w * view.swipe, areas: view.areas, view: over, dpr: page.renderers[1]._dpr });
        return true;
      }
      function take(found) {
        busy = false;
        if (found.turn === turn) {
          if (shown) shown.picture.close();
          shown = found;
          now = Object.assign({}, now, { node: found.node, inside: found.inside, curve: found.curve, lost: found.lost });
          originsShown(); figuresShown(); curveShown(); tell();
          redraw();
        } else found.picture.close();
        if (again) ask();
        else waiting.splice(0).forEach(function (done) { done(); });
      }
      return {
        ask: ask,
        drop: function () { turn++; again = false; if (shown) shown.picture.close(); shown = null; },
        ready: function () { return ready; },
        settled: function () { return new Promise(function (done) { if (busy) waiting.push(done); else done(null); }); },
        /* The picture made last, laid where its view lies in this one; whether there is one. */
        paint: function (ctx, mapView) {
          if (!shown) return false;
          var old = shown.view, by = mapView.scale / old.scale;
          ctx.globalAlpha = 1;
          ctx.drawImage(shown.picture, old.ox * by - mapView.ox, old.oy * by - mapView.oy, old.w * by, old.h * by);
          return true;
        }
      };
    }());
    function write() {
      var out = S.toHash(state, opening);
      out.pin = pinned ? hashText(S.toHash(pinned, opening)) : null;
      out.d = view.compare === "one" ? null : view.compare;
      out.f = chosen;
      urlState.write(/** @type {Record<string, unknown>} */ (out));
    }
    function hashText(values) { return Object.keys(values).filter(function (key) { return values[key]; }).map(function (key) { return key + "=" + values[key]; }).join("&"); }
    function toggle(list, id, on) { return on ? (list.indexOf(id) < 0 ? list.concat([id]) : list) : list.filter(function (one) { return one !== id; }); }

    /* --- controls --------------------------------------------------------------------------------------------------- */
    function segments(key, values, text, label) {
      var group = labelled(el("div", { class: "seg", role: "group", id: "seg-" + key }), label);
      values.forEach(function (value) {
        group.appendChild(makeButton({ "data-value": value, "aria-pressed": "false" }, function () { return text(value); }, function () { var more = {}; more[key] = value; change(more); }));
      });
      return group;
    }
    function press(key, value) {
      Array.prototype.forEach.call(document.querySelectorAll("#seg-" + key + " button"), function (button) { button.setAttribute("aria-pressed", String(button.getAttribute("data-value") === String(value))); });
    }
    var originList = el("ul", { class: "placelist", id: "origins" }), figures = el("div", { class: "figures", "aria-live": "polite", id: "figures" }), chart = el("div", { class: "chart", id: "curve" });
    var destination = el("div", { class: "finder within" });
    var warning = el("p", { class: "warning", role: "alert", hidden: true, id: "warning" }), nearest = el("dl", { class: "facts", id: "nearest" }), verdicts = el("ul", { class: "placelist", id: "verdicts" });
    var list = el("ul", { class: "placelist" }), commands = el("ul", { class: "commands", id: "commands" }), owners = el("ul", { class: "placelist", id: "owners" }), projects = el("ul", { class: "projects", id: "projects" }), sliders = el("div", { id: "sliders" });
    var cut = labelled(el("input", { type: "text", id: "cutoffs", inputmode: "decimal" }), "ex_cutoffs");
    cut.addEventListener("change", function () {
      var read = S.cutoffsOf(cut.value);
      if (read) change({ cutoffs: read });
      var left = S.leftOfCutoffs(cut.value);
      if (left.length) { untaken = left; cut.value = state.cutoffs.join(", "); originsShown(); }
    });
    var areasBox = el("input", { type: "checkbox", id: "areas", checked: view.areas });
    areasBox.addEventListener("change", function () { view.areas = areasBox.checked; urlState.write({ i: view.areas ? null : "0" }); redraw(); });
    page.panel.appendChild(el("div", { class: "section" }, [warning,
      spoken("span", { class: "field" }, "ex_origin"), originList, spoken("p", { class: "small" }, "ex_origin_how"),
      makeButton({ class: "tool", id: "add-origin", "aria-pressed": "false" }, "ex_add_origin", function (event) { adding = !adding; event.currentTarget.setAttribute("aria-pressed", String(adding)); }),
      makeButton({ class: "tool", id: "towards", "aria-pressed": "false" }, "ex_towards", function () { change({ towards: !state.towards }); }),
      segments("combine", S.COMBINE, function (value) { return ui("ex_combine_" + value); }, "ex_combine"),
      spoken("span", { class: "field" }, "ex_destination"), destination,
      spoken("span", { class: "field" }, "mode"), segments("mode", S.MODES, ui, "mode"),
      spoken("span", { class: "field" }, "ex_cutoffs"), cut, figures, owners, chart,
      el("label", { class: "row" }, [areasBox, spoken("span", { class: "name" }, "isochrones")])]));
    var adding = false;
    addSection("ex_targets", [verdicts, spoken("p", { class: "small" }, "ex_targets_note")]);
    addSection("ex_projects", [projectTools(), projects], false);
    addSection("ex_links", [linkTools()], false);
    addSection("ex_parameters", [spoken("span", { class: "field" }, "parameter_set"), segments("set", S.SETS, ui, "parameter_set"),
      segments("period", S.PERIODS, function (value) { return ui("period_" + value); }, "ex_period"), segments("boarding", S.BOARDING, function (value) { return ui("boarding_" + value); }, "ex_boarding"), segments("timetable", S.TIMETABLES, function (value) { return ui("ex_timetable_" + value); }, "ex_timetable"), sliders], false);
    addSection("ex_nearest", [nearest], false);
    addSection("places", [list], false);
    addSection("ex_compare", [compareTools()], false);
    addSection("ex_keep", [keepTools(), commands], false);
    hooks.legendRows = legendRows;
    var legendHost = el("div", { class: "legend" });
    addSection("legend", [legendHost]);
    addSection("assumptions", [el("div", { class: "small", id: "assumed" }, [spoken("p", {}, function () { return ui("ex_honest", formatNumber(base.grid ? base.grid.sizeM : 0, 0)); })])], false);
    addSection("sources", [sourceList()], false);
    yearDock();

    function legendRows() {
      if (view.compare !== "change" && now.owner) return state.origins.map(function (origin, k) {
        return ["LineString", { color: paint.css(paint.OWNERS[k]), width: 8, form: "plain", alpha: 1 }, "operating", false, function () { return ui("ex_owner", originName(origin)); }];
      }).concat(timeRows());
      if (view.compare === "change" && pinned) return [["g30", paint.STEPS[0]], ["g15", paint.STEPS[1]], ["g5", paint.STEPS[2]], ["g1", paint.STEPS[3]], ["l1", paint.WORSE[2]]].map(function (row) {
        return ["LineString", { color: paint.css(/** @type {number[]} */ (row[1][1])), width: 6, form: "plain", alpha: 1 }, "operating", false, function () { return ui(row[0][0] === "g" ? "ex_faster" : "ex_slower", row[1][0]); }];
      });
      return timeRows();
    }
    function timeRows() {
      return state.cutoffs.map(function (cutoff, i) {
        return ["LineString", { color: paint.css(paint.bandColor(i, state.cutoffs.length)), width: 5, form: "plain", alpha: 1 }, "operating", false, function () { return (i ? state.cutoffs[i - 1] + "–" : "≤ ") + cutoff + " " + ui("minutes"); }];
      }).concat([["LineString", { color: data.tokens.ground.unreached, width: 1.2, form: "plain", alpha: 1 }, "operating", false, function () { return ui("not_reached", state.cutoffs[state.cutoffs.length - 1]); }]])
        .concat(state.links.length ? [["LineString", { color: "#8a3ffc", width: 4, form: "plain", alpha: 1 }, "planned", false, "ex_own_link"]] : []);
    }

    /* The year: a slider with steps and play; its last place is the whole plan. */
    function yearDock() {
      var first = data.years[0], last = data.years[1] + 1, timer = null;
      var slider = labelled(el("input", { type: "range", id: "year", min: first, max: last, step: 1 }), "year"), told = el("output", { id: "year-told", for: "year" });
      function set(value) { var year = Math.max(first, Math.min(last, value)); change({ year: year === last ? null : year, known: false }); }
      slider.addEventListener("input", function () { set(Number(slider.value)); });
      var play = labelled(el("button", { type: "button", class: "step", id: "play", "aria-pressed": "false" }, "▶"), "ex_play");
      play.addEventListener("click", function () {
        if (timer) { clearInterval(timer); timer = null; play.setAttribute("aria-pressed", "false"); return; }
        play.setAttribute("aria-pressed", "true");
        if (state.year === null) set(first);
        timer = setInterval(function () {
          if (state.year === null) { clearInterval(timer); timer = null; play.setAttribute("aria-pressed", "false"); return; }
          set(state.year + 1);
        }, 900);
      });
      var known = makeButton({ class: "step", id: "known", "aria-pressed": "false" }, "ex_full_known", function () { change({ year: null, known: !state.known }); });
      inner.yearShown = function () {
        known.hidden = state.year !== null;
        known.setAttribute("aria-pressed", String(state.known));
        slider.value = state.year === null ? last : state.year;
        told.textContent = state.year === null ? ui(state.known ? "ex_full_known" : "full_short") : String(state.year);
        slider.setAttribute("aria-valuetext", told.textContent);
      };
      var ticks = el("div", { class: "ticks", "aria-hidden": "true" });
      for (var y = first; y <= last; y++) ticks.appendChild(y < last ? el("span", {}, String(y).slice(2)) : spoken("span", {}, "full_short"));
      page.dock.appendChild(el("div", { class: "timeline" }, [el("div", { class: "yearrow" }, [
        labelled(el("button", { type: "button", class: "step", onclick: function () { set((state.year || last) - 1); } }, "‹"), "earlier"), told,
        labelled(el("button", { type: "button", class: "step", onclick: function () { set((state.year || last) + 1); } }, "›"), "later"), play, known, el("div", { class: "track" }, [slider, ticks])])]));
    }

    /* Every project of the plan that has lines in the network: by its year, put in, or left out. */
    function projectTools() {
      var box = labelled(el("input", { type: "search", id: "project-search" }), "ex_find_project");
      labelled(box, "ex_find_project", "placeholder");
      box.addEventListener("input", fillProjects);
      inner.projectSearch = box;
      return el("div", {}, [box, makeButton({ class: "tool", id: "projects-reset" }, "ex_by_year", function () { change({ with: [], without: [] }); })]);
    }
    function yearOf(id) {
      var best = NaN;
      (base.rowsById.get(id) || []).forEach(function (row) { var year = base.a.opens[row]; if (year === year && !(best <= year)) best = year; });
      return best;
    }
    var items = Object.keys(data.plan.items).filter(function (id) { return base.rowsById.has(id) && data.plan.items[id].k !== "corridor"; }).map(function (id) { return { id: id, year: yearOf(id) }; });
    function fillProjects() {
      if (!asksAnew("projects", [state.year, state.with, state.without, inner.projectSearch.value, page.lang])) return;
      var wanted = inner.projectSearch.value.trim().toLowerCase();
      var held = document.activeElement && projects.contains(document.activeElement) ? Object.entries(/** @type {HTMLElement} */ (document.activeElement).dataset)[0] : null;
      emptied(projects);
      items.forEach(function (item) {
        var names = data.plan.items[item.id].n;
        if (wanted && (names[0] + " " + names[1] + " " + item.id).toLowerCase().indexOf(wanted) < 0) return;
        var byYear = state.year === null || item.year <= state.year, put = state.with.indexOf(item.id) >= 0, out = state.without.indexOf(item.id) >= 0, on = out ? false : put || byYear;
        var box = el("input", { type: "checkbox", checked: on, "data-project": item.id });
        box.addEventListener("change", function () { setProject(item.id, box.checked, byYear); });
        projects.appendChild(el("li", {}, [el("label", { class: "row" }, [box, el("span", { class: "name" }, pick(names)), el("span", { class: "count" }, wordFor(data.words.status[data.plan.items[item.id].t] ? "status" : "item_status", data.plan.items[item.id].t) + " · " + (item.year === item.year ? String(item.year) : ui("undated")) + (put ? " +" : out ? " −" : ""))]),
          makeButton({ class: "link", "data-only": item.id }, "ex_only", function () { only(item.id); }), " ", makeButton({ class: "link", "data-but": item.id }, "ex_all_but", function () { change({ year: null, known: false, with: [], without: [item.id] }); })]));
      });
      /* the keyboard stays on the switch that was pressed */
      if (held) Array.prototype.forEach.call(projects.querySelectorAll("[data-" + held[0] + "]"), function (node) { if (node.dataset[held[0]] === held[1]) node.focus(); });
    }
    function setProject(id, on, byYear) {
      change({ with: toggle(state.with, id, on && !byYear), without: toggle(state.without, id, !on && byYear) });
    }
    /* Only this project on the network as it stands today. */
    function only(id) {
      var today = X.opening[1];
      change({ year: today, known: false, with: yearOf(id) <= today ? [] : [id], without: [] });
    }

    /* A link drawn by hand. */
    function linkTools() {
      var kind = labelled(el("select", { id: "link-kind" }, X.linkClasses.map(function (one) { return el("option", { value: one[0] }, wordFor("kinds", one[0])); }).concat([spoken("option", { value: "rail" }, "ex_rail_line")])), "ex_link_kind");
      var speed = labelled(el("input", { type: "number", id: "link-speed", min: 20, max: 400, value: X.linkClasses[0][1] }), "ex_speed"), headway = labelled(el("input", { type: "number", id: "link-headway", min: 1, max: 240, value: 30 }), "ex_headway");
      var headwayRow = el("label", { class: "row" }, [spoken("span", { class: "name" }, "ex_headway"), headway]), drawn = el("ul", { class: "placelist", id: "own-links" });
      var told = el("p", { class: "small", role: "status", id: "drawing" });
      headwayRow.hidden = true;
      kind.addEventListener("change", function () {
        headwayRow.hidden = kind.value !== "rail";
        speed.value = kind.value === "rail" ? 250 : X.linkClasses.find(function (one) { return one[0] === kind.value; })[1];
      });
      var draw = makeButton({ class: "tool", id: "draw-link", "aria-pressed": "false" }, "ex_draw", function () {
        if (draft) { endLink(); return; }
        draft = kind.value === "rail" ? { kind: "rail", kmh: Number(speed.value) || 250, headway: Number(headway.value) || 30, points: [] } : { kind: "road", cls: kind.value, kmh: Number(speed.value) || 80, points: [] };
        draw.setAttribute("aria-pressed", "true");
        page.noHover = true;
        inner.fillLinks();
      });
      function endLink() {
        var link = draft;
        draft = null;
        page.noHover = false;
        draw.setAttribute("aria-pressed", "false");
        if (link && link.points.length > 1) change({ links: state.links.concat([S.linkOf(S.linkText(link), known) || link]) });
        else { inner.fillLinks(); redraw(); }
      }
      /* Points of a line that join nothing: in the sea, or on an island without ways. */
      function looseEnds(link) {
        var L = base.cellNodes;
        return L ? link.points.filter(function (p) {
          var cell = p[2] ? -1 : E.cellAt(base, p[0], p[1]);
          return !p[2] && (cell < 0 || L.start[cell + 1] === L.start[cell]);
        }).length : 0;
      }
      inner.endLink = endLink;
      inner.fillLinks = function () {
        emptied(drawn);
        told.textContent = draft ? ui("ex_drawing", draft.points.length) : "";
        state.links.forEach(function (link, i) {
          drawn.appendChild(el("li", {}, [el("span", {}, (link.kind === "rail" ? ui("ex_rail_line") : wordFor("kinds", link.cls)) + " · " + link.kmh + " km/h · " + ui("ex_points", link.points.length) + (looseEnds(link) ? " · " + ui("ex_loose", looseEnds(link)) : "") + (crossesBorder(sides, link.points) ? " · " + ui("ex_over_border") : "") + " "),
            makeButton({ class: "link" }, "ex_remove", function () { change({ links: state.links.filter(function (_, k) { return k !== i; }) }); })]));
        });
        state.close.forEach(function (id) {
          drawn.appendChild(el("li", {}, [el("span", {}, ui("ex_closed") + " " + featureName(id) + " "), makeButton({ class: "link", "data-open": id }, "ex_open_again", function () { change({ close: toggle(state.close, id, false) }); })]));
        });
      };
      return el("div", {}, [spoken("p", { class: "small" }, "ex_links_how"), kind, el("label", { class: "row" }, [spoken("span", { class: "name" }, "ex_speed"), speed]), headwayRow, draw, told, drawn]);
    }
    function featureName(id) { return Object.prototype.hasOwnProperty.call(X.names, id) ? pick(X.names[id]) : id; }

    /* Parameters that decide most, then all of them: a slider over the sourced range with room on both sides. */
    function fillSliders() {
      if (!asksAnew("sliders", [state.set, state.overrides, page.lang])) return;
      emptied(sliders);
      var search = labelled(el("input", { type: "search", id: "parameter-search", value: inner.wanted || "" }), "ex_find_parameter");
      labelled(search, "ex_find_parameter", "placeholder");
      search.addEventListener("input", function () { inner.wanted = search.value; rows(); });
      sliders.appendChild(search);
      sliders.appendChild(bordersTogether());
      var body = el("div");
      sliders.appendChild(body);
      function rows() {
        emptied(body);
        var wanted = (inner.wanted || "").toLowerCase();
        X.parameters.filter(function (row) { return wanted ? (row[0] + " " + pick(row[6])).toLowerCase().indexOf(wanted) >= 0 : row[0].indexOf("border_") === 0 || X.main.indexOf(row[0]) >= 0 || Object.prototype.hasOwnProperty.call(state.overrides, row[0]); })
          .forEach(function (row) { body.appendChild(sliderOf(row)); });
      }
      rows();
    }
    /* A value that the terminal refuses too: the slider goes back to what holds, and the page says which. */
    function refused(name, value) {
      untaken = [name + "=" + value];
      lastAsked.delete("sliders");
      fillSliders();
      originsShown();
    }
    /* Every border at the same minutes, either way. */
    function bordersTogether() {
      var rows = X.parameters.filter(function (row) { return row[0].indexOf("border_") === 0; });
      if (!rows.length) return el("div");
      function kept(row) { return Object.prototype.hasOwnProperty.call(state.overrides, row[0]) ? state.overrides[row[0]] : row[1][S.SETS.indexOf(state.set)]; }
      var values = rows.map(kept), same = values.every(function (v) { return v === values[0]; });
      var slider = el("input", { type: "range", id: "borders", min: 0, max: 120, step: 1, value: same ? values[0] : Math.round(values.reduce(function (a, b) { return a + b; }, 0) / values.length) });
      var typed = labelled(el("input", { type: "number", id: "borders-typed", min: 0, step: "any", value: same ? values[0] : "" }), "ex_borders"), mark = el("span", { class: "small" });
      function tell(v) {
        var out = rows.filter(function (row) { return v < row[2] - 1e-9 || v > row[3] + 1e-9; }).length;
        mark.textContent = ui("ex_borders_outside", rows.length - out, rows.length);
        mark.classList.toggle("outside", out > 0);
      }
      function set(v, quick) {
        if (!rows.every(function (row) { return S.takes(row, v); })) return refused("border", v);
        var overrides = Object.assign({}, state.overrides);
        rows.forEach(function (row) { if (v === row[1][S.SETS.indexOf(state.set)]) delete overrides[row[0]]; else overrides[row[0]] = v; });
        slider.value = typed.value = String(v);
        tell(v);
        if (quick) lastAsked.set("sliders", JSON.stringify([state.set, overrides, page.lang]));
        else { lastAsked.delete("sliders"); inner.focused = document.activeElement && document.activeElement.id; }
        change({ overrides: overrides }, quick);
        if (!quick && inner.focused) { var again = document.getElementById(inner.focused); if (again) again.focus(); }
      }
      slider.addEventListener("input", function () { set(Number(slider.value), true); });
      slider.addEventListener("change", function () { set(Number(slider.value)); });
      typed.addEventListener("change", function () { if (typed.value !== "") set(Number(typed.value)); });
      if (same) tell(values[0]); else mark.textContent = ui("ex_borders_differ");
      return el("div", { class: "slider" }, [el("label", { for: "borders" }, ui("ex_borders")), el("div", { class: "row" }, [slider, typed, el("small", {}, ui("minutes"))]), mark]);
    }
    function sliderOf(row) {
      var usual = row[1][S.SETS.indexOf(state.set)], value = Object.prototype.hasOwnProperty.call(state.overrides, row[0]) ? state.overrides[row[0]] : usual;
      var low = Math.max(S.takes(row, 0) ? 0 : row[2] * 0.1, Math.min(row[2] - (row[3] - row[2]), row[2] * 0.5)), high = Math.max(row[3] + (row[3] - row[2]), row[3] * 1.5, value), id = "p-" + row[0];
      var slider = el("input", { type: "range", id: id, min: low, max: high, step: (high - low) / 200 || 0.01, value: value }), typed = labelled(el("input", { type: "number", value: value, step: "any", min: 0 }), function () { return pick(row[6]); });
      var mark = el("span", { class: "small" });
      function tell(v) { mark.textContent = v < row[2] - 1e-9 || v > row[3] + 1e-9 ? ui("ex_outside", row[2], row[3]) : ui("ex_range", row[2], row[3]); mark.classList.toggle("outside", v < row[2] - 1e-9 || v > row[3] + 1e-9); }
      function set(v, quick) {
        if (!S.takes(row, v)) return refused(row[0], v);
        var overrides = Object.assign({}, state.overrides);
        if (Math.abs(v - usual) < 1e-9) delete overrides[row[0]]; else overrides[row[0]] = Math.round(v * 1e4) / 1e4;
        typed.value = String(Math.round(v * 1e4) / 1e4);
        slider.value = v;
        tell(v);
        /* the slider shows it already, and made anew it would lose the keyboard */
        lastAsked.set("sliders", JSON.stringify([state.set, overrides, page.lang]));
        change({ overrides: overrides }, quick);
      }
      slider.addEventListener("input", function () { set(Number(slider.value), true); });
      slider.addEventListener("change", function () { set(Number(slider.value)); });
      typed.addEventListener("change", function () { set(Number(typed.value)); });
      tell(value);
      return el("div", { class: "slider" }, [el("label", { for: id }, pick(row[6])), el("div", { class: "row" }, [slider, typed, el("small", {}, pick(row[4]))]), mark, el("small", { class: "source" }, " " + ui("source") + ": " + pick(row[5]))]);
    }

    var edge = labelled(el("input", { type: "range", id: "swipe", min: 0, max: 1, step: 0.01, value: 0.5, hidden: true }), "ex_swipe");
    edge.addEventListener("input", function () { view.swipe = Number(edge.value); redraw(); });
    function compareTools() {
      return el("div", {}, [spoken("p", { class: "small" }, "ex_compare_how"),
        makeButton({ class: "tool", id: "pin" }, "ex_pin", function () { pinned = JSON.parse(JSON.stringify(state)); view.compare = "change"; answerPinned(); write(); show(); redraw(); }),
        makeButton({ class: "tool", id: "unpin" }, "ex_unpin", function () { pinned = was = null; view.compare = "one"; write(); show(); redraw(); }),
        viewSegments(), edge, el("p", { class: "small", id: "pinned" }), el("ul", { class: "placelist", id: "differences" })]);
    }
    function viewSegments() {
      var group = labelled(el("div", { class: "seg", role: "group", id: "seg-compare" }), "ex_compare");
      ["one", "change", "pair", "swipe"].forEach(function (value) {
        group.appendChild(makeButton({ "data-value": value, "aria-pressed": "false" }, "ex_view_" + value, function () { view.compare = pinned ? value : "one"; write(); show(); redraw(); }));
      });
      return group;
    }
    function answerPinned() { was = pinned ? answer(pinned) : null; }

    function keepTools() {
      function tool(id, key, action) { return makeButton({ class: "tool", id: id }, key, action); }
      var file = el("input", { type: "file", accept: ".toml,text/plain", id: "toml-in", hidden: true });
      file.addEventListener("change", function () {
        if (!file.files[0]) return;
        file.files[0].text().then(function (text) {
          try { change(S.fromToml(text, state, known)); } catch (error) { warn(ui("ex_bad_file", error.message)); }
        });
      });
      return el("div", {}, [
        tool("toml-out", "ex_toml", function () { download("explorer.toml", new Blob([S.toToml(state)], { type: "text/plain" })); }), tool("pinned-out", "ex_toml_pinned", function () { download("pinned.toml", new Blob([S.toToml(pinned, "pinned")], { type: "text/plain" })); }), tool("toml-take", "ex_toml_in", function () { file.click(); }), file,
        tool("csv-out", "ex_csv", function () { download(fileName("csv"), new Blob(["\ufeff" + csv()], { type: "text/csv" })); }),
        tool("geojson-out", "ex_geojson", function () { download(fileName("geojson"), new Blob([JSON.stringify(geojson())], { type: "application/geo+json" })); }),
        base.grid ? tool("areas-out", "ex_areas_out", function () { download(fileName("areas.geojson"), new Blob([JSON.stringify(areas())], { type: "application/geo+json" })); }) : null,
        spoken("p", { class: "small" }, "ex_keep_how")]);
    }
    function fileName(ending) {
      var told = [pick(data.title)].concat(state.origins.map(originName), yearWords(state), inSentence(state.mode)).join("-");
      return told.replace(/[^\w\u3400-\u9fff.-]+/g, "-").slice(0, 90) + "." + ending;
    }
    function safe(text) { return /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? "'" + text : text; }
    function csv() {
      var lines = [["id", "name_zh", "name_en", "city", "travel_time_min"]].concat(placeRows().map(function (row) {
        return [places.get("id", row.row), places.name(row.row)[0], places.name(row.row)[1], places.get("city", row.row) || "", row.min === null ? "" : row.min.toFixed(3)];
      }));
      return lines.map(function (line) { return line.map(function (cell) { return '"' + safe(String(cell)).replace(/"/g, '""') + '"'; }).join(","); }).join("\r\n") + "\r\n";
    }
    function geojson() {
      return { type: "FeatureCollection", features: placeRows().filter(function (row) { return row.min !== null; }).map(function (row) {
        var node = nodeOf.get(places.get("id", row.row));
        return { type: "Feature", geometry: { type: "Point", coordinates: [base.a.lon[node], base.a.lat[node]].map(function (v) { return Math.round(v * 1e6) / 1e6; }) },
          properties: { id: places.get("id", row.row), name_zh: places.name(row.row)[0], name_en: places.name(row.row)[1], travel_time_min: Math.round(row.min * 1000) / 1000, scenario: S.yearText(state), mode: state.mode } };
      }) };
    }

    /* The areas within each cut-off as polygons: a line between two cells of land runs where the minutes pass the
       cut-off, no steeper than local travel; at the shore it runs along the cells. */
    function areas() {
      var grid = base.grid, rows = grid.shape[0], columns = grid.shape[1], across = now.C.local * Math.sqrt(grid.cellKm2), place = base.cellNodes.place;
      return { type: "FeatureCollection", features: state.cutoffs.map(function (cutoff, i) {
        var above = new Float64Array(rows * columns), inside = now.inside[i];
        for (var k = 0; k < above.length; k++) {
          var left = place[k] < 0 ? -across : cutoff + E.INSIDE_TOLERANCE - now.cells[place[k]];
          above[k] = Math.max(-across, Math.min(across, left || 1e-9));
        }
        var shapes = outlines(above, rows, columns).map(function (rings) {
          return rings.map(function (ring) { return ring.map(function (p) { return E.lonLat(grid, p[0], p[1]).map(function (v) { return Math.round(v * 1e5) / 1e5; }); }); });
        });
        return { type: "Feature", geometry: { type: "MultiPolygon", coordinates: shapes }, properties: { origin: state.origins.map(S.originText).join(";"), origin_name: state.origins.map(originName).join("、"), cutoff_min: cutoff, scenario: S.yearText(state), mode: state.mode,
          people: Math.round(inside.people), people_low: Math.round(inside.low), people_high: Math.round(inside.high), area_km2: Math.round(inside.km2 * 10) / 10, cell_km: Math.round(Math.sqrt(grid.cellKm2) * 100) / 100 } };
      }) };
    }

    /* --- showing ---------------------------------------------------------------------------------------------------- */
    function placeRows() {
      var found = [];
      for (var row = 0; row < places.size; row++) {
        var id = places.get("id", row), value = nodeOf.has(id) ? minutesAt(now, id) : Infinity;
        found.push({ row: row, id: id, name: pick(places.name(row)), level: wordFor("kinds", places.get("level", row) || ""), city: wordFor("cities", places.get("city", row) || ""), min: isFinite(value) ? value : null });
      }
      return found.sort(function (a, b) { return (a.min === null ? 1e9 : a.min) - (b.min === null ? 1e9 : b.min); });
    }
    /* People in a sentence: ten thousands in Chinese, whose sentences say 万, else millions or whole hundreds. */
    function many(people) {
      if (page.lang === "zh") return tenThousand(people);
      return people >= 1e6 ? ui("ex_millions", formatNumber(people / 1e6, people < 1e7 ? 2 : 1)) : formatNumber(Math.round(people / 100) * 100, 0);
    }
    function tenThousand(people) { return formatNumber(people / 10000, people < 100000 ? 1 : 0); }
    function figuresShown() {
      emptied(figures);
      state.cutoffs.forEach(function (cutoff, i) {
        var inside = now.inside[i], count = 0;
        for (var row = 0; row < places.size; row++) { var id = places.get("id", row); if (nodeOf.has(id) && minutesAt(now, id) <= cutoff + 1e-6) count++; }
        figures.appendChild(el("div", { class: "figure", "data-cutoff": cutoff }, [el("b", { "data-places": count }, String(count)), el("span", {}, ui("within", cutoff) + " · " + ui("places")),
          inside ? el("b", { "data-people": Math.round(inside.people) }, tenThousand(inside.people)) : null, inside ? el("span", {}, ui("people_10k") + " (" + tenThousand(inside.low) + "–" + tenThousand(inside.high) + ")") : null,
          inside ? el("b", { "data-km2": inside.km2 }, formatNumber(inside.km2, 0)) : null, inside ? el("span", {}, "km²") : null]));
      });
    }
    /* Of several origins: the people and land nearest to each. */
    function ownersShown() {
      emptied(owners);
      if (!now.owner) return;
      state.origins.forEach(function (origin, k) {
        var own = model.ownedBy(now, k, state.cutoffs);
        owners.appendChild(el("li", { "data-people": own.map(function (one) { return Math.round(one.people); }).join() }, [el("span", { class: "dotband", style: "background:" + paint.css(paint.OWNERS[k]), "aria-hidden": "true" }), el("b", {}, originName(origin) + " "),
          el("small", {}, own.map(function (one, i) { return ui("ex_finding_inside", state.cutoffs[i], many(one.people), formatNumber(one.km2, 0)); }).join(ui("semicolon")))]));
      });
    }
    /* The commands that give these numbers at the terminal. */
    function commandsShown() {
      emptied(commands);
      var said = [["reach", "ex_command_reach"]];
      if (base.grid) said.push(["coverage", "ex_command_coverage"], ["isochrone", "ex_command_isochrone"]);
      if (X.targets.length) said.push(["claims", "ex_command_claims"]);
      said.forEach(function (pair) { told(pair[1], S.toCommand(state, pair[0], named), pair[0]); });
      if (pinned && S.compareCommand(pinned, state, named)) told("ex_command_compare", S.compareCommand(pinned, state, named), "compare");
      if (pinned && base.grid) told("ex_command_pinned", S.toCommand(pinned, "coverage", named, null, "pinned.toml"), "pinned");
      document.getElementById("pinned-out").hidden = !pinned;
      function told(key, text, what) { commands.appendChild(el("li", {}, [el("small", {}, ui(key)), el("code", { class: "command", "data-what": what, tabindex: "0" }, text)])); }
    }
    function curveShown() {
      emptied(chart);
      if (!now.curve) return;
      var w = 276, h = 110, most = Math.max(now.curve[0][180], now.curve[1][180], now.curve[2][180], was && was.curve ? was.curve[0][180] : 0, 1);
      function x(t) { return 30 + t * (w - 36) / 180; }
      function y(v) { return h - 18 - v * (h - 26) / most; }
      function path(values) { var out = ""; for (var t = 0; t <= 180; t++) out += (t ? "L" : "M") + x(t).toFixed(1) + " " + y(values[t]).toFixed(1); return out; }
      var low = [], high = [];
      for (var t = 0; t <= 180; t++) { low.push(Math.min(now.curve[0][t], now.curve[1][t], now.curve[2][t])); high.push(Math.max(now.curve[0][t], now.curve[1][t], now.curve[2][t])); }
      var area = path(high) + low.map(function (_, t) { return "L" + x(180 - t).toFixed(1) + " " + y(low[180 - t]).toFixed(1); }).join("") + "Z";
      var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      function add(tag, attributes, text) {
        var node = document.createElementNS("http://www.w3.org/2000/svg", tag);
        Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
        if (text) node.textContent = text;
        svg.appendChild(node);
      }
      svg.setAttribute("viewBox", "0 0 " + w + " " + h);
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", ui("ex_curve") + ": " + [30, 60, 90, 120].map(function (t) { return t + " " + ui("minutes") + " " + tenThousand(now.curve[0][t]) + " " + ui("people_10k"); }).join("; "));
      add("path", { d: area, fill: "#1f7a8c", opacity: 0.18 });
      if (was && was.curve) add("path", { d: path(was.curve[0]), fill: "none", stroke: "#7b8791", "stroke-width": 1.6, "stroke-dasharray": "4 3" });
      add("path", { d: path(now.curve[0]), fill: "none", stroke: "#0b3954", "stroke-width": 2 });
      state.cutoffs.forEach(function (cutoff) { if (cutoff <= 180) add("line", { x1: x(cutoff), x2: x(cutoff), y1: 4, y2: h - 18, stroke: "#b3541e", "stroke-width": 1, "stroke-dasharray": "2 2" }); });
      [0, 60, 120, 180].forEach(function (t) { add("text", { x: x(t), y: h - 5, "font-size": 10, "text-anchor": t === 180 ? "end" : "middle", fill: "#44525e" }, String(t)); });
      [0.5, 1].forEach(function (share) { add("text", { x: 26, y: y(most * share) + 3, "font-size": 9, "text-anchor": "end", fill: "#44525e" }, tenThousand(most * share)); });
      chart.appendChild(el("span", { class: "field" }, ui("ex_curve")));
      chart.appendChild(svg);
    }
    /* A hub is a station that the plan names as one. */
    function isHub(layer, row) {
      return String(layer.get("plan_ids", row) || "").split(";").some(function (id) { return Object.prototype.hasOwnProperty.call(data.plan.items, id) && data.plan.items[id].k === "station"; });
    }
    var hubs = Object.keys(data.plan.items).some(function (id) { return data.plan.items[id].k === "station"; });
    function nearestShown() {
      emptied(nearest);
      [["port", "ports"], ["airport", "airports"], ["stop", "stations"], ["hub", "stations"]].forEach(function (pair) {
        var best = Infinity, name = "", layer = page.layers.find(function (one) { return one.key === pair[1]; });
        if (!layer) return;
        for (var row = 0; row < layer.size; row++) {
          var id = X.prefix[layer.key] + layer.get("id", row);
          if (pair[0] === "hub" && !isHub(layer, row)) continue;
          if (!nodeOf.has(id) || (layer.key === "airports" && layer.get("service", row) === "general")) continue;
          var value = now.node[nodeOf.get(id)];
          if (value < best) { best = value; name = pick(layer.name(row)); }
        }
        if (pair[0] === "hub" && !hubs) return;
        nearest.appendChild(el("dt", {}, ui("ex_nearest_" + pair[0])));
        nearest.appendChild(el("dd", { "data-minutes": best.toFixed(3) }, isFinite(best) ? name + " " + wholeMinutes(best) + " " + ui("minutes") : ui("no_way")));
      });
    }
    /* The plan's targets under this scenario: the worst trip of the usual reading, by the faster of road and rail. */
    function targetsShown() {
      if (!asksAnew("targets", [state.year, state.known, state.with, state.without, state.close, state.links, state.set, state.overrides, state.period, state.boarding, state.timetable, page.lang])) return;
      emptied(verdicts);
      var C = model.compile(state, "multimodal"), trees = new Map();
      X.targets.forEach(function (target) {
        var worst = /** @type {any} */ (null), inside = 0;
        target.trips.forEach(function (trip) {
          var from = nodeOf.get(trip[0]);
          if (from === undefined) return;
          if (!trees.has(from)) trees.set(from, E.reach(C, { node: from }));
          var best = Math.min.apply(null, trip[1].map(function (id) { return trees.get(from).node[nodeOf.get(id)]; }));
          if (best <= target.limit + 1e-6) inside++;
          if (!worst || best > worst.minutes) worst = { minutes: best, from: trip[0], to: trip[1][0] };
        });
        if (!worst) return;
        var margin = target.limit - worst.minutes, verdict = Math.abs(margin) <= X.bandMin ? "ex_near" : margin > 0 ? "ex_met" : "ex_missed";
        verdicts.appendChild(el("li", { "data-target": target.id, "data-minutes": worst.minutes.toFixed(3) }, [el("b", {}, ui(verdict)), " ", el("span", {}, pick(target.title) + " "),
          el("small", {}, ui("ex_worst", pick(nameOf.get(worst.from)), pick(nameOf.get(worst.to)), isFinite(worst.minutes) ? formatNumber(worst.minutes, 0) : "—", target.limit, inside, target.trips.length))]));
      });
    }
    function untakenWords() {
      var each = Array.from(new Set(untaken.map(function (text) { return text.slice(0, 60); })));
      return each.slice(0, 8).join(ui("semicolon")) + (each.length > 8 ? "…" : "");
    }
    function warn(text) { warning.textContent = text || ""; warning.hidden = !text; }
    function originsShown() {
      emptied(originList);
      state.origins.forEach(function (origin, i) {
        originList.appendChild(el("li", {}, [el("b", {}, originName(origin)), state.origins.length > 1 ? makeButton({ class: "link" }, "ex_remove", function () { change({ origins: state.origins.filter(function (_, k) { return k !== i; }) }); }) : null]));
      });
      warn((untaken.length ? ui("ex_untaken", untakenWords()) + " " : "") + (now.lost ? ui("ex_off_land") : state.cutoffs.length && now.inside.length && !now.inside[now.inside.length - 1].km2 ? ui("ex_nothing") : ""));
    }
    function show() {
      originsShown();
      ["combine", "mode", "set", "period", "boarding", "timetable"].forEach(function (key) { press(key, state[key]); });
      press("compare", view.compare);
      edge.hidden = view.compare !== "swipe" || !was;
      document.getElementById("seg-combine").hidden = state.origins.length < 2;
      document.getElementById("towards").setAttribute("aria-pressed", String(state.towards));
      cut.value = state.cutoffs.join(", ");
      inner.yearShown();
      figuresShown(); ownersShown(); curveShown(); nearestShown(); targetsShown(); fillProjects(); inner.fillLinks(); fillSliders(); differences();
      emptied(list);
      placeRows().filter(function (row) { return row.min !== null && row.min <= state.cutoffs[state.cutoffs.length - 1] + 1e-6; }).slice(0, 80).forEach(function (row) {
        list.appendChild(el("li", {}, el("button", { type: "button", onclick: function () { open(row.id, true); } }, [el("span", { class: "dotband", style: "background:" + paint.css(paint.bandColor(paint.bandOf(row.min, state.cutoffs), state.cutoffs.length)), "aria-hidden": "true" }),
          el("span", {}, row.name), el("span", { class: "min" }, wholeMinutes(row.min) + " " + ui("minutes"))])));
      });
      commandsShown();
      emptied(legendHost);
      drawLegend(legendRows(), legendHost);
      marker();
      page.map.whenReady(layout);
      tell();
      if (chosen) open(chosen, false);
    }
    function differences() {
      var told = document.getElementById("pinned"), host = document.getElementById("differences");
      emptied(host);
      told.textContent = pinned ? ui("ex_pinned", listed(pinned.origins.map(originName)), yearWords(pinned), inSentence(pinned.mode)) : ui("ex_not_pinned");
      if (!was) return;
      state.cutoffs.forEach(function (cutoff, i) {
        var before = was.inside[i] || E.inside(was.M, was.cells, [cutoff])[0], gained = [], lost = [];
        if (!now.inside[i]) return;
        before = E.inside(was.M, was.cells, [cutoff])[0];
        placeRows().forEach(function (row) {
          var a = nodeOf.has(row.id) ? minutesAt(was, row.id) <= cutoff + 1e-6 : false, b = row.min !== null && row.min <= cutoff + 1e-6;
          if (a !== b) (b ? gained : lost).push(row);
        });
        host.appendChild(el("li", { "data-gain": Math.round(now.inside[i].people - before.people), "data-gained": gained.map(idOfRow).join(), "data-lost": lost.map(idOfRow).join() }, ui("ex_gain", cutoff, signed(now.inside[i].people - before.people), signedKm(now.inside[i].km2 - before.km2)) +
          (gained.length ? ui("ex_gained", listed(gained.slice(0, 12).map(shortName)) + (gained.length > 12 ? "…" : "")) : "") + (lost.length ? ui("ex_lost", listed(lost.slice(0, 12).map(shortName)) + (lost.length > 12 ? "…" : "")) : "")));
      });
      var made = items.filter(function (item) { return openIn(state, item) !== openIn(pinned, item); });
      if (made.length) host.appendChild(el("li", {}, ui("ex_made", made.slice(0, 20).map(sign).join(ui("semicolon")) + (made.length > 20 ? "…" : ""))));
      if (made.length && base.grid) host.appendChild(el("li", {}, makeButton({ class: "tool", id: "weigh" }, "ex_weigh", function () { weigh(made); })));
    }
    function shortName(row) { return row.name; }
    function idOfRow(row) { return row.id; }
    function sign(item) { return (openIn(state, item) ? "+ " : "− ") + pick(data.plan.items[item.id].n); }
    /* What each project does by itself: the people within the longest cut-off with it as it is now and with it as it was
       in the pinned state, one project after the other so that the page goes on answering. */
    function weigh(made) {
      var host = document.getElementById("differences"), asked = JSON.stringify(state), last = [state.cutoffs[state.cutoffs.length - 1]], found = [], none = 0, at = 0;
      var line = el("li", { id: "weighed", "aria-live": "polite" });
      Array.prototype.forEach.call(host.querySelectorAll("#weigh, #weighed"), function (node) { node.closest("li").remove(); });
      host.appendChild(line);
      (function next() {
        if (JSON.stringify(state) !== asked || !line.isConnected) return;
        for (var start = performance.now(); at < made.length && performance.now() - start < 60; at++) {
          var item = made[at], on = openIn(state, item);
          var other = answer(Object.assign({}, state, { with: on ? state.with.filter(function (id) { return id !== item.id; }) : state.with.concat([item.id]), without: on ? state.without.concat([item.id]) : state.without.filter(function (id) { return id !== item.id; }) }));
          var people = E.inside(now.M, now.cells, last)[0].people - E.inside(other.M, other.cells, last)[0].people;
          if (Math.abs(people) >= 50) found.push([people, item]); else none++;
        }
        found.sort(function (a, b) { return Math.abs(b[0]) - Math.abs(a[0]); });
        emptied(line);
        line.appendChild(el("span", {}, ui("ex_weighed", last[0], at, made.length, none)));
        line.appendChild(el("ol", {}, found.slice(0, 12).map(function (one) { return el("li", { "data-item": one[1].id, "data-people": Math.round(one[0]) }, sign(one[1]) + " " + ui("ex_weighs", signed(one[0]))); })));
        if (at < made.length) setTimeout(next, 0); else line.setAttribute("data-done", "true");
      }());
    }
    function openIn(one, item) { return one.without.indexOf(item.id) < 0 && (one.with.indexOf(item.id) >= 0 || one.year === null || item.year <= one.year); }
    function signed(people) { return (people >= 0 ? "+" : "−") + many(Math.abs(people)); }
    function signedKm(km2) { return (km2 >= 0 ? "+" : "−") + formatNumber(Math.abs(km2), 0); }

    function open(id, focus) {
      var value = minutesAt(now, id), run = now.runs.length === 1 ? now.runs[0] : bestRun(id), node = nodeOf.get(id);
      chosen = id;
      urlState.write({ f: id });
      var found = wayTo(id, run), usual = nameOf.get(id), start = state.origins[Math.max(0, now.runs.indexOf(run))];
      var nodes = [el("p", { class: "kind" }, yearWords(state) + " · " + inSentence(state.mode)), el("h2", {}, (state.towards ? pick(usual) + " → " + originName(start) : originName(start) + " → " + pick(usual))),
        isFinite(value) ? el("p", { class: "big", "data-minutes": value.toFixed(4) }, [formatNumber(value, 1), el("small", {}, " " + ui("minutes"))]) : el("p", {}, ui("no_way"))];
      if (was && nodeOf.has(id) && isFinite(minutesAt(was, id))) nodes.push(el("p", {}, ui("ex_before", formatNumber(minutesAt(was, id), 1))));
      nodes.push(el("div", { class: "steps" }, [makeButton({}, "ex_from_here", function () { change({ origins: [{ id: id }] }); }), makeButton({}, "ex_and_here", function () { change({ origins: state.origins.concat([{ id: id }]).slice(0, 12) }); })]));
      if (found) nodes.push(legList(found.map(legShown)));
      var line = S.toCommand(Object.assign({}, state, { origins: [state.origins[Math.max(0, now.runs.indexOf(run))]] }), "route", named, named({ id: id }));
      if (isFinite(value)) nodes.push(el("code", { class: "command", id: "route-command" }, line));
      showCard(nodes, focus);
      redraw();
    }
    /* Legs to a place; towards an origin, from the place to it. */
    function wayTo(id, run) {
      if (run && run.tree) return E.legs(now.C, run.tree, nodeOf.get(id));
      if (!state.towards || state.origins.length > 1 || !state.origins[0].id) return null;
      return E.legs(now.C, E.reach(now.C, { node: nodeOf.get(id) }).tree, nodeOf.get(state.origins[0].id));
    }
    function bestRun(id) {
      var node = nodeOf.get(id), best = null;
      now.runs.forEach(function (run) { if (run && (!best || (state.combine === "all" ? run.node[node] > best.node[node] : run.node[node] < best.node[node]))) best = run; });
      return best;
    }
    /* The name of a node; of one without a name the nearest that has one, as the legs of `atlas route` have it. */
    function nodeName(node) {
      var named = own(X.nodeNames, node);
      if (named) return named;
      var best = Infinity, at = "", squeeze = Math.cos(base.a.lat[node] * Math.PI / 180);
      Object.keys(X.nodeNames).forEach(function (other) {
        var east = (base.a.lon[+other] - base.a.lon[node]) * squeeze, north = base.a.lat[+other] - base.a.lat[node], far = east * east + north * north;
        if (far < best) { best = far; at = other; }
      });
      if (!at) return ["", ""];
      var near = X.nodeNames[at];
      return [ui("ex_near_place", near[0] || near[1]), ui("ex_near_place", near[1] || near[0])];
    }
    function legShown(leg) {
      var name = leg.layer === "own" ? [ui("ex_own_link"), ui("ex_own_link")] : own(X.names, leg.layer + "/" + leg.feature) || own(X.names, leg.feature) || [leg.feature, leg.feature];
      return { role: leg.role, name: name, from: leg.from < 0 ? ["", ""] : nodeName(leg.from), to: leg.to < 0 ? ["", ""] : nodeName(leg.to), km: leg.km, minutes: leg.minutes, wait: leg.wait, border: leg.border, calls: ["", ""], plan: leg.plan };
    }

    /* A line clicked: its name, and a switch that closes it. */
    function openLine(group) {
      var rows = [], ids = new Set();
      for (var i = 0; i < base.a.group.length; i++) if (base.a.group[i] === group && now.C.first[i] === now.C.first[i]) { rows.push(i); ids.add(base.combos[base.a.combo[i]][1] + "/" + base.combos[base.a.combo[i]][0]); }
      if (!rows.length) return;
      var buttons = [], lines = new Set();
      rows.forEach(function (row) { base.combos[base.a.combo[row]][3].split(";").forEach(function (id) { if (id) lines.add("railways/" + id); }); });
      ids.forEach(function (id) { if (id.indexOf("rail_services/") !== 0) buttons.push(id); });
      lines.forEach(function (id) { buttons.push(id); });
      showCard([el("p", { class: "kind" }, ui("ex_line"))].concat(buttons.slice(0, 8).map(function (id) {
        return el("div", {}, [el("h2", {}, featureName(id)), makeButton({ class: "tool", "data-close": id }, state.close.indexOf(id) >= 0 ? "ex_open_again" : "ex_close", function () { change({ close: toggle(state.close, id, state.close.indexOf(id) < 0) }); closeCard(); })]);
      })), false);
    }

    /* --- on the map -------------------------------------------------------------------------------------------------- */
    var pins = [];
    function marker() {
      pins.forEach(function (pin) { pin.remove(); });
      pins = state.origins.map(function (origin, i) {
        var at = pointOf(origin), pin = L.marker([at[1], at[0]], { draggable: true, keyboard: true, title: originName(origin), alt: originName(origin), icon: L.divIcon({ className: "origin-pin", iconSize: [22, 22] }) }).addTo(page.map), waiting = false;
        function move(final) {
          var place = pin.getLatLng(), origins = state.origins.slice();
          origins[i] = { lon: Math.round(place.lng * 1e4) / 1e4, lat: Math.round(place.lat * 1e4) / 1e4 };
          chosen = final ? chosen : null;
          change({ origins: origins }, !final);
        }
        pin.on("drag", function () { if (!waiting) { waiting = true; requestAnimationFrame(function () { waiting = false; move(false); }); } });
        pin.on("dragend", function () { move(true); });
        return pin;
      });
    }
    function paintOne(ctx, mapView, result, one) { model.paintOne(ctx, mapView, result, one, view.areas, false); }
    /* The pinned state on a map of its own, on the left of the current one. */
    function told(one) { return listed(one.origins.map(originName)) + " · " + yearWords(one) + " · " + inSentence(one.mode); }
    var twin = twinMap(function (ctx, mapView) {
      if (!was) return;
      paintOne(ctx, mapView, was, pinned);
      paint.paintClosed(ctx, mapView, closedRows(pinned));
      paint.paintOwn(ctx, mapView, pinned.links, null);
      paintPlaces(ctx, mapView, was);
    }, function (label) { return minutesUnder(was, label); }, [function () { return pinned ? told(pinned) : ""; }, function () { return told(state); }]);
    function layout() {
      var pair = Boolean(was) && view.compare === "pair";
      document.body.classList.toggle("now-right", pair);
      twin.show(pair);
      Array.prototype.forEach.call(document.querySelectorAll(".side-name"), function (node, i) { node.textContent = i ? told(state) : pinned ? told(pinned) : ""; });
      twin.redraw();
    }
    hooks.covered = function () { return document.body.classList.contains("pair") ? [12, 44, 12, 96] : usualCover(); };
    /* Which of two compared states a sheet shows: null on the screen, where the view decides. */
    var sheetOf = /** @type {any} */ (null);
    hooks.sheetViews = function () {
      if (!was || view.compare === "one") return null;
      return [[was, pinned], [now, state]].map(function (pair) {
        return { told: [listed(pair[1].origins.map(originName)), yearWords(pair[1]), inSentence(pair[1].mode)].join(ui("comma_between")) + " · " + pair[1].cutoffs.map(function (cutoff) {
          var inside = pair[0].cells ? E.inside(pair[0].M, pair[0].cells, [cutoff])[0] : null;
          return inside ? ui("ex_finding_inside", cutoff, many(inside.people), formatNumber(inside.km2, 0)) : "";
        }).join(ui("semicolon")), use: function () { sheetOf = pair; } };
      });
    };
    hooks.sheetDone = function () { sheetOf = null; };
    hooks.sheetNotes = function () { return Array.prototype.filter.call(document.querySelectorAll("#differences > li"), function (item) { return !item.querySelector("button"); }).map(function (item) {
      var parts = item.querySelectorAll("span, ol > li");
      return parts.length ? Array.prototype.map.call(parts, function (part) { return part.textContent; }).join(" ") : item.textContent;
    }); };
    page.paints.push(function (ctx, mapView) {
      if (!now) return;
      if (sheetOf) {
        paintOne(ctx, mapView, sheetOf[0], sheetOf[1]);
        paint.paintClosed(ctx, mapView, closedRows(sheetOf[1]));
        paint.paintOwn(ctx, mapView, sheetOf[1].links, null);
        paintPlaces(ctx, mapView, sheetOf[0]);
        return;
      }
      if (worker.paint(ctx, mapView)) chosen = null;
      else if (was && view.compare === "change" && now.cells && was.cells) {
        model.paintChange(ctx, mapView, now, state, was, false);
      } else if (was && view.compare === "swipe" && ctx.save) {
        var edge = mapView.w * view.swipe;
        ctx.save(); ctx.beginPath(); ctx.rect(0, 0, edge, mapView.h); ctx.clip(); paintOne(ctx, mapView, was, pinned); ctx.restore();
        ctx.save(); ctx.beginPath(); ctx.rect(edge, 0, mapView.w - edge, mapView.h); ctx.clip(); paintOne(ctx, mapView, now, state); ctx.restore();
        ctx.setLineDash([]); ctx.beginPath(); ctx.moveTo(edge, 0); ctx.lineTo(edge, mapView.h); ctx.strokeStyle = data.tokens.ground.text; ctx.lineWidth = 2; ctx.stroke();
      } else paintOne(ctx, mapView, now, state);
      if (chosen) {
        paint.paintRoute(ctx, mapView, wayTo(chosen, bestRun(chosen)));
      }
      paint.paintClosed(ctx, mapView, closedRows(state));
      paint.paintOwn(ctx, mapView, state.links, draft);
      paintPlaces(ctx, mapView, now);
    });
    function closedRows(one) { return [].concat.apply([], one.close.map(function (id) { return base.rowsById.get(id) || []; })); }
    function paintPlaces(ctx, mapView, result) {
      for (var row = 0; row < places.size; row++) {
        var symbol = places.symbol(row);
        if (mapView.zoom < symbol.minZoom - 1 || !inView(places.shapes, row, mapView)) continue;
        var id = places.get("id", row), value = nodeOf.has(id) ? minutesAt(result, id) : Infinity, band = paint.bandOf(value, state.cutoffs), at = 2 * places.shapes.start[places.shapes.first[row]];
        ctx.beginPath();
        ctx.setLineDash([]);
        ctx.globalAlpha = 1;
        ctx.arc(places.shapes.xy[at] * mapView.scale - mapView.ox, places.shapes.xy[at + 1] * mapView.scale - mapView.oy, symbol.width + 1.2, 0, 2 * Math.PI);
        ctx.fillStyle = band >= 0 ? paint.css(paint.bandColor(band, state.cutoffs.length)) : "#ffffff";
        ctx.strokeStyle = band >= 0 ? "#ffffff" : "#5b6771";
        ctx.lineWidth = 1.3;
        ctx.fill();
        ctx.stroke();
      }
    }
    hooks.labelsOf = (function () { var c = labelCandidates([places]); return function () { return c; }; })();
    function minutesUnder(result, label) {
      var id = places.get("id", label.row), value = result && nodeOf.has(id) ? minutesAt(result, id) : Infinity;
      return value <= state.cutoffs[state.cutoffs.length - 1] + 1e-6 && value > 0 ? [wholeMinutes(value) + "′"] : [];
    }
    hooks.labelLines = function (label) { return minutesUnder(sheetOf ? sheetOf[0] : now, label); };
    function idOf(hit) { return hit.layer.key === "places" ? hit.layer.get("id", hit.row) : X.prefix[hit.layer.key] + hit.layer.get("id", hit.row); }
    listen("click", function (event) {
      var lon = Math.round(event.latlng.lng * 1e4) / 1e4, lat = Math.round(event.latlng.lat * 1e4) / 1e4, hits = featuresAt(page.map, page.layers, event.containerPoint, 10);
      if (draft) {
        var near = hits.map(idOf).filter(function (id) { return nodeOf.has(id) && (draft.kind === "rail") === (id.indexOf("stn/") === 0); })[0];
        draft.points.push(near ? pointAt(near) : [lon, lat]);
        drawnSoFar();
        return;
      }
      var ids = hits.map(idOf).filter(function (id) { return nodeOf.has(id); });
      if (ids.length && !adding) { open(ids[0], false); return; }
      var scale = page.map.options.crs.scale(page.map.getZoom()), line = adding ? null : paint.lineAt([worldX(event.latlng.lng), worldY(event.latlng.lat)], 6 / scale);
      if (line !== null && line !== undefined && now.lines && now.lines.open[line]) { openLine(line); return; }
      setOrigin(ids.length ? { id: ids[0] } : { lon: lon, lat: lat });
    });
    page.map.on("contextmenu", function (event) { setOrigin({ lon: Math.round(event.latlng.lng * 1e4) / 1e4, lat: Math.round(event.latlng.lat * 1e4) / 1e4 }); });
    /* A finger that rests: browsers differ in whether they tell of it. */
    (function () {
      var box = page.map.getContainer(), timer = /** @type {any} */ (null), from = [0, 0], rested = 0;
      function stop() { clearTimeout(timer); }
      box.addEventListener("touchstart", function (event) {
        stop();
        if (event.touches.length !== 1 || (event.target.closest && event.target.closest(".leaflet-marker-icon"))) return;
        var finger = event.touches[0];
        from = [finger.clientX, finger.clientY];
        timer = setTimeout(function () {
          var at = page.map.mouseEventToLatLng(/** @type {any} */ ({ clientX: from[0], clientY: from[1] }));
          rested = Date.now();
          setOrigin({ lon: Math.round(at.lng * 1e4) / 1e4, lat: Math.round(at.lat * 1e4) / 1e4 });
        }, 550);
      }, { passive: true });
      box.addEventListener("touchmove", function (event) { if (Math.hypot(event.touches[0].clientX - from[0], event.touches[0].clientY - from[1]) > 10) stop(); }, { passive: true });
      ["touchend", "touchcancel"].forEach(function (name) { box.addEventListener(name, stop, { passive: true }); });
      /* the click that follows when the finger leaves is no second question */
      box.addEventListener("click", function (event) { if (Date.now() - rested < 1500) { event.stopPropagation(); rested = 0; } }, true);
    }());
    function pointAt(id) { return known.place(id).concat([id]); }
    function drawnSoFar() { inner.fillLinks(); redraw(); }
    /* The map moves where a point lies under a panel or outside, and keeps its scale. */
    function visible(point) {
      if (seen(point)) return;
      var pad = coveredByCard(), size = page.map.getSize(), at = page.map.latLngToContainerPoint([point[1], point[0]]);
      page.map.panBy([at.x - (pad[0] + size.x - pad[2]) / 2, at.y - (pad[1] + size.y - pad[3]) / 2], { animate: false });
    }
    function seen(point) {
      var pad = coveredByCard(), size = page.map.getSize(), at = page.map.latLngToContainerPoint([point[1], point[0]]);
      return at.x > pad[0] && at.y > pad[1] && at.x < size.x - pad[2] && at.y < size.y - pad[3];
    }
    function setOrigin(origin) {
      chosen = null;
      closeCard();
      change({ origins: adding ? state.origins.concat([origin]).slice(0, 12) : [origin] });
    }
    document.addEventListener("keydown", function (event) { 
      if (!draft || (event.target instanceof HTMLInputElement)) return;
      if (event.key === "Backspace") { draft.points.pop(); drawnSoFar(); event.preventDefault(); }
      if (event.key === "Enter" && event.target instanceof HTMLButtonElement) return;
      if (event.key === "Escape") draft.points = [];
      if (event.key === "Enter" || event.key === "Escape") inner.endLink();
    });
    page.map.on("mousemove", function (event) {
      if (view.compare !== "swipe" || !was || !event.originalEvent.shiftKey) return;
      view.swipe = event.containerPoint.x / page.map.getSize().x;
      edge.value = String(view.swipe);
      redraw();
    });
    hooks.placesFirst = true;
    page.finder.querySelector("input").remove();
    emptied(page.finder);
    searchBox(function (layer, row) {
      var id = idOf({ layer: layer, row: row });
      if (!nodeOf.has(id)) { centre(layer, row, 10.5); return; }
      if (draft) { draft.points.push(pointAt(id)); drawnSoFar(); }
      else setOrigin({ id: id });
      visible(pointOf({ id: id }));
    }, function (id) {
      openItem(id, true);
      if (inner.projectSearch) { inner.projectSearch.value = data.plan.items[id].n[0]; fillProjects(); }
    });
    /* where to: its minutes and way, from the origins that stand */
    searchBox(function (layer, row) {
      var id = idOf({ layer: layer, row: row });
      if (!nodeOf.has(id)) return;
      open(id, true);
      /* the whole of the way, where it is not all seen */
      var ends = state.origins.map(pointOf).concat([pointOf({ id: id })]), lons = ends.map(function (p) { return p[0]; }), lats = ends.map(function (p) { return p[1]; });
      if (!ends.every(seen)) fitBox([Math.min.apply(null, lons), Math.min.apply(null, lats), Math.max.apply(null, lons), Math.max.apply(null, lats)], 11, coveredByCard());
    }, null, { host: destination, id: "destination", label: "ex_destination_find" });
    page.paints.unshift(function (ctx, view) { page.marks.forEach(function (hit) { paintMark(ctx, view, hit.layer, hit.row); }); });
    tableTool([{ key: "name", text: "place" }, { key: "level", text: "kind" }, { key: "city", text: "city" }, { key: "min", text: "minutes", number: true, digits: 1 }], placeRows, function (row) { open(row.id, true); });
    sheetTools();
    hooks.heart = function () { return pointOf(state.origins[0]); };
    hooks.finding = function () {
      if (!now) return "";
      if (now.lost === now.all) return ui("ex_off_land");
      var head = ui(state.towards ? "ex_finding_to" : "ex_finding", listed(state.origins.map(originName)), yearWords(state), inSentence(state.mode));
      var told = state.cutoffs.map(function (cutoff, i) { return now.inside[i] ? ui("ex_finding_inside", cutoff, many(now.inside[i].people), formatNumber(now.inside[i].km2, 0)) : ""; });
      if (state.mode === "rail") told.push(ui("ex_rail_bound", formatNumber(model.valueOf(state)("rail_access_max_min"), 0)));
      return head + told.join(ui("semicolon"));
    };
    hooks.subtitle = function () { return was && view.compare !== "one" ? told(pinned) + " / " + told(state) : [listed(state.origins.map(originName)), yearWords(state), inSentence(state.mode)].join(ui("comma_between")); };
    hooks.printRows = function () {
      var table = el("table", {}, el("thead", {}, el("tr", {}, [el("th", {}, ui("place")), el("th", { class: "number" }, ui("minutes"))])));
      placeRows().filter(function (row) { return row.min !== null && ["prefecture", "sar", "district", "county", "county_city"].indexOf(places.get("level", row.row)) >= 0; }).forEach(function (row) {
        table.appendChild(el("tr", {}, [el("td", {}, row.name), el("td", { class: "number" }, wholeMinutes(row.min))]));
      });
      return table;
    };
    listen("lang", show);
    answerPinned();
    now = answer(state);
    N = now.M;
    show();
    return { state: state, change: change, answer: function () { return now; }, network: function () { return N; }, spent: function () { return spent; }, nodeOf: nodeOf, known: known, open: open, areas: areas, valueOf: valueOf, scenarioOf: scenarioOf, worker: worker };
  }
}

/* The page's script tag calls this with the map and the payload. */
export function start(map, data) { startPage(map, data, explorePage); }

/* What the console and the tests of a page ask. */
export * from "../parts/inspect.js";
export { engine, exploreState };
