/* The outlines of what lies above nought on a grid: marching squares, joined to rings, holes given to what holds them.

   values: rows × columns, one a cell middle; beyond the grid all lies below. A point is [column, row], counted from the
   corner of the first cell, so the middle of that cell is [0.5, 0.5]. Of two cells that touch at a corner only, the mean of
   the four there decides whether they are joined. */
export function outlines(values, rows, columns) {
  var wide = columns + 1, next = new Map(), i, j;
  function at(row, column) { return row < 0 || column < 0 || row >= rows || column >= columns ? -1 : values[row * columns + column]; }
  /* An end of a piece is where an edge between two middles is crossed: named by that edge. */
  function across(row, column) { return ((row + 1) * (wide + 1) + column + 1) * 2; }
  function down(row, column) { return across(row, column) + 1; }
  for (j = -1; j < rows; j++) for (i = -1; i < columns; i++) {
    var a = at(j, i), b = at(j, i + 1), c = at(j + 1, i + 1), d = at(j + 1, i);
    var code = (a > 0 ? 8 : 0) | (b > 0 ? 4 : 0) | (c > 0 ? 2 : 0) | (d > 0 ? 1 : 0);
    if (code === 0 || code === 15) continue;
    var top = across(j, i), bottom = across(j + 1, i), left = down(j, i), right = down(j, i + 1), joined = a + b + c + d > 0;
    /* What is inside lies to the left of a piece, north being up. */
    if (code === 8) next.set(left, top);
    else if (code === 4) next.set(top, right);
    else if (code === 2) next.set(right, bottom);
    else if (code === 1) next.set(bottom, left);
    else if (code === 12) next.set(left, right);
    else if (code === 6) next.set(top, bottom);
    else if (code === 3) next.set(right, left);
    else if (code === 9) next.set(bottom, top);
    else if (code === 7) next.set(top, left);
    else if (code === 11) next.set(right, top);
    else if (code === 13) next.set(bottom, right);
    else if (code === 14) next.set(left, bottom);
    else if (code === 10) { if (joined) { next.set(right, top); next.set(left, bottom); } else { next.set(left, top); next.set(right, bottom); } }
    else if (joined) { next.set(top, left); next.set(bottom, right); } else { next.set(bottom, left); next.set(top, right); }
  }
  function pointOf(name) {
    var vertical = name % 2, cell = (name - vertical) / 2, column = cell % (wide + 1) - 1, row = Math.floor(cell / (wide + 1)) - 1;
    var one = at(row, column), other = vertical ? at(row + 1, column) : at(row, column + 1), share = one / (one - other);
    return vertical ? [column + 0.5, row + 0.5 + share] : [column + 0.5 + share, row + 0.5];
  }
  var shells = [], holes = [];
  while (next.size) {
    var first = next.keys().next().value, name = first, ring = [];
    do { ring.push(pointOf(name)); var to = next.get(name); next.delete(name); name = to; } while (name !== first);
    ring.push(ring[0].slice());
    (area(ring) > 0 ? shells : holes).push(ring);
  }
  var found = shells.map(function (shell) { return { rings: [shell], area: area(shell), box: boxOf(shell) }; }).sort(function (p, q) { return p.area - q.area; });
  holes.forEach(function (hole) {
    var p = hole[0], owner = found.find(function (one) { return p[0] >= one.box[0] && p[0] <= one.box[2] && p[1] >= one.box[1] && p[1] <= one.box[3] && one.area > -area(hole) && holds(one.rings[0], p); });
    if (owner) owner.rings.push(hole);
  });
  return found.map(function (one) { return one.rings; });
}

/* Positive where the ring turns counter-clockwise with north (smaller rows) up. */
function area(ring) {
  var sum = 0;
  for (var k = 0; k + 1 < ring.length; k++) sum += ring[k + 1][0] * ring[k][1] - ring[k][0] * ring[k + 1][1];
  return sum / 2;
}

function boxOf(ring) {
  var box = [Infinity, Infinity, -Infinity, -Infinity];
  ring.forEach(function (p) { box[0] = Math.min(box[0], p[0]); box[1] = Math.min(box[1], p[1]); box[2] = Math.max(box[2], p[0]); box[3] = Math.max(box[3], p[1]); });
  return box;
}

function holds(ring, p) {
  var inside = false;
  for (var k = 0; k + 1 < ring.length; k++) {
    var a = ring[k], b = ring[k + 1];
    if ((a[1] > p[1]) !== (b[1] > p[1]) && p[0] < a[0] + (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1])) inside = !inside;
  }
  return inside;
}
