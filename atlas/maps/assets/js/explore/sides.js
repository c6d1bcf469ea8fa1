/* Sides of borders: territories as [side, polygons], each polygon its rings, the outer one first. */

/* Whether a point lies within the rings, of which every other one is a hole: a ray eastwards. */
function inRings(rings, lon, lat) {
  var inside = false;
  rings.forEach(function (ring) {
    for (var i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      var a = ring[i], b = ring[j];
      if ((a[1] > lat) !== (b[1] > lat) && lon < (b[0] - a[0]) * (lat - a[1]) / (b[1] - a[1]) + a[0]) inside = !inside;
    }
  });
  return inside;
}

/* The side a point lies on, the last of those that hold it; "" in no territory. */
export function sideAt(sides, lon, lat) {
  return sides.reduce(function (found, one) { return one[1].some(function (rings) { return inRings(rings, lon, lat); }) ? one[0] : found; }, "");
}

/* Whether points of a line lie on different sides, at whose border nobody on it is stopped; as `crosses_border`. */
export function crossesBorder(sides, points) {
  return points.some(function (p) { return sideAt(sides, p[0], p[1]) !== sideAt(sides, points[0][0], points[0][1]); });
}
