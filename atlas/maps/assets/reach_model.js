/* What can be reached from one origin in every combination of scenario, mode and parameter set: unpacked and painted. */
"use strict";
Atlas.reachModel = function (R, places) {
  var size = places.size, data = Atlas.data, shapes = Atlas.shapes(R.shapes), kinds = Atlas.integers(R.kinds), minutes = Atlas.integers(R.minutes);
  var lineMinutes = {}, areas = {}, runs = R.runs.map(Atlas.integers), far = R.cutoffs[R.cutoffs.length - 1], book = null;

  function combination(s, m, p) { return (s * R.modes.length + m) * R.sets.length + p; }
  function minutesOf(c, row) {
    var value = minutes[c * size + row];
    return value < 0 ? null : value / 1000;
  }
  function ends(c) { return lineMinutes[c] || (lineMinutes[c] = Atlas.integers(R.lines[c])); }
  function bandOf(value) {
    return value === null ? null : data.tokens.ramp.find(function (band) { return value <= band.to_min + 1e-6; }) || null;
  }

  /* Areas within each cut-off: the nearer one darker. */
  function paintAreas(ctx, view, c) {
    if (!R.areas || !R.areas[c]) return;
    var shown = areas[c] || (areas[c] = Atlas.shapes(R.areas[c]));
    ctx.setLineDash([]);
    for (var k = shown.size - 1; k >= 0; k--) {
      ctx.beginPath();
      Atlas.trace(ctx, shown, k, view, true);
      ctx.globalAlpha = k ? 0.16 : 0.26;
      ctx.fillStyle = data.tokens.ramp[k ? 2 : 1].color;
      ctx.fill("evenodd");
      ctx.globalAlpha = 0.55;
      ctx.strokeStyle = data.tokens.ramp[k ? 2 : 1].color;
      ctx.lineWidth = 0.9;
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
  }

  /* Legs, unpacked when first asked for. */
  function journeys() {
    if (book) return book;
    var flat = Atlas.integers(R.legs), counts = Atlas.integers(R.line_counts), steps = Atlas.integers(R.lines_), legs = [], at = 0, i, k;
    for (i = 0; i < counts.length; i++) {
      var row = flat.slice(11 * i, 11 * i + 11), line = [], group = 0;
      for (k = 0; k < counts[i]; k++) { group += steps[at++]; line.push(group); }
      legs.push({ role: R.texts[row[0]], name: [R.texts[row[1]], R.texts[row[2]]], from: bilingual(R.texts[row[3]]), to: bilingual(R.texts[row[4]]), calls: bilingual(R.texts[row[5]]),
        plan: R.texts[row[6]], km: row[7] / 10, minutes: row[8] / 1000, wait: row[9] / 10, border: row[10] / 10, lines: line });
    }
    var order = Atlas.integers(R.journeys), lengths = Atlas.integers(R.journey_counts), next = 0, start = 0;
    book = [];
    for (i = 0; i < minutes.length; i++) {
      if (minutes[i] < 0) { book.push(null); continue; }
      book.push(order.slice(start, start + lengths[next]).map(function (leg) { return legs[leg]; }));
      start += lengths[next++];
    }
    return book;
  }
  /* A name, or stops joined by dashes, in both languages. */
  function bilingual(text) { return [text, R.english[text] || text.split("—").map(function (name) { return R.english[name] || name; }).join(" – ")]; }
  function legsOf(c, row) { return journeys()[c * size + row]; }

  /* Lines: grey where not reached in time, else pieces in the colour and width of their band. */
  function paintLines(ctx, view, c) {
    var at = ends(c), run = runs[c % R.sets.length], factor = Math.max(0.6, Math.min(1.8, 0.6 + (view.zoom - 8) * 0.18)), pieces = data.tokens.ramp.map(function () { return []; }), grey = [];
    for (var g = 0; g < shapes.size; g++) {
      if (!kinds[g] || at[2 * g] === -2 || !Atlas.inView(shapes, g, view)) continue;
      var a = at[2 * g] < 0 ? Infinity : at[2 * g] / 10, b = at[2 * g + 1] < 0 ? Infinity : at[2 * g + 1] / 10;
      if (Math.min(a, b) >= far) grey.push(g);
      else split(g, a, b, run[g] / 10, view, pieces, grey);
    }
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.strokeStyle = data.tokens.ground.unreached;
    ctx.lineWidth = 0.9;
    ctx.beginPath();
    grey.forEach(function (piece) { if (typeof piece === "number") Atlas.trace(ctx, shapes, piece, view, false); else draw(ctx, piece); });
    ctx.stroke();
    for (var k = pieces.length - 1; k >= 0; k--) {
      if (!pieces[k].length) continue;
      var band = data.tokens.ramp[k];
      [["#ffffff", band.width * factor + 1.8], [band.color, band.width * factor]].forEach(function (look) {
        ctx.strokeStyle = look[0];
        ctx.lineWidth = look[1];
        ctx.beginPath();
        pieces[k].forEach(function (piece) { draw(ctx, piece); });
        ctx.stroke();
      });
    }
  }

  function draw(ctx, points) {
    ctx.moveTo(points[0], points[1]);
    for (var i = 2; i < points.length; i += 2) ctx.lineTo(points[i], points[i + 1]);
  }

  /* Cut a line where its minutes pass from one band to the next; time flows in from both ends. */
  function split(g, a, b, run, view, pieces, grey) {
    var from = shapes.start[shapes.first[g]], to = shapes.start[shapes.first[g + 1]], xy = shapes.xy, length = 0, along = [0];
    for (var i = from + 1; i < to; i++) {
      length += Math.hypot(xy[2 * i] - xy[2 * i - 2], xy[2 * i + 1] - xy[2 * i - 1]);
      along.push(length);
    }
    if (!length) return;
    if (!isFinite(a)) a = b + run;
    if (!isFinite(b)) b = a + run;
    var need = Math.max(run, Math.abs(a - b), 0.01), cuts = [0, 1];
    function time(s) { return Math.min(a + s * need, b + (1 - s) * need); }
    data.tokens.ramp.forEach(function (band) {
      [(band.to_min - a) / need, 1 - (band.to_min - b) / need].forEach(function (s) { if (s > 0 && s < 1) cuts.push(s); });
    });
    cuts.push(Math.max(0, Math.min(1, (b - a + need) / (2 * need))));
    cuts.sort(function (x, y) { return x - y; });
    for (i = 0; i + 1 < cuts.length; i++) {
      if (cuts[i + 1] - cuts[i] < 1e-6) continue;
      var value = time((cuts[i] + cuts[i + 1]) / 2), k = data.tokens.ramp.findIndex(function (band) { return value <= band.to_min; });
      (k < 0 ? grey : pieces[k]).push(part(from, along, length, cuts[i], cuts[i + 1], view));
    }
  }

  function part(from, along, length, s0, s1, view) {
    var xy = shapes.xy, out = [], d0 = s0 * length, d1 = s1 * length;
    function put(i, t) {
      out.push((xy[2 * i] + t * (xy[2 * i + 2] - xy[2 * i])) * view.scale - view.ox, (xy[2 * i + 1] + t * (xy[2 * i + 3] - xy[2 * i + 1])) * view.scale - view.oy);
    }
    for (var i = 0; i + 1 < along.length; i++) {
      var span = along[i + 1] - along[i];
      if (along[i + 1] < d0 || along[i] > d1 || !span) continue;
      if (!out.length) put(from + i, Math.max(0, (d0 - along[i]) / span));
      put(from + i, Math.min(1, (d1 - along[i]) / span));
    }
    return out.length ? out : [0, 0];
  }

  function paintPlaces(ctx, view, c) {
    for (var row = 0; row < size; row++) {
      var symbol = places.symbol(row), value = minutesOf(c, row), band = value !== null && value <= far ? bandOf(value) : null;
      if (view.zoom < symbol.minZoom - 1.5 || !Atlas.inView(places.shapes, row, view)) continue;
      var at = 2 * places.shapes.start[places.shapes.first[row]], x = places.shapes.xy[at] * view.scale - view.ox, y = places.shapes.xy[at + 1] * view.scale - view.oy;
      ctx.beginPath();
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
      ctx.arc(x, y, symbol.width + 1.6, 0, 2 * Math.PI);
      ctx.fillStyle = band ? band.color : "#ffffff";
      ctx.strokeStyle = band ? "#ffffff" : "#7b8791";
      ctx.lineWidth = 1.3;
      ctx.fill();
      ctx.stroke();
    }
    var ox = Atlas.worldX(R.at[0]) * view.scale - view.ox, oy = Atlas.worldY(R.at[1]) * view.scale - view.oy;
    ctx.beginPath();
    ctx.arc(ox, oy, 9, 0, 2 * Math.PI);
    ctx.strokeStyle = data.tokens.ground.mark;
    ctx.lineWidth = 4;
    ctx.stroke();
  }

  function paintRoute(ctx, view, c, row) {
    if (row === null) return;
    ctx.beginPath();
    (legsOf(c, row) || []).forEach(function (leg) { leg.lines.forEach(function (g) { Atlas.trace(ctx, shapes, g, view, false); }); });
    ctx.setLineDash([]);
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.strokeStyle = data.tokens.ground.mark;
    ctx.globalAlpha = 0.95;
    ctx.lineWidth = 10;
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  /* Longitudes and latitudes around the way to a place, both ends in it. */
  function routeBox(c, row) {
    var b = places.shapes.boxes, box = [b[4 * row], b[4 * row + 1], b[4 * row + 2], b[4 * row + 3]];
    function take(x0, y0, x1, y1) { box = [Math.min(box[0], x0), Math.min(box[1], y0), Math.max(box[2], x1), Math.max(box[3], y1)]; }
    take(Atlas.worldX(R.at[0]), Atlas.worldY(R.at[1]), Atlas.worldX(R.at[0]), Atlas.worldY(R.at[1]));
    (legsOf(c, row) || []).forEach(function (leg) {
      leg.lines.forEach(function (g) { take.apply(null, Array.prototype.slice.call(shapes.boxes, 4 * g, 4 * g + 4)); });
    });
    return [Atlas.lonOf(box[0]), Atlas.latOf(box[3]), Atlas.lonOf(box[2]), Atlas.latOf(box[1])];
  }

  return { routeBox: routeBox, combination: combination, minutes: minutesOf, legs: legsOf, band: bandOf, far: far, paintAreas: paintAreas, paintLines: paintLines, paintPlaces: paintPlaces, paintRoute: paintRoute };
};

/* Legs as a list: what, from where to where, kilometres, minutes, with waits and borders inside. */
Atlas.legList = function (legs) {
  var el = Atlas.el, list = el("ol", { class: "legs" });
  legs.forEach(function (leg) {
    var extra = [Atlas.pick(leg.from) + " → " + Atlas.pick(leg.to), leg.km >= 0.1 ? Atlas.number(leg.km, 1) + " " + Atlas.t("km") : "",
      leg.wait >= 0.05 ? Atlas.t("wait", Atlas.number(leg.wait, 0)) : "", leg.border >= 0.05 ? Atlas.t("border", Atlas.number(leg.border, 0)) : ""].filter(Boolean);
    list.appendChild(el("li", { class: leg.role }, [el("span", { class: "min" }, Atlas.number(leg.minutes, 1)),
      leg.role === "access" || leg.role === "egress" || leg.role === "transfer" ? Atlas.t(leg.role) : Atlas.t(leg.role === "border" ? "crossing" : leg.role) + " · " + Atlas.pick(leg.name),
      el("small", {}, extra.join(" · ")), leg.calls[0] ? el("small", {}, Atlas.pick(leg.calls)) : null,
      leg.plan ? el("small", {}, leg.plan.split(";").map(function (id) { return Atlas.data.plan.items[id] ? Atlas.pick(Atlas.data.plan.items[id].n) : id; }).join("; ")) : null]));
  });
  return list;
};
