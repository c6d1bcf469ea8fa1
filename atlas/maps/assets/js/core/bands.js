/* Bands of minutes: which one a time falls in, its colour, and where along a line one ends and the next begins. */

/** Minutes by which a rounded time may pass a limit. */
export const TOLERANCE_MIN = 1e-6;

/**
 * The first limit a time keeps within, -1 beyond all of them.
 * @param {number} minutes
 * @param {ArrayLike<number>} limits ascending
 * @returns {number}
 */
export function bandIndex(minutes, limits) {
  for (let i = 0; i < limits.length; i++) if (minutes <= limits[i] + TOLERANCE_MIN) return i;
  return -1;
}

/**
 * Red, green and blue of `#rrggbb`.
 * @param {string} text
 * @returns {number[]}
 */
export function rgb(text) { return [1, 3, 5].map(function (i) { return parseInt(text.slice(i, i + 2), 16); }); }

/**
 * The colour of band i of n on a ramp from near to far.
 * @param {number} i
 * @param {number} n
 * @param {{color: string}[]} ramp
 * @returns {number[]}
 */
export function bandColor(i, n, ramp) {
  const at = n === 1 ? 1 : i * (ramp.length - 1) / (n - 1), low = Math.floor(at), high = Math.min(ramp.length - 1, low + 1), t = at - low;
  const a = rgb(ramp[low].color), b = rgb(ramp[high].color);
  return a.map(function (value, k) { return Math.round(value * (1 - t) + b[k] * t); });
}

/**
 * A colour as style sheets write it.
 * @param {number[]} color
 * @returns {string}
 */
export function css(color) { return "rgb(" + color.join(",") + ")"; }

/**
 * A line cut where its minutes pass from one band to the next; time flows in from both ends.
 * @param {number} a minutes at its beginning, Infinity where nothing comes in
 * @param {number} b minutes at its end
 * @param {number} run minutes from one end to the other
 * @param {number[]} limits ascending
 * @returns {[number, number, number][]} share of the length from, to, and the band, -1 beyond all
 */
export function bandPieces(a, b, run, limits) {
  if (!isFinite(a)) a = b + run;
  if (!isFinite(b)) b = a + run;
  const need = Math.max(run, Math.abs(a - b), 0.01), cuts = [0, 1];
  limits.forEach(function (limit) {
    [(limit - a) / need, 1 - (limit - b) / need].forEach(function (s) { if (s > 0 && s < 1) cuts.push(s); });
  });
  cuts.push(Math.max(0, Math.min(1, (b - a + need) / (2 * need))));
  cuts.sort(function (x, y) { return x - y; });
  /** @type {[number, number, number][]} */
  const pieces = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    if (cuts[i + 1] - cuts[i] < 1e-6) continue;
    const s = (cuts[i] + cuts[i + 1]) / 2, value = Math.min(a + s * need, b + (1 - s) * need);
    pieces.push([cuts[i], cuts[i + 1], limits.findIndex(function (limit) { return value <= limit; })]);
  }
  return pieces;
}
