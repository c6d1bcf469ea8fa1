/* Links of the user's own: of land/drawn.py. */
import { cellAt, kmBetween } from "./land.js";
import { prepare } from "./network.js";

var NODE_ARRAYS = ["rail", "anchored", "twin", "kind", "lon", "lat"];

/* The network with links drawn by hand. A road is {kind: "road", cls, kmh, points}, a railway {kind: "rail", kmh, headway,
   points}; a point is [lon, lat] or [lon, lat, node] where it joins a node that is there. Ends and bends on land meet the
   streets around them as every place does; kilometres are straight and lengthened by the model's own detour. */
export function withLinks(N, links) {
  if (!links.length) return N;
  var a = N.a, nodes = { rail: [], anchored: [], twin: [], kind: [], lon: [], lat: [] }, edges = [], own = [];
  var stopKind = N.kinds.indexOf("stop"), M = Object.assign({}, N, { roles: N.roles.slice(), modes: N.modes.slice(), classes: N.classes.slice(), kinds: N.kinds.slice(), combos: N.combos.slice() });
  function code(list, name) { if (list.indexOf(name) < 0) list.push(name); return list.indexOf(name); }
  function node(lon, lat, rail, kind) {
    var at = N.n + nodes.lon.length;
    nodes.rail.push(rail); nodes.anchored.push(0); nodes.twin.push(at); nodes.kind.push(kind); nodes.lon.push(lon); nodes.lat.push(lat);
    return at;
  }
  function edge(u, v, role, mode, cls, combo, more) {
    edges.push(Object.assign({ tail: u, head: v, role: code(M.roles, role), mode: code(M.modes, mode), cls: code(M.classes, cls), combo: combo,
      toll: 0, schematic: 0, changing: 0, km: 0, limit: NaN, run: NaN, runLow: NaN, runHigh: NaN, trains: NaN, trainsOrdinary: NaN, serviceOrdinary: NaN, opens: -1e6, group: -1, indicative: 0 }, more));
  }
  function streets(at, lon, lat, combo) {
    var cell = N.cellNodes ? cellAt(N, lon, lat) : -1, L = N.cellNodes;
    if (cell < 0) return 0;
    for (var k = L.start[cell]; k < L.start[cell + 1]; k++) {
      var to = a.linkNode[k];
      if (a.kind[to] === stopKind) continue;
      edge(at, to, "access", "local", "local_road", combo, { km: L.km[k] });
      edge(to, at, "egress", "local", "local_road", combo, { km: L.km[k] });
    }
    return L.start[cell + 1] - L.start[cell];
  }
  links.forEach(function (link, number) {
    var id = "own-" + (number + 1), combo = M.combos.length, last = -1, first = N.m + edges.length;
    M.combos.push([id, "own", "", ""]);
    if (link.kind === "road") {
      link.points.forEach(function (point) {
        var at = point[2] !== undefined && point[2] !== null ? point[2] : node(point[0], point[1], 0, code(M.kinds, "own"));
        if (at >= N.n) streets(at, point[0], point[1], combo);
        if (last >= 0) {
          var before = last < N.n ? [a.lon[last], a.lat[last]] : [nodes.lon[last - N.n], nodes.lat[last - N.n]];
          var more = { km: kmBetween(before[0], before[1], point[0], point[1]), limit: link.kmh, schematic: 1 };
          edge(last, at, "run", "road", link.cls, combo, more);
          edge(at, last, "run", "road", link.cls, combo, more);
        }
        last = at;
      });
    } else railway(link, combo);
    own.push({ id: id, link: link, rows: [first, N.m + edges.length] });
  });
  function railway(link, combo) {
    var trains = (link.hours || 16) * 60 / link.headway, facts = { trains: trains, trainsOrdinary: trains, serviceOrdinary: trains };
    var doors = link.points.map(function (point) {
      var there = point[2] !== undefined && point[2] !== null && a.kind[point[2]] === stopKind, door = there ? point[2] : node(point[0], point[1], 0, stopKind);
      if (!there) streets(door, point[0], point[1], combo);
      return { door: door, change: there ? concourse(point[2]) : -1, lon: point[0], lat: point[1] };
    });
    [doors, doors.slice().reverse()].forEach(function (stops) {
      var before = null;
      stops.forEach(function (stop, k) {
        var platform = node(stop.lon, stop.lat, 1, code(M.kinds, "platform"));
        if (before) {
          edge(before.platform, platform, "ride", "rail", "assumed", combo, { km: kmBetween(before.lon, before.lat, stop.lon, stop.lat), limit: link.kmh, schematic: 1 });
          edge(platform, stop.door, "alight", "rail", "assumed", combo, facts);
          if (stop.change >= 0) edge(platform, stop.change, "transfer", "rail", "assumed", combo, facts);
        }
        if (k < stops.length - 1) {
          edge(stop.door, platform, "board", "rail", "assumed", combo, facts);
          if (stop.change >= 0) edge(stop.change, platform, "board", "rail", "assumed", combo, Object.assign({ changing: 1 }, facts));
        }
        before = { platform: platform, lon: stop.lon, lat: stop.lat };
      });
    });
  }
  function concourse(door) {
    for (var i = 0; i < N.n; i++) if (N.kinds[a.kind[i]] === "concourse" && a.lon[i] === a.lon[door] && a.lat[i] === a.lat[door]) return i;
    return -1;
  }
  M.a = Object.assign({}, a);
  NODE_ARRAYS.forEach(function (name) { M.a[name] = longer(a[name], nodes[name], name === "twin" ? Uint32Array : a[name].constructor); });
  Object.keys(edges[0] || {}).forEach(function (name) {
    if (!a[name]) return;
    var wide = name === "tail" || name === "head" || name === "combo" ? Uint32Array : a[name].constructor;
    M.a[name] = longer(a[name], edges.map(function (one) { return one[name]; }), wide);
  });
  M.own = own;
  delete M.backArcs;
  delete M.atGate;
  return prepare(M);
}

function longer(values, more, kind) {
  var out = new kind(values.length + more.length);
  out.set(values);
  out.set(more, values.length);
  return out;
}
