/* The plan's corridors and axes one after the other: what each is made of, how far it has come, where it runs. */
import { el, phone } from "../core/dom.js";
import { fire, listen } from "../core/events.js";
import { urlState } from "../core/hash.js";
import { hooks, page } from "../core/page.js";
import { makeButton, otherName, pick, spoken, ui, wordFor } from "../core/words.js";
import { coveredByCard, fillView } from "../map/frame.js";
import { redraw } from "../map/redraw.js";
import { openFeature, showCard } from "./card.js";
import { centre, centreAll } from "./panel.js";

/* Corridors first, then axes: names, the plan's words, features. */
function steps() {
  var plan = page.data.plan;
  return Object.keys(plan.corridors).map(function (id) {
    return { id: id, kind: "story_corridor", name: plan.items[id].n, words: plan.items[id].w, features: plan.corridors[id] };
  }).concat(plan.axes.map(function (axis) { return { id: axis[0], kind: "story_axis", name: [axis[1], axis[2]], words: axis[3], features: axis[4] }; }));
}

function hitsOf(step) {
  var hits = [];
  page.layers.forEach(function (layer) {
    if (layer.geometry !== "LineString") return;
    for (var row = 0; row < layer.size; row++) if (step.features.indexOf(layer.key + "/" + layer.get("id", row)) >= 0) hits.push({ layer: layer, row: row });
  });
  return hits;
}

/* The section with its button; returns what opens the step the address asks for. */
export function storyTool(section) {
  var all = steps(), at = -1, other = hooks.corridor;
  if (!all.length || !section) return function () {};
  hooks.corridor = function () { return at >= 0 ? all[at].features : other ? other() : null; };

  function show(i, focus) {
    at = (i + all.length) % all.length;
    var step = all[at], hits = hitsOf(step), count = Object.create(null);
    hits.forEach(function (hit) { var status = hit.layer.get("status", hit.row); count[status] = (count[status] || 0) + 1; hit.layer.on = true; });
    var states = Object.keys(page.tokens.status).filter(function (status) { return count[status]; })
      .map(function (status) { return wordFor("status", status) + " " + count[status]; }).join(page.lang === "zh" ? "、" : ", ");
    showCard([
      el("p", { class: "kind" }, ui(step.kind) + " · " + (at + 1) + " / " + all.length),
      el("h2", {}, pick(step.name)),
      otherName(step.name) ? el("p", { class: "under" }, otherName(step.name)) : null,
      step.words ? el("blockquote", { lang: "zh-CN" }, step.words) : null,
      el("p", { class: "status" }, ui("story_parts", hits.length) + states),
      el("p", { class: "steps" }, [
        makeButton({ class: "tool", id: "story-back" }, "story_back", function () { show(at - 1, false); focusOn("story-back"); }), " ",
        makeButton({ class: "tool", id: "story-next" }, "story_next", function () { show(at + 1, false); focusOn("story-next"); })]),
      el("ul", { class: "placelist" }, hits.map(function (hit) {
        return el("li", {}, el("button", { type: "button", onclick: function () { centre(hit.layer, hit.row); openFeature([hit], 0, true); } },
          [el("span", {}, pick(hit.layer.name(hit.row))), el("small", { class: "count" }, wordFor("status", hit.layer.get("status", hit.row) || "unknown"))]));
      }))
    ], focus);
    urlState.write({ s: at + 1, f: null, p: null });
    /* the panel gives its room to the map; its button opens it */
    document.body.classList.add("walk");
    centreAll(hits, 12, coveredByCard());
    if (!phone()) fillView();
    fire("filter");
    redraw();
  }
  function focusOn(id) { document.getElementById(id).focus(); }
  function leave() {
    if (at < 0) return;
    at = -1;
    urlState.write({ s: null });
    document.body.classList.remove("walk");
    if (document.activeElement === document.body) focusOn("story");
    fire("filter");
  }
  section.appendChild(makeButton({ class: "tool", id: "story" }, "story_open", function () { show(0, true); }));
  listen("card-closed", leave);
  listen("lang", function () { if (at >= 0 && !page.cardHost.hidden) show(at, false); });
  return function () {
    var asked = Number(urlState.values.s);
    if (asked >= 1 && asked <= all.length) show(asked - 1, false);
  };
}
