/* A second map beside the first, which moves with it: two states of one page at once. */
import { el, phone } from "../core/dom.js";
import { urlState } from "../core/hash.js";
import { hooks, page } from "../core/page.js";
import { labelled, spoken } from "../core/words.js";
import { Painting, paintGround } from "./canvas.js";
import { goHome } from "./frame.js";
import { paintLabels } from "./labels.js";

/* paint(ctx, view) draws the second map's content, lines(label) what stands under its names; names are two functions
   that tell what is on the left and on the right. Returns {show(on), redraw()}. */
export function twinMap(paint, lines, names) {
  var twin = null, painted = [];

  function make() {
    var second = el("div", { class: "twin", id: "twin", role: "application" }), moving = false;
    labelled(second, "map_label");
    document.getElementById("app").appendChild(second);
    twin = L.map(second, Object.assign({}, page.map.options, { zoomControl: false, attributionControl: false }));
    [["ground", 210], ["content", 410], ["names", 450]].forEach(function (one) { twin.createPane(one[0]).style.zIndex = one[1]; });
    painted = [new Painting(function (ctx, view) { paintGround(ctx, view); }, { pane: "ground" }), new Painting(paint, { pane: "content" }),
      new Painting(function (ctx, view) { paintLabels(ctx, view, hooks.labelsOf(), [], lines); }, { pane: "names", padding: 0 })];
    twin.setView(page.map.getCenter(), page.map.getZoom(), { animate: false });
    painted.forEach(function (renderer) { renderer.addTo(twin); });
    function follow(from, to) {
      from.on("move", function () {
        if (moving) return;
        moving = true;
        to.setView(from.getCenter(), from.getZoom(), { animate: false });
        moving = false;
      });
    }
    follow(page.map, twin);
    follow(twin, page.map);
    page.twin = twin;
    names.forEach(function (name, which) { document.getElementById("app").appendChild(spoken("div", { class: "side-name side-" + which }, name)); });
  }

  /* Stand both maps side by side, or the first alone; a phone has room for one. */
  function show(on) {
    var pair = on && !phone(), box = document.querySelector(".folium-map"), layout = pair ? "pair" : "one";
    document.body.classList.toggle("pair", pair);
    if (pair && !twin) make();
    page.map.invalidateSize({ animate: false });
    if (twin) twin.invalidateSize({ animate: false });
    var before = box.getAttribute("data-layout");
    /* a link says where to look; who turns the layout over sees the whole again */
    if (before ? before !== layout : pair && !urlState.given.v) goHome();
    box.setAttribute("data-layout", layout);
  }

  return { show: show, redraw: function () { if (document.body.classList.contains("pair")) painted.forEach(function (renderer) { renderer.redraw(); }); } };
}
