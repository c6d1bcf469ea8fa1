/* The search for least minutes, and the questions asked of it: of travel/search.py and travel/trip.py. */
import { TOLERANCE_MIN } from "../core/bands.js";
import { heap } from "./heap.js";
import { linksOf } from "./land.js";
import { edgeMinutes, openIn } from "./scenario.js";
import { reversedArcs, sorted, stationArcs } from "./stations.js";

/* --- the search graph ---------------------------------------------------------------------------------------- */

/* Every node stands twice, before and after the first ride: boarding is no ride. CSR by tail. `rides`: edges on which a
   vehicle moves; `passes`: those inside the railway that may come before a ride. */
export function stateArcs(n, tail, head, rail, rides, passes) {
  var from = [], to = [], edge = [], ridden = [];
  function put(u, v, e, r) { from.push(u); to.push(v); edge.push(e); ridden.push(r); }
  for (var i = 0; i < tail.length; i++) {
    var u = tail[i], v = head[i];
    if (u === v) continue;
    if (!rail[u]) put(u, v, i, 0);
    else if (rides[i]) put(u, v + n, i, 0);
    else if (passes[i] && rail[v]) put(u, v, i, 0);
    put(u + n, v + n, i, rail[u] ? 0 : 1);
  }
  return sorted(n, 2 * n, from, { head: to, edge: edge, ridden: ridden, drive: new Float64Array(from.length) });
}

/* Dijkstra. seeds: [[state, minutes], …]. */
export function search(arcs, first, later, seeds, limit) {
  var states = arcs.states, minutes = new Float64Array(states).fill(Infinity), previous = new Int32Array(states).fill(-1), via = new Int32Array(states).fill(-1);
  var waiting = heap(), most = limit === undefined ? Infinity : limit + TOLERANCE_MIN;
  seeds.forEach(function (seed) {
    if (seed[1] < minutes[seed[0]]) { minutes[seed[0]] = seed[1]; waiting.push(seed[1], seed[0]); }
  });
  while (waiting.any()) {
    var key = waiting.key(), u = waiting.item();
    waiting.drop();
    if (key > minutes[u]) continue;
    for (var k = arcs.start[u]; k < arcs.start[u + 1]; k++) {
      var edge = arcs.edge[k], cost = arcs.ridden[k] ? later[edge] : first[edge], v = arcs.head[k], total = key + cost;
      if (total < minutes[v] && total <= most) { minutes[v] = total; previous[v] = u; via[v] = edge; waiting.push(total, v); }
    }
  }
  return { minutes: minutes, previous: previous, via: via };
}

/* --- questions ------------------------------------------------------------------------------------------------ */

/* A scenario and mode made ready: {N, open, first, later, arcs, mustRide}; NaN where an edge is not usable. By rail no
   drive takes longer than `bound`. */
export function compile(N, scenario, mode, value) {
  var open = openIn(N, scenario), times = edgeMinutes(N, scenario, value), inMode = N.inMode[mode], i, board = N.roleCode.board;
  for (i = 0; i < N.m; i++) {
    var idle = scenario.timetable !== "peak" && N.a.role[i] === board && N.a.serviceOrdinary[i] === 0;
    if (!open.edges[i] || !inMode[i] || idle) times.first[i] = times.later[i] = NaN;
  }
  var byRail = mode === "rail", bound = byRail ? value("rail_access_max_min") + TOLERANCE_MIN : Infinity;
  var arcs = byRail ? stationArcs(N.arcs, N.a, times.first, bound) : N.arcs;
  return { N: N, open: open, first: times.first, later: times.later, mode: mode, mustRide: byRail, arcs: arcs, back: null, bound: bound, local: value("local_detour") / value("local_speed_kmh") * 60 };
}

/* From a cell by rail its own local minutes are part of the drive: a seed {state, minutes, edge, local minutes} for each
   arc that leads from, or to, a node of its links, where the drive is within the bound. */
function drivenSeeds(C, arcs, links, states) {
  var seeds = [];
  links.forEach(function (link) {
    var u = states(link[0]);
    for (var k = arcs.start[u]; k < arcs.start[u + 1]; k++) {
      var edge = arcs.edge[k];
      if (link[1] + arcs.drive[k] <= C.bound) seeds.push([arcs.head[k], link[1] + (arcs.ridden[k] ? C.later[edge] : C.first[edge]), edge, link[1]]);
    }
  });
  return seeds;
}

/* Origins: {node} or {cell}; a station by rail boards at that very station (its gate). */
export function seedsOf(C, origin) {
  var N = C.N, seeds = [];
  if (origin.cell !== undefined && C.mustRide) return drivenSeeds(C, C.arcs, linksOf(C, origin.cell), function (node) { return node; });
  if (origin.cell !== undefined) {
    linksOf(C, origin.cell).forEach(function (link) { seeds.push([link[0], link[1]]); });
  } else if (C.mustRide && N.kinds[N.a.kind[origin.node]] === "stop") {
    for (var k = N.arcs.start[origin.node]; k < N.arcs.start[origin.node + 1]; k++) {
      var edge = N.arcs.edge[k];
      if (N.a.role[edge] === N.roleCode.board && C.first[edge] === C.first[edge]) seeds.push([N.arcs.head[k], C.first[edge], edge]);
    }
  } else seeds.push([origin.node, 0]);
  return seeds;
}

/* Minutes by node from an origin: {node: Float64Array, tree}. */
export function reach(C, origin, limit) {
  var N = C.N, tree = search(C.arcs, C.first, C.later, seedsOf(C, origin), limit), node = new Float64Array(N.n), i;
  for (i = 0; i < N.n; i++) {
    var early = !C.mustRide || N.a.rail[i];
    node[i] = Math.min(early ? tree.minutes[i] : Infinity, tree.minutes[i + N.n]);
  }
  if (origin.node !== undefined) node[origin.node] = 0;
  tree.origin = origin;
  return { node: node, tree: tree, home: origin.node };
}

/* The trains at a station's own gate: edges that board (or, `leaving`, alight) there and run. */
export function trainsAt(C, node, leaving) {
  var N = C.N, role = leaving ? N.roleCode.alight : N.roleCode.board, end = leaving ? N.a.head : N.a.tail;
  if (!N.atGate) N.atGate = new Map();
  var key = (leaving ? "-" : "+") + node;
  if (!N.atGate.has(key)) {
    var rows = [];
    for (var i = 0; i < N.m; i++) if (N.a.role[i] === role && end[i] === node) rows.push(i);
    N.atGate.set(key, rows);
  }
  return N.atGate.get(key).filter(function (row) { return C.first[row] === C.first[row]; });
}

/* By rail a station that is asked for by name is where one leaves the train (or, towards a place, boards it), and none
   else: Network.with_gates. Returns the minutes by node with those of stations so counted. */
export function atGates(C, run, towards) {
  if (!C.mustRide) return run.node;
  var N = C.N, a = N.a, out = Float64Array.from(run.node), stop = N.kinds.indexOf("stop");
  for (var i = 0; i < N.n; i++) if (a.kind[i] === stop && !(run.home === i)) out[i] = Infinity;
  for (i = 0; i < N.m; i++) {
    if (C.first[i] !== C.first[i]) continue;
    if (towards ? a.role[i] === N.roleCode.board && a.kind[a.tail[i]] === stop : a.role[i] === N.roleCode.alight && a.kind[a.head[i]] === stop) {
      var door = towards ? a.tail[i] : a.head[i], total = C.first[i] + (towards ? run.early[a.head[i]] : run.tree.minutes[a.tail[i] + N.n]);
      if (total < out[door]) out[door] = total;
    }
  }
  return out;
}

/* Minutes by node to a place: from every node before its first train. */
export function reachTowards(C, origin, limit) {
  var N = C.N, back = C.back || (C.back = C.mustRide ? reversedArcs(C.arcs) : N.backArcs || (N.backArcs = reversedArcs(N.arcs))), seeds = [];
  if (origin.cell !== undefined && C.mustRide) seeds = drivenSeeds(C, back, linksOf(C, origin.cell), function (node) { return node + N.n; });
  else if (origin.cell !== undefined) linksOf(C, origin.cell).forEach(function (link) {
    seeds.push([link[0] + N.n, link[1]], [link[0], link[1]]);
  });
  else if (C.mustRide && N.kinds[N.a.kind[origin.node]] === "stop") trainsAt(C, origin.node, true).forEach(function (row) { seeds.push([N.a.tail[row] + N.n, C.first[row]]); });
  else { seeds.push([origin.node + N.n, 0]); if (!C.mustRide || N.a.rail[origin.node]) seeds.push([origin.node, 0]); }
  var tree = search(back, C.first, C.later, seeds, limit), node = Float64Array.from(tree.minutes.subarray(0, N.n));
  if (origin.node !== undefined) node[origin.node] = 0;
  return { node: node, tree: null, early: tree.minutes, home: origin.node };
}
