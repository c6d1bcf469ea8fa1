/* The model in the page: opens edges, gives them minutes, searches, and spreads the minutes over land.

   A port of network/arrays.py (what is open), travel/minutes.py (a scenario becomes minutes), travel/search.py (states
   before and after the first train; streets about stations in stations.js) and land/links.py (cells): pure functions on typed arrays, no page in it.
   tests/test_page_explore.py holds it to the Python model on random questions in a real browser. */

import { heap } from "./heap.js";
import { reversedArcs, sorted, stationArcs } from "./stations.js";

var EXPRESS = ["expressway", "expressway_bridge"], INSIDE_TOLERANCE = 1e-6;
var RAIL_CLASSES = ["high_speed", "conventional"];   /* travel/minutes.py has the same */

/* --- unpacking -------------------------------------------------------------------------------------------- */

function bytesOf(text) {
  var raw = atob(text), out = new Uint8Array(raw.length);
  for (var i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}

async function inflated(text) {
  var stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

var TYPES = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i2: Int16Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };

/* Names and ids, packed by maps/engine.pack_texts. */
async function unpackTexts(packed) { return JSON.parse(new TextDecoder().decode(await inflated(packed))); }

/* One blob holds all arrays one behind the other, each at a multiple of eight bytes. */
async function unpack(packed) {
  var buffer = await inflated(packed.blob), arrays = {};
  packed.arrays.forEach(function (one) { arrays[one[0]] = new TYPES[one[1]](buffer, one[2], one[3]); });
  return prepare(Object.assign({}, packed, { a: arrays, combos: await unpackTexts(packed.combos) }));
}

/* What does not depend on a scenario: rows by role, rows by id, arcs of the search graph. */
function prepare(N) {
  var a = N.a, m = a.tail.length, n = a.rail.length, i;
  N.m = m;
  N.n = n;
  N.roleCode = {};
  N.roles.forEach(function (name, code) { N.roleCode[name] = code; });
  N.byRole = new Map();
  var local = N.modes.indexOf("local");
  for (i = 0; i < m; i++) {
    var role = a.mode[i] === local ? "local" : N.roles[a.role[i]];
    if (!N.byRole.has(role)) N.byRole.set(role, []);
    N.byRole.get(role).push(i);
  }
  N.express = Uint8Array.from(a.cls, function (code) { return EXPRESS.indexOf(N.classes[code]) >= 0 ? 1 : 0; });
  N.urban = Uint8Array.from(a.cls, function (code) { return N.classes[code] === "urban_expressway" ? 1 : 0; });
  N.metro = Uint8Array.from(a.cls, function (code) { return N.classes[code] === "metro" ? 1 : 0; });
  N.gate = Uint8Array.from(a.cls, function (code) { return N.classes[code] === "gate" ? 1 : 0; });
  N.dependent = new Uint8Array(m);
  for (i = 0; i < m; i++) N.dependent[i] = a.mode[i] === local || N.roles[a.role[i]] === "ramp" ? 1 : 0;
  N.rowsById = rowsById(N);
  N.inMode = { drive: new Uint8Array(m), rail: new Uint8Array(m), multimodal: new Uint8Array(m).fill(1) };
  var road = N.modes.indexOf("road");
  for (i = 0; i < m; i++) {
    N.inMode.drive[i] = a.mode[i] === road || N.classes[a.cls[i]] === "local_road" || N.gate[i] ? 1 : 0;
    N.inMode.rail[i] = N.gate[i] || N.combos[a.combo[i]][1] === "ferries" ? 0 : 1;
  }
  var rides = new Uint8Array(m), passes = new Uint8Array(m), ride = N.roles.indexOf("ride"), sail = N.roles.indexOf("sail"), border = N.roles.indexOf("border");
  for (i = 0; i < m; i++) { rides[i] = a.role[i] === ride || a.role[i] === sail ? 1 : 0; passes[i] = a.role[i] === border ? 1 : 0; }
  N.arcs = stateArcs(n, a.tail, a.head, a.rail, rides, passes);
  if (!N.cellNodes) N.cellNodes = N.grid ? cellLinks(N) : null;
  return N;
}

function rowsById(N) {
  var combo = N.a.combo, rows = N.combos.map(function () { return []; }), found = new Map(), i;
  for (i = 0; i < combo.length; i++) rows[combo[i]].push(i);
  function put(name, list) {
    if (!name) return;
    if (!found.has(name)) found.set(name, []);
    Array.prototype.push.apply(found.get(name), list);
  }
  N.combos.forEach(function (one, k) {
    put(one[0], rows[k]);
    put(one[1] + "/" + one[0], rows[k]);
    one[2].split(";").forEach(function (id) { put(id, rows[k]); });
    one[3].split(";").forEach(function (id) { put(id, rows[k]); put(id && "railways/" + id, rows[k]); });
  });
  /* who closes a station closes its platforms: nobody boards, leaves or changes there */
  stationsOf(N).forEach(function (name, row) { put(name, [row]); put("stations/" + name, [row]); });
  /* a pier's link to its island belongs to a service: what names the service names it */
  [["ferries", "ferry"], ["coaches", "coach"]].forEach(function (word) {
    var cls = N.classes.indexOf(word[1]), own = new Set();
    for (i = 0; i < combo.length; i++) if (N.roles[N.a.role[i]] === "sail" && N.a.cls[i] === cls) own.add(N.combos[combo[i]][0]);
    N.combos.forEach(function (one, k) { if (one[1] === "ferries" && own.has(one[0])) put(word[0], rows[k]); });
  });
  return found;
}

/* The station at which each edge boards, leaves or changes, by row. */
function stationsOf(N) {
  var a = N.a, m = a.tail.length, code = function (name) { return N.roles.indexOf(name); }, i;
  var board = code("board"), alight = code("alight"), transfer = code("transfer"), local = N.modes.indexOf("local");
  var doors = new Set(), at = new Map(), stops = new Map(), found = new Map();
  for (i = 0; i < m; i++) {
    if (a.role[i] === board && !a.rail[a.tail[i]]) doors.add(a.tail[i]);
    if (a.role[i] === alight) doors.add(a.head[i]);
  }
  for (i = 0; i < m; i++) {
    var one = N.combos[a.combo[i]];
    if (a.mode[i] === local && one[1] === "stations") [a.tail[i], a.head[i]].forEach(function (end) { if (doors.has(end)) at.set(end, one[0]); });
  }
  for (i = 0; i < m; i++) {
    if (a.role[i] === board && !a.rail[a.tail[i]] && at.has(a.tail[i])) stops.set(a.head[i], at.get(a.tail[i]));
    if (a.role[i] === alight && at.has(a.head[i])) stops.set(a.tail[i], at.get(a.head[i]));
  }
  for (i = 0; i < m; i++) {
    var stop = a.role[i] === board ? a.head[i] : a.role[i] === alight || a.role[i] === transfer ? a.tail[i] : -1;
    if (stop >= 0 && stops.has(stop)) found.set(i, stops.get(stop));
  }
  return found;
}

/* --- what is open ------------------------------------------------------------------------------------------ */

function named(N, ids) {
  var hit = new Uint8Array(N.m);
  ids.forEach(function (id) { (N.rowsById.get(id) || []).forEach(function (row) { hit[row] = 1; }); });
  return hit;
}

function served(N, present) {
  var a = N.a, touched = new Uint8Array(N.n), passed, i;
  for (i = 0; i < N.m; i++) if (present[i] && !N.dependent[i]) touched[a.tail[i]] = touched[a.head[i]] = 1;
  passed = Uint8Array.from(touched);
  for (i = 0; i < N.n; i++) if (touched[i]) passed[a.twin[i]] = 1;
  for (i = 0; i < N.n; i++) if (!a.anchored[i]) passed[i] = 1;
  return passed;
}

/* scenario: {year: number or null, with, without, close: arrays of ids, known: leave indicative courses out} */
function openIn(N, scenario) {
  var a = N.a, present = new Uint8Array(N.m), i, year = scenario.year;
  for (i = 0; i < N.m; i++) {
    var opens = a.opens[i];                       /* NaN: only in full; Infinity: only where it is named */
    present[i] = year === null ? (opens === Infinity ? 0 : 1) : (opens <= year ? 1 : 0);
    if (scenario.known && a.indicative && a.indicative[i]) present[i] = 0;
  }
  if (scenario.with && scenario.with.length) {
    var put = named(N, scenario.with), ridden = new Set(), R = N.roleCode;
    for (i = 0; i < N.m; i++) if (put[i] && a.role[i] === R.ride) ridden.add(N.combos[a.combo[i]][0]);
    for (i = 0; i < N.m; i++) {
      var boards = a.role[i] === R.board || a.role[i] === R.alight || a.role[i] === R.transfer;
      if (put[i] || (boards && ridden.has(N.combos[a.combo[i]][0]))) present[i] = 1;
    }
  }
  var out = (scenario.without || []).concat(scenario.close || []);
  if (out.length) {
    var gone = named(N, out);
    for (i = 0; i < N.m; i++) if (gone[i]) present[i] = 0;
  }
  (scenario.closedRows || []).forEach(function (row) { present[row] = 0; });
  var passed = served(N, present);
  for (i = 0; i < N.m; i++) if (N.dependent[i] && !(passed[a.tail[i]] && passed[a.head[i]])) present[i] = 0;
  return { edges: present, nodes: served(N, present) };
}

/* --- minutes ------------------------------------------------------------------------------------------------ */

function runMinutes(km, kmh, speedFactor, acceleration, dwell) {
  var speed = kmh * speedFactor / 3.6, metres = km * 1000, ramp = speed * speed / acceleration;
  var seconds = metres >= ramp ? metres / speed + speed / acceleration : 2 * Math.sqrt(metres / acceleration);
  return seconds / 60 + dwell;
}

/* value(name) gives a parameter. Returns {first, later}: minutes by edge before and after the first train. */
function edgeMinutes(N, scenario, value) {
  var a = N.a, first = new Float64Array(N.m).fill(NaN), later;
  function each(role, minutes) { (N.byRole.get(role) || []).forEach(function (i) { first[i] = minutes(i); }); }
  function known(number, otherwise) { return number !== number ? otherwise : number; }
  /* [course known, indicative] */
  function detours(mode) { return [value(mode + "_detour_schematic"), value(mode + "_detour_indicative")]; }
  /* parameters of the classes of railway that have their own, by code of the class; `usual` for the others */
  function byClass(name, usual) {
    return N.classes.map(function (cls) { return RAIL_CLASSES.indexOf(cls) >= 0 ? value(name.replace("*", cls)) : value(usual); });
  }
  var period = "road_factor_" + scenario.period, detour = detours("road");
  var factors = [value(period + "_ordinary"), value(period + "_urban_expressway"), value(period + "_expressway")];
  var limits = [value("road_limit_default_kmh"), value("road_limit_default_expressway_kmh")];
  each("run", function (i) {
    var limit = known(a.limit[i], limits[N.express[i]]), factor = N.express[i] ? factors[2] : N.urban[i] ? factors[1] : factors[0];
    return (a.schematic[i] ? a.km[i] * detour[a.indicative[i]] : a.km[i]) / (limit * factor) * 60;
  });
  var joins = N.classes.indexOf("toll_join"), join = value("toll_join_min"), leave = value("toll_leave_min");
  each("ramp", function (i) { return a.cls[i] === joins ? join : leave; });
  var railDetour = detours("rail"), usual = byClass("rail_speed_*_kmh", "rail_speed_default_kmh"), share = value("rail_speed_factor");
  var acceleration = value("rail_acceleration_ms2"), dwell = value("rail_dwell_min");
  each("ride", function (i) {
    if (a.run[i] === a.run[i]) return a.run[i];
    return runMinutes(a.schematic[i] ? a.km[i] * railDetour[a.indicative[i]] : a.km[i], known(a.limit[i], usual[a.cls[i]]), share, acceleration, dwell);
  });
  var slow = value("local_detour") / value("local_speed_kmh") * 60;
  each("local", function (i) { return a.km[i] * slow; });
  each("border", function (i) { return value("border_" + N.combos[a.combo[i]][0] + "_" + N.classes[a.cls[i]] + "_min"); });
  var part = Math.min(1, Math.max(0, value("ferry_minutes_share"))), below = Math.min(2 * part, 1), above = Math.max(2 * part - 1, 0);
  each("sail", function (i) { return a.runLow[i] + (a.run[i] - a.runLow[i]) * below + (a.runHigh[i] - a.run[i]) * above; });
  var clearance = value("border_ferry_min"), out = value("rail_station_exit_min"), change = value("rail_transfer_min");
  each("land", function () { return clearance; });
  each("alight", function () { return out; });
  each("transfer", function () { return change; });
  later = Float64Array.from(first);
  var hours = value("rail_operating_hours"), waitShare = value("rail_wait_share"), cap = value("rail_wait_cap_min");
  var entry = value("rail_station_entry_min"), metroTrains = value("metro_trains_per_day"), newTrains = byClass("rail_new_trains_*_per_day", "rail_new_trains_per_day");
  var planned = scenario.boarding === "planned";
  (N.byRole.get("board") || []).forEach(function (i) {
    var trains = known(scenario.timetable === "peak" ? a.trains[i] : a.trainsOrdinary[i], N.metro[i] ? metroTrains : newTrains[a.cls[i]]);
    var waited = Math.min(waitShare * (hours * 60 / Math.max(trains, 1e-9)), cap), enter = a.changing[i] ? 0 : entry;
    first[i] = a.changing[i] || !planned ? enter + waited : enter;
    later[i] = enter + waited;
  });
  var coach = N.modes.indexOf("coach"), byCoach = value("coach_entry_min"), byFerry = value("ferry_entry_min"), sailings = value("ferry_departures_per_day");
  (N.byRole.get("embark") || []).forEach(function (i) {
    var enter = a.mode[i] === coach ? byCoach : byFerry;
    var waited = Math.min(waitShare * (hours * 60 / known(a.trains[i], sailings)), cap);
    first[i] = planned ? enter : enter + waited;
    later[i] = enter + waited;
  });
  return { first: first, later: later };
}

/* --- the search graph ---------------------------------------------------------------------------------------- */

/* Every node stands twice, before and after the first ride: boarding is no ride. CSR by tail. `rides`: edges on which a
   vehicle moves; `passes`: those inside the railway that may come before a ride. */
function stateArcs(n, tail, head, rail, rides, passes) {
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
function search(arcs, first, later, seeds, limit) {
  var states = arcs.states, minutes = new Float64Array(states).fill(Infinity), previous = new Int32Array(states).fill(-1), via = new Int32Array(states).fill(-1);
  var waiting = heap(), most = limit === undefined ? Infinity : limit + INSIDE_TOLERANCE;
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
function compile(N, scenario, mode, value) {
  var open = openIn(N, scenario), times = edgeMinutes(N, scenario, value), inMode = N.inMode[mode], i, board = N.roleCode.board;
  for (i = 0; i < N.m; i++) {
    var idle = scenario.timetable !== "peak" && N.a.role[i] === board && N.a.serviceOrdinary[i] === 0;
    if (!open.edges[i] || !inMode[i] || idle) times.first[i] = times.later[i] = NaN;
  }
  var byRail = mode === "rail", bound = byRail ? value("rail_access_max_min") + INSIDE_TOLERANCE : Infinity;
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
function seedsOf(C, origin) {
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
function reach(C, origin, limit) {
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
function trainsAt(C, node, leaving) {
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
function atGates(C, run, towards) {
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
function reachTowards(C, origin, limit) {
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

/* --- over land -------------------------------------------------------------------------------------------------- */

/* Kilometres between two points, on the ellipsoid's radii at their latitude: within a hundredth of a per cent here. */
function kmBetween(lon0, lat0, lon1, lat1) {
  var mid = (lat0 + lat1) / 2 * Math.PI / 180, e2 = 0.00669437999014, w = 1 - e2 * Math.sin(mid) * Math.sin(mid);
  var north = 6378.137 * (1 - e2) / Math.pow(w, 1.5), east = 6378.137 / Math.sqrt(w) * Math.cos(mid), turn = Math.PI / 180;
  return Math.hypot((lon1 - lon0) * turn * east, (lat1 - lat0) * turn * north);
}

/* Longitude and latitude of a grid position (columns, rows from the top left corner), from a lattice of known points. */
function lonLat(grid, column, row) {
  var step = grid.step, x = column / step, y = row / step, i = Math.min(grid.nodes[1] - 2, Math.max(0, Math.floor(x))), j = Math.min(grid.nodes[0] - 2, Math.max(0, Math.floor(y)));
  var u = x - i, v = y - j, w = grid.nodes[1], at = j * w + i;
  function mixed(a) { return (a[at] * (1 - u) + a[at + 1] * u) * (1 - v) + (a[at + w] * (1 - u) + a[at + w + 1] * u) * v; }
  return [mixed(grid.lon), mixed(grid.lat)];
}

/* The grid position of a point: solved on the lattice, twice refined. */
function gridPosition(grid, lon, lat) {
  var rows = grid.shape[0], columns = grid.shape[1], x = columns / 2, y = rows / 2;
  for (var turn = 0; turn < 12; turn++) {
    var here = lonLat(grid, x, y), right = lonLat(grid, x + 1, y), down = lonLat(grid, x, y + 1);
    var a = right[0] - here[0], b = down[0] - here[0], c = right[1] - here[1], d = down[1] - here[1], det = a * d - b * c;
    var dx = ((lon - here[0]) * d - (lat - here[1]) * b) / det, dy = ((lat - here[1]) * a - (lon - here[0]) * c) / det;
    x += dx; y += dy;
    if (Math.abs(dx) + Math.abs(dy) < 1e-6) break;
  }
  return [x, y];
}

function cellLinks(N) {
  var a = N.a, grid = N.grid, size = grid.shape[0] * grid.shape[1], cells = [], place = new Int32Array(size).fill(-1), i, bit;
  grid.lon = a.gridLon; grid.lat = a.gridLat;
  for (bit = 0; bit < size; bit++) if (a.land[bit >> 3] & (128 >> (bit & 7))) { place[bit] = cells.length; cells.push(bit); }
  var start = new Uint32Array(cells.length + 1);
  for (i = 0; i < cells.length; i++) start[i + 1] = start[i] + a.linkCount[i];
  var km = new Float32Array(start[cells.length]), lon = new Float64Array(cells.length), lat = new Float64Array(cells.length);
  for (i = 0; i < cells.length; i++) {
    var row = Math.floor(cells[i] / grid.shape[1]), column = cells[i] % grid.shape[1], at = lonLat(grid, column + 0.5, row + 0.5);
    lon[i] = at[0]; lat[i] = at[1];
    for (var k = start[i]; k < start[i + 1]; k++) km[k] = kmBetween(at[0], at[1], a.lon[a.linkNode[k]], a.lat[a.linkNode[k]]);
  }
  var counts = new Float64Array(N.units.length), j;
  for (i = 0; i < cells.length; i++) if (a.unit[i] < N.units.length) counts[a.unit[i]]++;
  var even = new Float32Array(cells.length), middles = new Float32Array(cells.length), people = new Float32Array(cells.length);
  for (i = 0; i < cells.length; i++) {
    people[i] = a.people[i] / 10;
    even[i] = a.unit[i] < N.units.length && counts[a.unit[i]] ? N.units[a.unit[i]][2] / counts[a.unit[i]] : 0;
  }
  for (j = 0; j < a.middleCell.length; j++) middles[a.middleCell[j]] += a.middlePeople[j];
  return { cells: Uint32Array.from(cells), place: place, start: start, km: km, lon: lon, lat: lat, people: [people, even, middles] };
}

/* The cell that holds a point, -1 in the sea, in wide water or outside. */
function cellAt(N, lon, lat) {
  var at = gridPosition(N.grid, lon, lat), column = Math.floor(at[0]), row = Math.floor(at[1]);
  if (!(row >= 0 && column >= 0 && row < N.grid.shape[0] && column < N.grid.shape[1])) return -1;
  return N.cellNodes.place[row * N.grid.shape[1] + column];
}

function linksOf(C, cell) {
  var L = C.N.cellNodes, a = C.N.a, found = [], stop = C.N.kinds.indexOf("stop");
  for (var k = L.start[cell]; k < L.start[cell + 1]; k++) {
    var node = a.linkNode[k];
    if (!C.open.nodes[node] || (C.mode === "drive" && a.kind[node] === stop)) continue;
    found.push([node, L.km[k] * C.local]);
  }
  return found;
}

/* Minutes by land cell from minutes by node; a way on the origin's own cell is no way through the network. */
function surface(C, nodeMinutes, origin) {
  var N = C.N, L = N.cellNodes, a = N.a, size = L.cells.length, out = new Float32Array(size), stop = N.kinds.indexOf("stop"), drive = C.mode === "drive";
  var usable = new Uint8Array(N.n), i, k;
  for (i = 0; i < N.n; i++) usable[i] = C.open.nodes[i] && !(drive && a.kind[i] === stop) ? 1 : 0;
  var home = origin && origin.node !== undefined && C.mustRide && !a.rail[origin.node] ? origin.node : -1;   /* standing at a station is no ride */
  for (i = 0; i < size; i++) {
    var best = Infinity;
    for (k = L.start[i]; k < L.start[i + 1]; k++) {
      var node = a.linkNode[k];
      if (!usable[node] || node === home) continue;
      var total = nodeMinutes[node] + L.km[k] * C.local;
      if (total < best) best = total;
    }
    out[i] = best;
  }
  if (origin && origin.cell !== undefined && !C.mustRide) out[origin.cell] = 0;
  return out;
}

/* People and land within each cut-off: [{people, low, high, km2}] in the order of the cut-offs. */
function inside(N, cells, cutoffs) {
  var L = N.cellNodes, km2 = N.grid.cellKm2;
  return cutoffs.map(function (cutoff) {
    var sums = [0, 0, 0], count = 0;
    for (var i = 0; i < cells.length; i++) if (cells[i] <= cutoff + INSIDE_TOLERANCE) {
      count++;
      for (var r = 0; r < 3; r++) sums[r] += L.people[r][i];
    }
    return { people: sums[0], low: Math.min.apply(null, sums), high: Math.max.apply(null, sums), km2: count * km2 };
  });
}

/* The curve of people by minutes: cumulated people (three rules) at every minute from 0 to `most`. */
function curve(N, cells, most) {
  var L = N.cellNodes, bins = [0, 1, 2].map(function () { return new Float64Array(most + 1); }), i, r, t;
  for (i = 0; i < cells.length; i++) {
    var at = Math.max(0, Math.ceil(cells[i] - INSIDE_TOLERANCE));
    if (at <= most) for (r = 0; r < 3; r++) bins[r][at] += L.people[r][i];
  }
  for (r = 0; r < 3; r++) for (t = 1; t <= most; t++) bins[r][t] += bins[r][t - 1];
  return bins;
}

/* --- a way, leg by leg ------------------------------------------------------------------------------------------ */

function endState(C, tree, node) {
  var N = C.N, early = !C.mustRide || N.a.rail[node] || (tree.origin && tree.origin.node === node);
  return early && tree.minutes[node] <= tree.minutes[node + N.n] ? node : node + N.n;
}

/* Rows of edges and their minutes on the way to a node, in order of travel. */
function path(C, tree, node) {
  var state = endState(C, tree, node), steps = [], N = C.N;
  if (C.mustRide && N.kinds[N.a.kind[node]] === "stop" && !(tree.origin && tree.origin.node === node)) {
    var last = trainsAt(C, node, true).reduce(function (best, row) { return best < 0 || tree.minutes[N.a.tail[row] + N.n] + C.first[row] < tree.minutes[N.a.tail[best] + N.n] + C.first[best] ? row : best; }, -1);
    if (last < 0) return null;
    state = N.a.tail[last] + N.n;
    steps.push([last, C.first[last]]);
  }
  if (!isFinite(tree.minutes[state])) return null;
  while (tree.previous[state] >= 0) {
    steps.push([tree.via[state], tree.minutes[state] - tree.minutes[tree.previous[state]]]);
    state = tree.previous[state];
  }
  if (tree.minutes[state] > 0) {
    var seed = seedsOf(C, tree.origin).filter(function (one) { return one[0] === state; }).sort(function (a, b) { return a[1] - b[1]; })[0];
    var local = seed && seed.length > 3 ? seed[3] : 0;
    steps.push([seed && seed.length > 2 ? seed[2] : -1, tree.minutes[state] - local]);
    if (local > 0) steps.push([-1, local]);
  }
  return steps.reverse();
}

/* Legs as the terminal tells them: one road, one train, one border, one local link at a time. */
function legs(C, tree, node) {
  var N = C.N, a = N.a, steps = path(C, tree, node);
  if (!steps) return null;
  var roles = steps.map(function (step) { return step[0] < 0 ? "access" : N.roles[a.role[step[0]]]; });
  var local = roles.map(function (role) { return role === "access" || role === "egress"; });
  var rides = [], moving = [];
  roles.forEach(function (role, i) { if (role === "ride" || role === "sail") rides.push(i); if (!local[i]) moving.push(i); });
  var body = rides.length ? rides : moving.length ? moving : [roles.length];
  roles = roles.map(function (role, i) { return local[i] ? (i < body[0] ? "access" : i > body[body.length - 1] ? "egress" : role) : role; });
  var out = [], last = null;
  steps.forEach(function (step, i) {
    var row = step[0], role = roles[i], combo = row < 0 ? ["", "", "", ""] : N.combos[a.combo[row]], key;
    if (row >= 0 && N.gate[row]) return;
    if (role === "ramp") key = last && last.role === "road" ? last.key : "road " + combo[0];
    else if (role === "board" || role === "ride" || role === "alight") key = "train " + combo[0];
    else if (role === "embark" || role === "sail" || role === "land") key = N.modes[a.mode[row]] + " " + combo[0];
    else if (role === "border" && N.modes[a.mode[row]] === "rail" && last) key = last.key;
    else key = (role === "run" ? "road" : role) + " " + combo[0];
    if (!last || last.key !== key) {
      last = { key: key, role: key.split(" ")[0], feature: combo[0], layer: combo[1], plan: combo[2], km: 0, minutes: 0, wait: 0, border: 0, rows: [], from: row < 0 ? -1 : a.tail[row], to: -1 };
      out.push(last);
    }
    last.minutes += step[1];
    if (row >= 0) { last.km += a.km[row]; last.to = a.head[row]; last.rows.push(row); }
    if (role === "board" || role === "embark") last.wait += step[1];
    if (role === "border" || role === "land") last.border += step[1];
  });
  return out;
}

/* --- links of the user's own ------------------------------------------------------------------------------------- */

var NODE_ARRAYS = ["rail", "anchored", "twin", "kind", "lon", "lat"];

/* The network with links drawn by hand. A road is {kind: "road", cls, kmh, points}, a railway {kind: "rail", kmh, headway,
   points}; a point is [lon, lat] or [lon, lat, node] where it joins a node that is there. Ends and bends on land meet the
   streets around them as every place does; kilometres are straight and lengthened by the model's own detour. */
function withLinks(N, links) {
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

export { INSIDE_TOLERANCE, withLinks, unpack, unpackTexts, prepare, compile, openIn, edgeMinutes, stateArcs, search, reach, reachTowards, atGates, surface,
  inside, curve, path, legs, cellAt, lonLat, gridPosition, kmBetween, runMinutes };
