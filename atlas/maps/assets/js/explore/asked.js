/* What is asked and what was answered: the values that all parts of the explorer share, and how they are called. */
import { phone } from "../core/dom.js";
import { urlState } from "../core/hash.js";
import { page } from "../core/page.js";
import { inSentence, listed, pick, ui, wordFor } from "../core/words.js";
import * as E from "../engine/engine.js";
import { answerer } from "./answer.js";
import { explorePaint } from "./paint.js";
import * as S from "./state.js";

/* Bytes of a text in base64. */
export function bits(text) { var raw = atob(text), out = new Uint8Array(raw.length); for (var i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i); return out; }

function pairs(text) {
  var out = {};
  text.split("&").forEach(function (one) { var at = one.indexOf("="); if (at > 0) out[one.slice(0, at)] = one.slice(at + 1); });
  return out;
}

/* A list with `id`, or without it. */
export function toggle(list, id, on) { return on ? (list.indexOf(id) < 0 ? list.concat([id]) : list) : list.filter(function (one) { return one !== id; }); }
function hashText(values) { return Object.keys(values).filter(function (key) { return values[key]; }).map(function (key) { return key + "=" + values[key]; }).join("&"); }

/* base: the network unpacked; sides: outlines of both sides of a border. What is asked comes from the address. */
/** @returns {import("../types").Explorer} */
export function explorerOf(base, sides) {
  var data = page.data, X = data.explore;
  var places = page.layers[0], parameters = new Map(X.parameters.map(function (row) { return [row[0], row]; }));
  var nodeOf = new Map(), nameOf = new Map(), paint = explorePaint(base, { tokens: data.tokens, explore: X, forward: bits(X.forward) });
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
  var values = urlState.values, untaken = [], state = S.fromHash(values, opening, known, untaken), pinned = values.pin ? S.fromHash(pairs(values.pin), opening, known, untaken) : null;
  /* two states that are compared are cut at the same minutes */
  if (pinned) pinned.cutoffs = state.cutoffs.slice();
  var view = { areas: values.i !== "0", compare: ["change", "swipe", "pair"].indexOf(values.d) >= 0 ? values.d : "one", swipe: 0.5 };
  if (view.compare === "one" && values.d && values.d !== "one") untaken.push("d=" + values.d);
  if (values.f && !nodeOf.has(values.f)) untaken.push("f=" + values.f);
  var chosen = values.f && nodeOf.has(values.f) ? values.f : null;
  var model = answerer(base, X.parameters, nodeOf, paint);
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
  /* null: the list is filled anew whatever is asked. */
  function asksLike(list, what) { if (what === null) lastAsked.delete(list); else lastAsked.set(list, JSON.stringify(what)); }
  function write() {
    var out = S.toHash(state, opening);
    out.pin = ex.pinned ? hashText(S.toHash(ex.pinned, opening)) : null;
    out.d = view.compare === "one" ? null : view.compare;
    out.f = ex.chosen;
    urlState.write(/** @type {Record<string, unknown>} */ (out));
  }
  /* A phone has room for one map: where two stood side by side it shows what differs. */
  function comparing() { return view.compare === "pair" && phone() ? "change" : view.compare; }
  function featureName(id) { return Object.prototype.hasOwnProperty.call(X.names, id) ? pick(X.names[id]) : id; }
  function placeRows() {
    var found = [];
    for (var row = 0; row < places.size; row++) {
      var id = places.get("id", row), value = nodeOf.has(id) ? minutesAt(ex.now, id) : Infinity;
      found.push({ row: row, id: id, name: pick(places.name(row)), level: wordFor("kinds", places.get("level", row) || ""), city: wordFor("cities", places.get("city", row) || ""), min: isFinite(value) ? value : null });
    }
    return found.sort(function (a, b) { return (a.min === null ? 1e9 : a.min) - (b.min === null ? 1e9 : b.min); });
  }
  function untakenWords() {
    var each = Array.from(new Set(ex.untaken.map(function (text) { return text.slice(0, 60); })));
    return each.slice(0, 8).join(ui("semicolon")) + (each.length > 8 ? "…" : "");
  }
  function told(one) { return listed(one.origins.map(originName)) + " · " + yearWords(one) + " · " + inSentence(one.mode); }
  function closedRows(one) { return [].concat.apply([], one.close.map(function (id) { return base.rowsById.get(id) || []; })); }
  function idOf(hit) { return hit.layer.key === "places" ? hit.layer.get("id", hit.row) : X.prefix[hit.layer.key] + hit.layer.get("id", hit.row); }
  function pointAt(id) { return known.place(id).concat([id]); }
  function answerPinned() { ex.was = ex.pinned ? model.answer(ex.pinned) : null; }

  /** @type {import("../types").Explorer} */
  var ex = {
    base: base, sides: sides, places: places, nodeOf: nodeOf, nameOf: nameOf, known: known, comparing: comparing, opening: opening, paint: paint, model: model, state: state, view: view,
    pinned: pinned, now: null, was: null, chosen: chosen, draft: null, adding: false, untaken: untaken, spent: 0,
    pointOf: pointOf, named: named, originName: originName, yearWords: yearWords, minutesAt: minutesAt, featureName: featureName, placeRows: placeRows, untakenWords: untakenWords,
    told: told, closedRows: closedRows, idOf: idOf, pointAt: pointAt, asksAnew: asksAnew, asksLike: asksLike, write: write, answerPinned: answerPinned,
    change: null, addOrigin: null, show: null, open: null, worker: null
  };
  return ex;
}
