/* The explorer: any origin, any scenario, minutes, areas, people and the plan's targets at once, without a network. */
import { el, emptied } from "../core/dom.js";
import { listen } from "../core/events.js";
import { formatNumber, wholeMinutes } from "../core/numbers.js";
import { hooks, page } from "../core/page.js";
import { inSentence, listed, spoken, ui } from "../core/words.js";
import * as engine from "../engine/engine.js";
import { ahead } from "../explore/ahead.js";
import { explorerOf } from "../explore/asked.js";
import { cards } from "../explore/cards.js";
import { painted } from "../explore/painted.js";
import { many } from "../explore/people.js";
import { pointed } from "../explore/pointed.js";
import { askingSection } from "../explore/sections/asking.js";
import { comparedSection } from "../explore/sections/compared.js";
import { figureSection } from "../explore/sections/figures.js";
import { keptSection } from "../explore/sections/kept.js";
import { legendRows } from "../explore/sections/legend.js";
import { linkSection } from "../explore/sections/links.js";
import { parameterSection } from "../explore/sections/parameters.js";
import { projectSection } from "../explore/sections/projects.js";
import { reachedSection } from "../explore/sections/reached.js";
import { yearDock } from "../explore/sections/years.js";
import * as exploreState from "../explore/state.js";
import { paintMark } from "../map/canvas.js";
import { startPage, tell } from "../map/frame.js";
import { redraw } from "../map/redraw.js";
import { addSection, drawLegend, searchBox, sourceList } from "../parts/panel.js";
import { sheetTools } from "../parts/sheet.js";
import { tableTool } from "../parts/table.js";

export function explorePage(data) {
  var X = data.explore, host = el("div", { class: "section" }, el("p", {}, ui("ex_loading")));
  page.panel.appendChild(host);
  searchBox(function () {});
  Promise.all([engine.unpack(X.engine), engine.unpackTexts(X.names), engine.unpackTexts(X.nodeNames), engine.unpackTexts(X.sides)]).then(function (unpacked) {
    X.names = unpacked[1];
    X.nodeNames = unpacked[2];
    emptied(host);
    host.remove();
    page.explorer = explorer(unpacked[0], unpacked[3]);
    document.body.setAttribute("data-explorer", "true");
    redraw();
  });
}

/* The parts of the page around one question. base: the network; sides: outlines of both sides of a border. */
function explorer(base, sides) {
  var ex = explorerOf(base, sides), state = ex.state, figures = figureSection(ex), legendHost = el("div", { class: "legend" });
  ex.worker = ahead(ex, function () { asking.originsShown(); figures.moving(); });
  ex.change = change;
  ex.addOrigin = addOrigin;
  ex.show = show;
  var asking = askingSection(ex, figures.parts), reached = reachedSection(ex), projects = projectSection(ex), links = linkSection(ex), parameters = parameterSection(ex, asking);
  var compared = comparedSection(ex, projects.items), kept = keptSection(ex, asking);
  addSection("ex_targets", [reached.verdicts, spoken("p", { class: "small" }, "ex_targets_note")]);
  addSection("ex_projects", projects.parts, false);
  addSection("ex_links", [links.tools], false);
  addSection("ex_parameters", parameters.parts, false);
  addSection("ex_nearest", [reached.nearest], false);
  addSection("places", [reached.list], false);
  addSection("ex_compare", [compared.tools], false);
  addSection("ex_keep", kept.parts, false);
  hooks.legendRows = function () { return legendRows(ex); };
  addSection("legend", [legendHost]);
  addSection("assumptions", [el("div", { class: "small", id: "assumed" }, [spoken("p", {}, function () { return ui("ex_honest", formatNumber(base.grid ? base.grid.sizeM : 0, 0)); })])], false);
  addSection("sources", [sourceList()], false);
  var years = yearDock(ex), shownCards = cards(ex), map = painted(ex, shownCards);
  ex.open = shownCards.open;
  var pins = pointed(ex, { links: links, projects: projects, openLine: shownCards.openLine, destination: asking.destination });
  page.paints.unshift(function (ctx, view) { page.marks.forEach(function (hit) { paintMark(ctx, view, hit.layer, hit.row); }); });
  tableTool([{ key: "name", text: "place" }, { key: "level", text: "kind" }, { key: "city", text: "city" }, { key: "min", text: "minutes", number: true, digits: 1 }], ex.placeRows, function (row) { ex.open(row.id, true); });
  sheetTools();
  fillHooks(ex);

  /* Change what is asked, answer, show; `quick` while a pin or slider moves. */
  function change(more, quick) {
    ex.untaken = [];
    Object.assign(state, more);
    if (ex.pinned && more.cutoffs) { ex.pinned.cutoffs = state.cutoffs.slice(); ex.answerPinned(); }
    if (quick && ex.worker.ask()) return;
    var start = performance.now();
    ex.worker.drop();
    ex.now = ex.model.answer(state);
    ex.spent = performance.now() - start;
    if (!quick) { ex.write(); show(); }
    else figures.figuresShown();
    redraw();
  }
  /* One origin more; where there are as many as are taken it is said, and the others stand. */
  function addOrigin(origin) {
    var origins = exploreState.withOrigin(state.origins, origin);
    if (origins) { change({ origins: origins }); return; }
    ex.untaken = ["o=" + exploreState.originText(origin)];
    asking.originsShown();
  }
  function show() {
    [asking, years, figures, reached, projects, links, parameters, compared, kept].forEach(function (part) { part.show(); });
    emptied(legendHost);
    drawLegend(legendRows(ex), legendHost);
    pins.marker();
    page.map.whenReady(map.layout);
    tell();
    if (ex.chosen) ex.open(ex.chosen, false);
  }
  listen("lang", show);
  ex.answerPinned();
  ex.now = ex.model.answer(state);
  show();
  return { state: state, change: change, answer: function () { return ex.now; }, network: function () { return ex.now.M; }, spent: function () { return ex.spent; }, nodeOf: ex.nodeOf, known: ex.known, open: ex.open, areas: kept.areas, valueOf: ex.model.valueOf, scenarioOf: ex.model.scenarioOf, worker: ex.worker };
}

/* What the frame, the sheet and the table ask of the page. */
/** @param {import("../types").Explorer} ex */
function fillHooks(ex) {
  var state = ex.state, places = ex.places;
  function asked() { return [listed(state.origins.map(ex.originName)), ex.yearWords(state), inSentence(state.mode)]; }
  hooks.heart = function () { return ex.pointOf(state.origins[0]); };
  hooks.finding = function () {
    if (!ex.now) return "";
    if (ex.now.lost === ex.now.all) return ui("ex_off_land");
    var head = ui.apply(null, [state.towards ? "ex_finding_to" : "ex_finding"].concat(asked()));
    var told = state.cutoffs.map(function (cutoff, i) { return ex.now.inside[i] ? ui("ex_finding_inside", cutoff, many(ex.now.inside[i].people), formatNumber(ex.now.inside[i].km2, 0)) : ""; });
    if (state.mode === "rail") told.push(ui("ex_rail_bound", formatNumber(ex.model.valueOf(state)("rail_access_max_min"), 0)));
    return head + told.join(ui("semicolon"));
  };
  hooks.subtitle = function () { return ex.was && ex.view.compare !== "one" ? ex.told(ex.pinned) + " / " + ex.told(state) : asked().join(ui("comma_between")); };
  hooks.printRows = function () {
    var table = el("table", {}, el("thead", {}, el("tr", {}, [el("th", {}, ui("place")), el("th", { class: "number" }, ui("minutes"))])));
    ex.placeRows().filter(function (row) { return row.min !== null && ["prefecture", "sar", "district", "county", "county_city"].indexOf(places.get("level", row.row)) >= 0; }).forEach(function (row) {
      table.appendChild(el("tr", {}, [el("td", {}, row.name), el("td", { class: "number" }, wholeMinutes(row.min))]));
    });
    return table;
  };
}

/* The page's script tag calls this with the map and the payload. */
export function start(map, data) { startPage(map, data, explorePage); }

/* What the console and the tests of a page ask. */
export * from "../parts/inspect.js";
export { engine, exploreState };
