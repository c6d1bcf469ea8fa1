/* The card of one feature: what it is, its status, when it opens, where the plan says so, what that rests on. */
import { own } from "../core/own.js";
import { el, emptied } from "../core/dom.js";
import { fire, listen } from "../core/events.js";
import { urlState } from "../core/hash.js";
import { formatNumber } from "../core/numbers.js";
import { page } from "../core/page.js";
import { labelled, makeButton, otherName, pick, sourceWords, ui, wordFor, wordsFor } from "../core/words.js";
import { redraw } from "../map/redraw.js";
import { courseOf, sampleOf } from "../map/symbols.js";

var opener = null;

/* Close the card; the keyboard goes back to where it came from. */
export function closeCard() {
  if (!page.cardHost.hidden && page.cardHost.contains(document.activeElement) && opener && document.contains(opener)) opener.focus();
  page.marked = null;
  page.marks = [];
  page.cardHost.hidden = true;
  urlState.write(page.data.kind === "atlas" ? { f: null, p: null } : { f: null });
  fire("card-closed");
  if (page.renderers) redraw();
}
listen("escape", closeCard);

/* Show nodes in the card; the close button comes first so that the keyboard finds it. */
export function showCard(nodes, focus) {
  var active = document.activeElement, host = page.cardHost;
  if (focus && active && active !== document.body && !host.contains(active)) opener = active;
  emptied(host);
  host.appendChild(labelled(el("button", { type: "button", class: "close", onclick: closeCard }, "×"), "close"));
  nodes.forEach(function (node) { if (node) host.appendChild(node); });
  host.hidden = false;
  host.scrollTop = 0;
  if (focus) host.focus({ preventScroll: true });
}

export function openFeature(hits, at, focus) {
  var hit = hits[at], layer = hit.layer, row = hit.row;
  page.marked = hit;
  page.marks = [];
  if (page.data.kind === "atlas") urlState.write({ p: null });
  urlState.write({ f: layer.key + "/" + layer.get("id", row) });
  var name = layer.name(row), kind = layer.get("kind", row);
  var steps = hits.length < 2 ? null : el("div", { class: "steps" }, [
    makeButton({}, "previous", function () { openFeature(hits, (at + hits.length - 1) % hits.length, true); }),
    el("span", {}, ui("of", at + 1, hits.length)),
    makeButton({}, "next", function () { openFeature(hits, (at + 1) % hits.length, true); })
  ]);
  showCard([
    el("p", { class: "kind" }, pick(layer.title) + (kind ? " · " + wordFor("kinds", kind) : "")),
    el("h2", {}, pick(name)),
    otherName(name) ? el("p", { class: "under" }, otherName(name)) : null,
    statusLine(layer, row), openingLine(layer, row), planLines(layer, row), factList(layer, row), sourceLine(layer, row), steps
  ], focus);
  redraw();
}

function statusLine(layer, row) {
  var status = layer.get("status", row), asOf = layer.get("status_as_of", row);
  if (!status || layer.key === "places") return null;
  var line = el("p", { class: "status" });
  line.appendChild(sampleOf(layer.geometry, layer.symbol(row), status, courseOf(layer, row)));
  line.appendChild(document.createTextNode(wordFor("status", status) + (asOf ? " (" + ui("as_of", asOf) + ")" : "")));
  return line;
}

function openingLine(layer, row) {
  var opened = layer.get("opened", row), expected = layer.get("expected_open", row), year = layer.get("opens_year", row);
  if (layer.key === "places") return null;
  var text = ui("open_by") + " " + (opened || expected || ui("not_dated"));
  text += " (" + ui("basis_" + (layer.get("opens_basis", row) || "unknown")) + ")";
  text += page.lang === "zh" ? "，" : ", ";
  text += ui(counted(layer, row, year), year);
  return el("p", { class: "opening" }, text);
}

/* How a scenario counts a feature: nothing is said to count that does not. */
function counted(layer, row, year) {
  if (layer.get("in_network", row) === false) return "counts_not";
  if (layer.get("passenger", row) === false && layer.key === "railways") return "counts_goods";
  if (layer.get("upgrades", row)) return year === null ? "counts_upgrade" : "counts_from";
  if (layer.get("course", row) === "indicative") return "counts_indicative";
  return year === null ? "counts_never" : "counts_from";
}

function planLines(layer, row) {
  var ids = String(layer.get("plan_ids", row) || "").split(";").filter(Boolean);
  var box = el("div", { class: "plan" });
  ids.forEach(function (id) {
    var item = own(page.data.plan.items, id);
    if (!item) return;
    box.appendChild(el("blockquote", { lang: "zh-CN" }, item.w || item.n[0]));
    box.appendChild(el("p", { class: "cite" }, ui("plan_wording") + " · " + pick(item.s) + " · " + pick(item.n) + " (" + id + ")"));
  });
  if (!box.childNodes.length) box.appendChild(el("p", { class: "cite" }, ui("not_in_plan")));
  return box;
}

function factList(layer, row) {
  var list = el("dl", { class: "facts" }), facts = page.words.facts;
  Object.keys(facts).forEach(function (name) {
    var value = layer.get(name, row);
    if (value === null || value === "") return;
    var text = typeof value === "boolean" ? wordFor("kinds", String(value))
      : typeof value === "number" ? (name === "pop_year" || name === "adcode" ? String(value) : formatNumber(value))
      : wordsFor(name === "city" ? "cities" : "kinds", value);
    list.appendChild(el("dt", {}, pick(facts[name])));
    list.appendChild(el("dd", {}, text + (facts[name][2] ? " " + facts[name][2] : "")));
  });
  return list;
}

function sourceLine(layer, row) {
  var key = layer.get("source", row), note = layer.get("source_note", row);
  var text = ui("source") + (page.lang === "zh" ? "：" : ": ") + sourceWords(key);
  return el("p", { class: "source" }, text + (note ? " — " + note : ""));
}
