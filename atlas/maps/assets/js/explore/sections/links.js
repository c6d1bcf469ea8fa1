/* Links drawn by hand, and lines that are closed. */
import { el, emptied } from "../../core/dom.js";
import { page } from "../../core/page.js";
import { labelled, makeButton, spoken, ui, wordFor } from "../../core/words.js";
import * as E from "../../engine/engine.js";
import * as S from "../state.js";
import { toggle } from "../asked.js";
import { crossesBorder } from "../sides.js";
import { redraw } from "../../map/redraw.js";

/** @param {import("../../types").Explorer} ex */
export function linkSection(ex) {
  var base = ex.base, known = ex.known, state = ex.state, X = page.data.explore;
  var kind = labelled(el("select", { id: "link-kind" }, X.linkClasses.map(function (one) { return el("option", { value: one[0] }, wordFor("kinds", one[0])); }).concat([spoken("option", { value: "rail" }, "ex_rail_line")])), "ex_link_kind");
  var speed = labelled(el("input", { type: "number", id: "link-speed", min: S.linkBounds("road").kmh[0], max: S.linkBounds("road").kmh[1], value: X.linkClasses[0][1] }), "ex_speed"), headway = labelled(el("input", { type: "number", id: "link-headway", min: S.linkBounds("rail").headway[0], max: S.linkBounds("rail").headway[1], value: 30 }), "ex_headway");
  var headwayRow = el("label", { class: "row" }, [spoken("span", { class: "name" }, "ex_headway"), headway]), drawn = el("ul", { class: "placelist", id: "own-links" });
  var told = el("p", { class: "small", role: "status", id: "drawing" });
  /** @type {any[] | null} what was not taken: a word and what stands in it */
  var refused = null;
  headwayRow.hidden = true;
  kind.addEventListener("change", function () {
    var bounds = S.linkBounds(kind.value).kmh;
    headwayRow.hidden = kind.value !== "rail";
    speed.min = bounds[0];
    speed.max = bounds[1];
    speed.value = kind.value === "rail" ? 250 : X.linkClasses.find(function (one) { return one[0] === kind.value; })[1];
  });
  var draw = makeButton({ class: "tool", id: "draw-link", "aria-pressed": "false" }, "ex_draw", function () {
    if (ex.draft) { endLink(); return; }
    refused = refusal();
    if (refused) { show(); return; }
    ex.draft = kind.value === "rail" ? { kind: "rail", kmh: Number(speed.value), headway: Number(headway.value), points: [] } : { kind: "road", cls: kind.value, kmh: Number(speed.value), points: [] };
    draw.setAttribute("aria-pressed", "true");
    page.noHover = true;
    show();
  });
  /* Why a line cannot be begun, as the terminal refuses it too; a speed below nought would never be done with. */
  /** @returns {any[] | null} */
  function refusal() {
    var bounds = S.linkBounds(kind.value);
    if (state.links.length >= S.MOST_LINKS) return ["ex_most_links", S.MOST_LINKS];
    if (speed.value === "" || !S.within(Number(speed.value), bounds.kmh)) return ["ex_speed_bounds", bounds.kmh[0], bounds.kmh[1]];
    if (bounds.headway && (headway.value === "" || !S.within(Number(headway.value), bounds.headway))) return ["ex_headway_bounds", bounds.headway[0], bounds.headway[1]];
    return null;
  }
  /* A point more of the line that is being drawn, where the line may have it. */
  function add(point) {
    refused = ex.draft.points.length >= S.MOST_POINTS ? ["ex_most_points", S.MOST_POINTS] : S.inRegion(point, known) ? null : ["ex_point_outside"];
    if (!refused) ex.draft.points.push(point);
    show();
    redraw();
  }
  function endLink() {
    var link = ex.draft;
    ex.draft = null;
    refused = null;
    page.noHover = false;
    draw.setAttribute("aria-pressed", "false");
    if (link && link.points.length > 1) ex.change({ links: state.links.concat([S.linkOf(S.linkText(link), known)]).filter(Boolean) });
    else { show(); redraw(); }
  }
  /* Points of a line that join nothing: in the sea, or on an island without ways. */
  function looseEnds(link) {
    var L = base.cellNodes;
    return L ? link.points.filter(function (p) {
      var cell = p[2] ? -1 : E.cellAt(base, p[0], p[1]);
      return !p[2] && (cell < 0 || L.start[cell + 1] === L.start[cell]);
    }).length : 0;
  }
  function show() {
    emptied(drawn);
    told.textContent = [refused ? ui.apply(null, refused) : "", ex.draft ? ui("ex_drawing", ex.draft.points.length) : ""].filter(Boolean).join(" ");
    state.links.forEach(function (link, i) {
      drawn.appendChild(el("li", {}, [el("span", {}, (link.kind === "rail" ? ui("ex_rail_line") : wordFor("kinds", link.cls)) + " · " + link.kmh + " km/h · " + ui("ex_points", link.points.length) + (looseEnds(link) ? " · " + ui("ex_loose", looseEnds(link)) : "") + (crossesBorder(ex.sides, link.points) ? " · " + ui("ex_over_border") : "") + " "),
        makeButton({ class: "link" }, "ex_remove", function () { ex.change({ links: state.links.filter(function (_, k) { return k !== i; }) }); })]));
    });
    state.close.forEach(function (id) {
      drawn.appendChild(el("li", {}, [el("span", {}, ui("ex_closed") + " " + ex.featureName(id) + " "), makeButton({ class: "link", "data-open": id }, "ex_open_again", function () { ex.change({ close: toggle(state.close, id, false) }); })]));
    });
  }
  var tools = el("div", {}, [spoken("p", { class: "small" }, "ex_links_how"), kind, el("label", { class: "row" }, [spoken("span", { class: "name" }, "ex_speed"), speed]), headwayRow, draw, told, drawn]);
  return { tools: tools, show: show, add: add, end: endLink };
}
