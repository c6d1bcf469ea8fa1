/* The card of one item of the plan: its clause, status, year, how it counts, and the features it stands for. */
import { el } from "../core/dom.js";
import { urlState } from "../core/hash.js";
import { formatNumber } from "../core/numbers.js";
import { own } from "../core/own.js";
import { page } from "../core/page.js";
import { otherName, pick, ui, wordFor } from "../core/words.js";
import { redraw } from "../map/redraw.js";
import { openFeature, showCard } from "./card.js";
import { centre, centreAll } from "./panel.js";

/* The features of an item that the page holds. */
export function featuresOf(id) {
  var hits = [];
  page.data.plan.items[id].f.forEach(function (key) {
    var at = key.indexOf("/"), layer = page.layers.find(function (one) { return one.key === key.slice(0, at); }), wanted = key.slice(at + 1);
    if (!layer) return;
    for (var row = 0; row < layer.size; row++) if (layer.get("id", row) === wanted) { hits.push({ layer: layer, row: row }); return; }
  });
  return hits;
}

/* How it counts, in words. */
export function countWords(item) {
  var text = wordFor("counts", item.c).replace("{}", item.cy === null ? "—" : String(item.cy));
  return item.x ? text + (page.lang === "zh" ? "，" : ", ") + wordFor("count_course", item.x) : text;
}

export function statusWords(status) { return own(page.words.status, status) ? wordFor("status", status) : wordFor("item_status", status); }

/* Where a point is no published site: what it stands for, and how far the site may be from it. */
function standsFor(hits) {
  var hit = hits[0], position = hit && hit.layer.get("position", hit.row);
  if (!position || position === "site") return null;
  return el("p", { class: "stands" }, ui("stands_for", wordFor("kinds", position), formatNumber(hit.layer.get("position_error_m", hit.row) / 1000, 0)));
}

/* Show the card, mark what the item stands for and bring it into view. */
export function openItem(id, focus, stay) {
  var item = own(page.data.plan.items, id);
  if (!item) return;
  var hits = featuresOf(id), year = item.y === null ? ui("not_dated") : String(item.y);
  var list = el("ul", { class: "placelist" }, hits.map(function (hit) {
    return el("li", {}, el("button", { type: "button", onclick: function () { centre(hit.layer, hit.row); openFeature([hit], 0, true); } },
      [el("span", {}, pick(hit.layer.name(hit.row))), el("small", { class: "count" }, pick(hit.layer.title))]));
  }));
  showCard([
    el("p", { class: "kind" }, ui("plan_item") + " · " + wordFor("item_kind", item.k)),
    el("h2", {}, pick(item.n)),
    otherName(item.n) ? el("p", { class: "under" }, otherName(item.n)) : null,
    el("p", { class: "status" }, statusWords(item.t) + (item.d ? " (" + ui("as_of", item.d) + ")" : "")),
    el("p", { class: "opening" }, item.c === "outside" && item.y === null ? countWords(item) : ui("open_by") + " " + year + " (" + wordFor("plan_basis", item.b) + ") · " + countWords(item)),
    standsFor(hits),
    pick(item.r) ? el("p", {}, pick(item.r)) : null,
    item.w ? el("blockquote", { lang: "zh-CN" }, item.w) : null,
    el("p", { class: "cite" }, ui("plan_wording") + " · " + pick(item.s) + " (" + id + ")"),
    el("p", { class: "source" }, item.q),
    hits.length ? list : null
  ], focus);
  page.marks = hits;
  if (page.data.kind === "atlas") urlState.write({ p: id, f: null });
  if (!stay) centreAll(hits);
  redraw();
}
