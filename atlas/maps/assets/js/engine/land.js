/* Minutes over land: cells, their links to the network, and the people and land within a time (land/links.py). */
import { TOLERANCE_MIN } from "../core/bands.js";

/* Kilometres between two points, on the ellipsoid's radii at their latitude: within a hundredth of a per cent here. */
export function kmBetween(lon0, lat0, lon1, lat1) {
  var mid = (lat0 + lat1) / 2 * Math.PI / 180, e2 = 0.00669437999014, w = 1 - e2 * Math.sin(mid) * Math.sin(mid);
  var north = 6378.137 * (1 - e2) / Math.pow(w, 1.5), east = 6378.137 / Math.sqrt(w) * Math.cos(mid), turn = Math.PI / 180;
  return Math.hypot((lon1 - lon0) * turn * east, (lat1 - lat0) * turn * north);
}

/* Longitude and latitude of a grid position (columns, rows from the top left corner), from a lattice of known points. */
export function lonLat(grid, column, row) {
  var step = grid.step, x = column / step, y = row / step, i = Math.min(grid.nodes[1] - 2, Math.max(0, Math.floor(x))), j = Math.min(grid.nodes[0] - 2, Math.max(0, Math.floor(y)));
  var u = x - i, v = y - j, w = grid.nodes[1], at = j * w + i;
  function mixed(a) { return (a[at] * (1 - u) + a[at + 1] * u) * (1 - v) + (a[at + w] * (1 - u) + a[at + w + 1] * u) * v; }
  return [mixed(grid.lon), mixed(grid.lat)];
}

/* The grid position of a point: solved on the lattice, twice refined. */
export function gridPosition(grid, lon, lat) {
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

export function cellLinks(N) {
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
export function cellAt(N, lon, lat) {
  var at = gridPosition(N.grid, lon, lat), column = Math.floor(at[0]), row = Math.floor(at[1]);
  if (!(row >= 0 && column >= 0 && row < N.grid.shape[0] && column < N.grid.shape[1])) return -1;
  return N.cellNodes.place[row * N.grid.shape[1] + column];
}

export function linksOf(C, cell) {
  var L = C.N.cellNodes, a = C.N.a, found = [], stop = C.N.kinds.indexOf("stop");
  for (var k = L.start[cell]; k < L.start[cell + 1]; k++) {
    var node = a.linkNode[k];
    if (!C.open.nodes[node] || (C.mode === "drive" && a.kind[node] === stop)) continue;
    found.push([node, L.km[k] * C.local]);
  }
  return found;
}

/* Minutes by land cell from minutes by node; a way on the origin's own cell is no way through the network. */
export function surface(C, nodeMinutes, origin) {
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
export function inside(N, cells, cutoffs) {
  var L = N.cellNodes, km2 = N.grid.cellKm2;
  return cutoffs.map(function (cutoff) {
    var sums = [0, 0, 0], count = 0;
    for (var i = 0; i < cells.length; i++) if (cells[i] <= cutoff + TOLERANCE_MIN) {
      count++;
      for (var r = 0; r < 3; r++) sums[r] += L.people[r][i];
    }
    return { people: sums[0], low: Math.min.apply(null, sums), high: Math.max.apply(null, sums), km2: count * km2 };
  });
}

/* The curve of people by minutes: cumulated people (three rules) at every minute from 0 to `most`. */
export function curve(N, cells, most) {
  var L = N.cellNodes, bins = [0, 1, 2].map(function () { return new Float64Array(most + 1); }), i, r, t;
  for (i = 0; i < cells.length; i++) {
    var at = Math.max(0, Math.ceil(cells[i] - TOLERANCE_MIN));
    if (at <= most) for (r = 0; r < 3; r++) bins[r][at] += L.people[r][i];
  }
  for (r = 0; r < 3; r++) for (t = 1; t <= most; t++) bins[r][t] += bins[r][t - 1];
  return bins;
}
