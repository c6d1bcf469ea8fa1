/* What is asked with a finger, the mouse or the keyboard on the map: origins, points of a line, places looked up. */
import { emptied } from "../core/dom.js";
import { listen } from "../core/events.js";
import { worldX, worldY } from "../core/mercator.js";
import { hooks, page } from "../core/page.js";
import { featuresAt } from "../map/canvas.js";
import { coveredByCard, fitBox } from "../map/frame.js";
import { redraw } from "../map/redraw.js";
import { closeCard } from "../parts/card.js";
import { openItem } from "../parts/item.js";
import { centre, searchBox } from "../parts/panel.js";

/* parts: the sections for drawn links and projects, the card of a line, and where a destination is looked up. */
/** @param {import("../types").Explorer} ex @param {{ links: any; projects: any; openLine: Function; destination: HTMLElement }} parts */
export function pointed(ex, parts) {
  var nodeOf = ex.nodeOf, paint = ex.paint, state = ex.state;
  var pins = [];
  function marker() {
    pins.forEach(function (pin) { pin.remove(); });
    pins = state.origins.map(function (origin, i) {
      var at = ex.pointOf(origin), pin = L.marker([at[1], at[0]], { draggable: true, keyboard: true, title: ex.originName(origin), alt: ex.originName(origin), icon: L.divIcon({ className: "origin-pin", iconSize: [22, 22] }) }).addTo(page.map), waiting = false;
      function move(final) {
        var place = pin.getLatLng(), origins = state.origins.slice();
        origins[i] = { lon: Math.round(place.lng * 1e4) / 1e4, lat: Math.round(place.lat * 1e4) / 1e4 };
        ex.chosen = final ? ex.chosen : null;
        ex.change({ origins: origins }, !final);
      }
      pin.on("drag", function () { if (!waiting) { waiting = true; requestAnimationFrame(function () { waiting = false; move(false); }); } });
      pin.on("dragend", function () { move(true); });
      return pin;
    });
  }
  listen("click", function (event) {
    var lon = Math.round(event.latlng.lng * 1e4) / 1e4, lat = Math.round(event.latlng.lat * 1e4) / 1e4, hits = featuresAt(page.map, page.layers, event.containerPoint, 10);
    if (ex.draft) {
      var near = hits.map(ex.idOf).filter(function (id) { return nodeOf.has(id) && (ex.draft.kind === "rail") === (id.indexOf("stn/") === 0); })[0];
      parts.links.add(near ? ex.pointAt(near) : [lon, lat]);
      return;
    }
    var ids = hits.map(ex.idOf).filter(function (id) { return nodeOf.has(id); });
    if (ids.length && !ex.adding) { ex.open(ids[0], false); return; }
    var scale = page.map.options.crs.scale(page.map.getZoom()), line = ex.adding ? null : paint.lineAt([worldX(event.latlng.lng), worldY(event.latlng.lat)], 6 / scale);
    if (line !== null && line !== undefined && ex.now.lines && ex.now.lines.open[line]) { parts.openLine(line); return; }
    setOrigin(ids.length ? { id: ids[0] } : { lon: lon, lat: lat });
  });
  page.map.on("contextmenu", function (event) { if (!ex.draft) setOrigin({ lon: Math.round(event.latlng.lng * 1e4) / 1e4, lat: Math.round(event.latlng.lat * 1e4) / 1e4 }); });
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
        var lon = Math.round(at.lng * 1e4) / 1e4, lat = Math.round(at.lat * 1e4) / 1e4;
        if (ex.draft) parts.links.add([lon, lat]); else setOrigin({ lon: lon, lat: lat });
      }, 550);
    }, { passive: true });
    box.addEventListener("touchmove", function (event) { if (Math.hypot(event.touches[0].clientX - from[0], event.touches[0].clientY - from[1]) > 10) stop(); }, { passive: true });
    ["touchend", "touchcancel"].forEach(function (name) { box.addEventListener(name, stop, { passive: true }); });
    /* the click that follows when the finger leaves is no second question */
    box.addEventListener("click", function (event) { if (Date.now() - rested < 1500) { event.stopPropagation(); rested = 0; } }, true);
  }());
  function drawnSoFar() { parts.links.show(); redraw(); }
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
    ex.chosen = null;
    closeCard();
    if (ex.adding) ex.addOrigin(origin);
    else ex.change({ origins: [origin] });
  }
  document.addEventListener("keydown", function (event) { 
    if (!ex.draft || (event.target instanceof HTMLInputElement)) return;
    if (event.key === "Backspace") { ex.draft.points.pop(); drawnSoFar(); event.preventDefault(); }
    if (event.key === "Enter" && event.target instanceof HTMLButtonElement) return;
    if (event.key === "Escape") ex.draft.points = [];
    if (event.key === "Enter" || event.key === "Escape") parts.links.end();
  });
  hooks.placesFirst = true;
  page.finder.querySelector("input").remove();
  emptied(page.finder);
  searchBox(function (layer, row) {
    var id = ex.idOf({ layer: layer, row: row });
    if (!nodeOf.has(id)) { centre(layer, row, 10.5); return; }
    if (ex.draft) parts.links.add(ex.pointAt(id));
    else setOrigin({ id: id });
    visible(ex.pointOf({ id: id }));
  }, function (id) {
    openItem(id, true);
    parts.projects.find(page.data.plan.items[id].n[0]);
  });
  /* where to: its minutes and way, from the origins that stand */
  searchBox(function (layer, row) {
    var id = ex.idOf({ layer: layer, row: row });
    if (!nodeOf.has(id)) return;
    ex.open(id, true);
    /* the whole of the way, where it is not all seen */
    var ends = state.origins.map(ex.pointOf).concat([ex.pointOf({ id: id })]), lons = ends.map(function (p) { return p[0]; }), lats = ends.map(function (p) { return p[1]; });
    if (!ends.every(seen)) fitBox([Math.min.apply(null, lons), Math.min.apply(null, lats), Math.max.apply(null, lons), Math.max.apply(null, lats)], 11, coveredByCard());
  }, null, { host: parts.destination, id: "destination", label: "ex_destination_find" });
  return { marker: marker };
}
