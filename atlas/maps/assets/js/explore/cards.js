/* The cards of the explorer: the way to a place, leg by leg, and a line that can be closed. */
import { own } from "../core/own.js";
import { el } from "../core/dom.js";
import { listen } from "../core/events.js";
import { urlState } from "../core/hash.js";
import { formatNumber } from "../core/numbers.js";
import { page } from "../core/page.js";
import { inSentence, makeButton, pick, ui } from "../core/words.js";
import * as E from "../engine/engine.js";
import * as S from "./state.js";
import { toggle } from "./asked.js";
import { redraw } from "../map/redraw.js";
import { closeCard, showCard } from "../parts/card.js";
import { legList } from "../parts/reach.js";

/** @param {import("../types").Explorer} ex */
export function cards(ex) {
  var base = ex.base, nodeOf = ex.nodeOf, nameOf = ex.nameOf, state = ex.state, X = page.data.explore;
  function open(id, focus) {
    var value = ex.minutesAt(ex.now, id), run = ex.now.runs.length === 1 ? ex.now.runs[0] : bestRun(id);
    ex.chosen = id;
    urlState.write({ f: id });
    var found = wayTo(id, run), usual = nameOf.get(id), start = state.origins[Math.max(0, ex.now.runs.indexOf(run))];
    var nodes = [el("p", { class: "kind" }, ex.yearWords(state) + " · " + inSentence(state.mode)), el("h2", {}, (state.towards ? pick(usual) + " → " + ex.originName(start) : ex.originName(start) + " → " + pick(usual))),
      isFinite(value) ? el("p", { class: "big", "data-minutes": value.toFixed(4) }, [formatNumber(value, 1), el("small", {}, " " + ui("minutes"))]) : el("p", {}, ui("no_way"))];
    if (ex.was && nodeOf.has(id) && isFinite(ex.minutesAt(ex.was, id))) nodes.push(el("p", {}, ui("ex_before", formatNumber(ex.minutesAt(ex.was, id), 1))));
    nodes.push(el("div", { class: "steps" }, [makeButton({}, "ex_from_here", function () { ex.change({ origins: [{ id: id }] }); }), makeButton({}, "ex_and_here", function () { ex.addOrigin({ id: id }); })]));
    if (found) nodes.push(legList(found.map(legShown)));
    var line = S.toCommand(Object.assign({}, state, { origins: [state.origins[Math.max(0, ex.now.runs.indexOf(run))]] }), "route", ex.named, ex.named({ id: id }));
    if (isFinite(value)) nodes.push(el("code", { class: "command", id: "route-command" }, line));
    showCard(nodes, focus);
    redraw();
  }
  /* Legs to a place; towards an origin, from the place to it. */
  function wayTo(id, run) {
    if (run && run.tree) return E.legs(ex.now.C, run.tree, nodeOf.get(id));
    if (!state.towards || state.origins.length > 1 || !state.origins[0].id) return null;
    return E.legs(ex.now.C, E.reach(ex.now.C, { node: nodeOf.get(id) }).tree, nodeOf.get(state.origins[0].id));
  }
  function bestRun(id) {
    var node = nodeOf.get(id), best = null;
    ex.now.runs.forEach(function (run) { if (run && (!best || (state.combine === "all" ? run.node[node] > best.node[node] : run.node[node] < best.node[node]))) best = run; });
    return best;
  }
  /* The name of a node; of one without a name the nearest that has one, as the legs of `atlas route` have it. */
  function nodeName(node) {
    var called = own(X.nodeNames, node);
    if (called) return called;
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
    for (var i = 0; i < base.a.group.length; i++) if (base.a.group[i] === group && ex.now.C.first[i] === ex.now.C.first[i]) { rows.push(i); ids.add(base.combos[base.a.combo[i]][1] + "/" + base.combos[base.a.combo[i]][0]); }
    if (!rows.length) return;
    var buttons = [], lines = new Set();
    rows.forEach(function (row) { base.combos[base.a.combo[row]][3].split(";").forEach(function (id) { if (id) lines.add("railways/" + id); }); });
    ids.forEach(function (id) { if (id.indexOf("rail_services/") !== 0) buttons.push(id); });
    lines.forEach(function (id) { buttons.push(id); });
    showCard([el("p", { class: "kind" }, ui("ex_line"))].concat(buttons.slice(0, 8).map(function (id) {
      return el("div", {}, [el("h2", {}, ex.featureName(id)), makeButton({ class: "tool", "data-close": id }, state.close.indexOf(id) >= 0 ? "ex_open_again" : "ex_close", function () { ex.change({ close: toggle(state.close, id, state.close.indexOf(id) < 0) }); if (!ex.chosen) closeCard(); })]);
    })), false);
  }
  /* a card that was closed does not come back with the next answer, nor does its way stay on the map */
  listen("card-closed", function () { ex.chosen = null; });
  return { open: open, openLine: openLine, wayTo: wayTo, bestRun: bestRun };
}
