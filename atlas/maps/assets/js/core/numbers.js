/* Numbers as people read them. */

/** With thin grouping. @param {number | null | undefined} value @param {number} [digits] */
export function formatNumber(value, digits) {
  if (value === null || value === undefined) return "";
  var fixed = Number(value).toFixed(digits === undefined ? (Number.isInteger(value) ? 0 : 1) : digits);
  var halves = fixed.split(".");
  halves[0] = halves[0].replace(/\B(?=(\d{3})+$)/g, "\u202f");
  return halves.join(".");
}

/** Rounded for display only. @param {number} value */
export function wholeMinutes(value) { return String(Math.round(value)); }
