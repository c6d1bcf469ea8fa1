/* World units: the square of Web Mercator is 1 × 1, x east, y south. */

/** @param {number} lon degrees */
export function worldX(lon) { return lon / 360 + 0.5; }

/** @param {number} lat degrees */
export function worldY(lat) {
  var sine = Math.sin(Math.max(-85.05, Math.min(85.05, lat)) * Math.PI / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

/** @param {number} x */
export function lonOf(x) { return (x - 0.5) * 360; }

/** @param {number} y */
export function latOf(y) { return Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180 / Math.PI; }
