/* By rail a car takes one to a station, between two and away from one, for so many minutes and no more:
   atlas.travel.search.station_arcs. How long one has driven is no property of where one is; therefore each station has
   streets of its own, those within the bound, in place of the streets that all share. */

import { heap } from "./heap.js";

/* Rows `edges` by the node `from` leads them out of: {start, edge}. */
function byNode(n, edges, from) {
  var start = new Uint32Array(n + 1), row = new Uint32Array(edges.length), u;
  edges.forEach(function (i) { start[from[i] + 1]++; });
  for (u = 0; u < n; u++) start[u + 1] += start[u];
  var place = Uint32Array.from(start);
  edges.forEach(function (i) { row[place[from[i]]++] = i; });
  return { start: start, edge: row };
}

/* For each of `doors` the nodes within `most` minutes, nearest first: calls `use(door, nodes)` with rows {node, beyond,
   edge, minutes}, the door itself first, without one beyond it. */
function ways(n, streets, into, minutes, doors, most, use) {
  var least = new Float64Array(n).fill(Infinity), beyond = new Int32Array(n), way = new Int32Array(n), waiting = heap();
  doors.forEach(function (door) {
    var seen = [door], done = [];
    least[door] = 0; beyond[door] = way[door] = -1;
    waiting.push(0, door);
    while (waiting.any()) {
      var spent = waiting.key(), u = waiting.item();
      waiting.drop();
      if (spent > least[u]) continue;
      done.push({ node: u, beyond: beyond[u], edge: way[u], minutes: spent });
      for (var k = streets.start[u]; k < streets.start[u + 1]; k++) {
        var i = streets.edge[k], v = into[i], total = spent + minutes[i];
        if (total >= least[v] || total > most) continue;
        if (least[v] === Infinity) seen.push(v);
        least[v] = total; beyond[v] = u; way[v] = i;
        waiting.push(total, v);
      }
    }
    use(door, done);
    seen.forEach(function (v) { least[v] = Infinity; });
  });
}

/* The arcs of mode rail where edges take `minutes`, NaN for those that cannot be used, and no drive longer than `most`.
   `drive` tells of each arc that leads onto, or from, the streets of a station how far that station is. */
function stationArcs(base, nodes, minutes, most) {
  var n = base.size, rail = nodes.rail, tail = nodes.tail, head = nodes.head, streets = [], boards = [], leaves = [], i;
  var from = [], to = [], edge = [], ridden = [], drive = [], states = 2 * n, street = new Uint8Array(tail.length), copy = new Int32Array(n);
  function put(u, v, row, after, far) { from.push(u); to.push(v); edge.push(row); ridden.push(after); drive.push(far); }
  for (i = 0; i < tail.length; i++) {
    if (minutes[i] !== minutes[i]) continue;
    if (rail[tail[i]]) { if (!rail[head[i]]) leaves.push(i); }
    else if (rail[head[i]]) boards.push(i);
    else if (tail[i] !== head[i]) { street[i] = 1; streets.push(i); }
  }
  /* who boards again has to ride again, or stepping in and out would begin a new drive */
  for (var u = 0; u < 2 * n; u++) for (var k = base.start[u]; k < base.start[u + 1]; k++) {
    var row = base.edge[k];
    if (minutes[row] === minutes[row] && !street[row]) put(u, base.head[k] - (base.ridden[k] && rail[head[row]] ? n : 0), row, base.ridden[k], 0);
  }
  function grouped(rows, ends) {
    var found = new Map();
    rows.forEach(function (row) { if (found.has(ends[row])) found.get(ends[row]).push(row); else found.set(ends[row], [row]); });
    return found;
  }
  /* Copies of a door and of the nodes that lead to another. */
  function copies(done) {
    done.forEach(function (one) { copy[one.node] = -1; });
    done.forEach(function (one) { if (one.beyond >= 0 && copy[one.beyond] < 0) copy[one.beyond] = states++; });
  }
  var boarding = grouped(boards, tail), leaving = grouped(leaves, head);
  ways(n, byNode(n, streets, head), tail, minutes, Array.from(boarding.keys()), most, function (door, done) {
    copies(done);
    done.forEach(function (one) {
      if (one.beyond < 0) return;
      put(one.node, copy[one.beyond], one.edge, 0, one.minutes);
      if (copy[one.node] >= 0) put(copy[one.node], copy[one.beyond], one.edge, 0, 0);
    });
    if (copy[door] >= 0) boarding.get(door).forEach(function (row) { put(copy[door], head[row], row, 0, 0); });
  });
  ways(n, byNode(n, streets, tail), head, minutes, Array.from(leaving.keys()), most, function (door, done) {
    copies(done);
    if (copy[door] >= 0) leaving.get(door).forEach(function (row) { put(n + tail[row], copy[door], row, 0, 0); });
    done.forEach(function (one) {
      if (one.beyond < 0) return;
      put(copy[one.beyond], n + one.node, one.edge, 1, one.minutes);
      if (copy[one.node] >= 0) put(copy[one.beyond], copy[one.node], one.edge, 1, 0);
    });
  });
  return sorted(n, states, from, { head: to, edge: edge, ridden: ridden, drive: drive });
}

/* Arcs by the state they leave. */
function sorted(size, states, from, arcs) {
  var start = new Uint32Array(states + 1), count = from.length, i, u;
  for (i = 0; i < count; i++) start[from[i] + 1]++;
  for (u = 0; u < states; u++) start[u + 1] += start[u];
  var place = Uint32Array.from(start), head = new Uint32Array(count), edge = new Uint32Array(count), ridden = new Uint8Array(count), drive = new Float64Array(count);
  for (i = 0; i < count; i++) {
    var at = place[from[i]]++;
    head[at] = arcs.head[i]; edge[at] = arcs.edge[i]; ridden[at] = arcs.ridden[i]; drive[at] = arcs.drive[i];
  }
  return { size: size, states: states, start: start, head: head, edge: edge, ridden: ridden, drive: drive };
}

/* The same arcs turned round, for searches towards a place. */
function reversedArcs(arcs) {
  var from = [], to = [];
  for (var u = 0; u < arcs.states; u++) for (var k = arcs.start[u]; k < arcs.start[u + 1]; k++) { from.push(arcs.head[k]); to.push(u); }
  return sorted(arcs.size, arcs.states, from, { head: to, edge: arcs.edge, ridden: arcs.ridden, drive: arcs.drive });
}

export { reversedArcs, sorted, stationArcs };
