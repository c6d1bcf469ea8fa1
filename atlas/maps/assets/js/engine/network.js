/* The network as the page is given it, unpacked and indexed: of maps/engine.py and network/arrays.py. */
import { cellLinks } from "./land.js";
import { stateArcs } from "./search.js";

var EXPRESS = ["expressway", "expressway_bridge"];

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
export async function unpackTexts(packed) { return JSON.parse(new TextDecoder().decode(await inflated(packed))); }

/* One blob holds all arrays one behind the other, each at a multiple of eight bytes. */
export async function unpack(packed) {
  var buffer = await inflated(packed.blob), arrays = {};
  packed.arrays.forEach(function (one) { arrays[one[0]] = new TYPES[one[1]](buffer, one[2], one[3]); });
  return prepare(Object.assign({}, packed, { a: arrays, combos: await unpackTexts(packed.combos) }));
}

/* What does not depend on a scenario: rows by role, rows by id, arcs of the search graph. */
export function prepare(N) {
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
