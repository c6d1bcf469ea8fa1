/* The year: slider, typed year, step buttons; what opens in it. */
"use strict";
(function () {
  Atlas.year = null;

  Atlas.openIn = function (layer, row) {
    if (Atlas.year === null) return true;
    var year = layer.get("opens_year", row);
    return layer.key === "places" ? true : year !== null && year <= Atlas.year;
  };

  Atlas.timeline = function () {
    var first = Atlas.data.years[0], last = Atlas.data.years[1], full = last + 1;
    var slider = Atlas.label(Atlas.el("input", { type: "range", id: "year", min: first, max: full, step: 1 }), "year");
    var typed = Atlas.label(Atlas.el("input", { type: "text", id: "year-typed", inputmode: "numeric", size: 4 }), "year_in");
    var note = Atlas.el("p", { class: "opens", id: "opens", "aria-live": "polite" });
    var ticks = Atlas.el("div", { class: "ticks", "aria-hidden": "true" });
    for (var y = first; y <= full; y++) ticks.appendChild(y < full ? Atlas.el("span", {}, String(y).slice(2)) : Atlas.say("span", {}, "full_short"));
    function set(value) {
      var year = Math.max(first, Math.min(full, value));
      Atlas.year = year === full ? null : year;
      slider.value = year;
      slider.setAttribute("aria-valuetext", Atlas.year === null ? Atlas.t("full") : String(year));
      typed.value = Atlas.year === null ? "" : String(year);
      typed.placeholder = Atlas.t("full_short");
      Atlas.state.write({ y: Atlas.year });
      say();
      Atlas.fire("filter");
    }
    function say() {
      Atlas.empty(note);
      if (Atlas.year === null) { note.textContent = Atlas.t("full_note"); return; }
      var names = [];
      Atlas.layers.forEach(function (layer) {
        if (["railways", "highways", "airports", "ports", "stations"].indexOf(layer.key) < 0) return;
        for (var row = 0; row < layer.size; row++) {
          if (layer.get("opens_year", row) !== Atlas.year) continue;
          names.push({ layer: layer, row: row });
        }
      });
      note.appendChild(Atlas.el("b", {}, Atlas.t("opens_in", Atlas.year) + (names.length ? " (" + names.length + ") " : " ")));
      if (!names.length) note.appendChild(document.createTextNode(Atlas.t("none_opens")));
      names.slice(0, 8).forEach(function (hit) {
        note.appendChild(Atlas.el("button", { type: "button", class: "chip", onclick: function () {
          Atlas.centre(hit.layer, hit.row);
          Atlas.openFeature([hit], 0, true);
        } }, Atlas.pick(hit.layer.name(hit.row))));
      });
      if (names.length > 8) note.appendChild(document.createTextNode("…"));
    }
    slider.addEventListener("input", function () { set(Number(slider.value)); });
    typed.addEventListener("change", function () {
      var text = typed.value.trim();
      set(/^\d{4}$/.test(text) ? Number(text) : full);
    });
    Atlas.on("lang", say);
    var back = Atlas.label(Atlas.el("button", { type: "button", class: "step", onclick: function () { set((Atlas.year || full) - 1); } }, "‹"), "earlier");
    var on = Atlas.label(Atlas.el("button", { type: "button", class: "step", onclick: function () { set((Atlas.year || full) + 1); } }, "›"), "later");
    Atlas.dock.appendChild(Atlas.el("div", { class: "timeline" }, [
      Atlas.el("div", { class: "yearrow" }, [back, typed, on, Atlas.el("div", { class: "track" }, [slider, ticks])]), note]));
    var asked = Number(Atlas.state.values.y);
    set(asked >= first && asked <= last ? asked : full);
  };
})();
