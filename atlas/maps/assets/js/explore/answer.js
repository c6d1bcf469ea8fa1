/* One state of the explorer answered: what is shown, on the page and in its worker, comes from here. */
import * as E from "../engine/engine.js";
import * as S from "./state.js";

/* base: the network unpacked; parameters: rows as the page is given them; nodeOf: id → node; paint: of explore/paint. */
export function answerer(base, parameters, nodeOf, paint) {
  var rows = new Map(parameters.map(function (row) { return [row[0], row]; })), networks = new Map([["", base]]), compiled = new Map();

  function valueOf(one) {
    var k = S.SETS.indexOf(one.set);
    return function (name) {
      if (Object.prototype.hasOwnProperty.call(one.overrides, name)) return one.overrides[name];
      if (!rows.has(name)) throw new Error("no parameter " + name);
      return rows.get(name)[1][k];
    };
  }
  function scenarioOf(one) { return { year: one.year, known: one.known, with: one.with, without: one.without, close: one.close, period: one.period, boarding: one.boarding, timetable: one.timetable }; }
  function originOf(M, origin) {
    if (origin.id) return { node: nodeOf.get(origin.id) };
    var cell = M.cellNodes ? E.cellAt(M, origin.lon, origin.lat) : -1;
    return cell >= 0 ? { cell: cell } : null;
  }
  /* A link with the nodes that its points join. */
  function joined(link) {
    return Object.assign({}, link, { points: link.points.map(function (p) { return p[2] && nodeOf.has(p[2]) ? [base.a.lon[nodeOf.get(p[2])], base.a.lat[nodeOf.get(p[2])], nodeOf.get(p[2])] : [p[0], p[1]]; }) });
  }
  /* A scenario and mode made ready; the last ones are kept, as an origin that moves asks the same again. */
  function compile(one, mode) {
    var drawn = one.links.map(S.linkText).join(";"), key = JSON.stringify([drawn, scenarioOf(one), mode, one.set, one.overrides]);
    if (!networks.has(drawn)) { networks.clear(); networks.set("", base); networks.set(drawn, E.withLinks(base, one.links.map(joined))); }
    if (compiled.has(key)) return compiled.get(key);
    if (compiled.size >= 4) compiled.delete(compiled.keys().next().value);
    compiled.set(key, E.compile(networks.get(drawn), scenarioOf(one), mode, valueOf(one)));
    return compiled.get(key);
  }

  function answer(one) {
    var C = compile(one, one.mode), M = C.N, found = one.origins.map(function (origin) { return originOf(M, origin); });
    var runs = found.map(function (at) { return at ? (one.towards ? E.reachTowards(C, at) : E.reach(C, at)) : null; }), there = runs.filter(Boolean);
    var node = merged(runs.map(function (run) { return run && E.atGates(C, run, one.towards); }), one.combine, M.n, Float64Array), cells = null, owner = null;
    if (M.grid) {
      var each = runs.map(function (run, i) { return run && E.surface(C, run.node, found[i]); });
      cells = merged(each, one.combine, M.cellNodes.cells.length, Float32Array);
      if (one.combine === "nearest" && runs.length > 1) owner = nearestOf(each, cells);
    }
    var lines = there.length ? paint.mergedLines(there.map(function (run) { return run.tree ? paint.lineMinutes(C, run.tree) : paint.lineMinutesTowards(C, run.node); }), one.combine) : null;
    return { C: C, M: M, runs: runs, node: node, cells: cells, owner: owner, lines: lines, lost: runs.length - there.length, all: one.origins.length,
      inside: cells ? E.inside(M, cells, one.cutoffs) : [], curve: cells ? E.curve(M, cells, 180) : null, picture: null };
  }
  /* Which origin is nearest to each cell: its place among them, the first of equals. */
  function nearestOf(each, cells) {
    var owner = new Uint8Array(cells.length).fill(255);
    for (var k = each.length - 1; k >= 0; k--) if (each[k]) for (var i = 0; i < cells.length; i++) if (each[k][i] === cells[i] && isFinite(cells[i])) owner[i] = k;
    return owner;
  }
  /* People and land nearest to one origin. */
  function ownedBy(result, k, cutoffs) {
    return E.inside(result.M, result.cells.map(function (minutes, i) { return result.owner[i] === k ? minutes : Infinity; }), cutoffs);
  }
  function merged(some, combine, size, Kind) {
    var there = some.filter(Boolean), last = combine === "all";
    if (there.length === 1 && some.length === 1) return there[0];
    var out = new Kind(size).fill(last && there.length === some.length ? 0 : Infinity);
    if (last && there.length < some.length) return out;
    there.forEach(function (values) {
      for (var i = 0; i < size; i++) out[i] = last ? Math.max(out[i], values[i]) : Math.min(out[i], values[i]);
    });
    return out;
  }

  /* The areas and lines of an answer; beside another one, what differs. Pictures are kept; rough ones follow a drag. */
  function paintOne(ctx, view, result, one, areas, rough) {
    if (areas && result.cells) {
      var key = one.cutoffs.join();
      if (!result.picture || result.pictureKey !== key) {
        result.picture = result.owner ? paint.nearestPicture(result.cells, result.owner, one.cutoffs, rough) : paint.areaPicture(result.cells, one.cutoffs, rough);
        result.pictureKey = key;
      }
      paint.paintPicture(ctx, view, result.picture);
    }
    if (result.lines) paint.paintLines(ctx, view, result.lines, one.cutoffs);
  }
  function paintChange(ctx, view, result, one, before, rough) {
    if (!result.changed || result.changedFrom !== before) { result.changed = paint.changePicture(before.cells, result.cells, Math.max(one.cutoffs[one.cutoffs.length - 1], 60) * 1.5, rough); result.changedFrom = before; }
    paint.paintPicture(ctx, view, result.changed);
    if (result.lines) paint.paintLines(ctx, view, result.lines, one.cutoffs);
  }

  return { answer: answer, compile: compile, valueOf: valueOf, scenarioOf: scenarioOf, originOf: originOf, ownedBy: ownedBy, paintOne: paintOne, paintChange: paintChange };
}
