/* Look-ups by keys that come from data: `constructor` or `__proto__` is a key like any other. */

/**
 * The value a table holds under a key of its own, else undefined.
 * @template T
 * @param {Record<string, T> | null | undefined} table
 * @param {unknown} key
 * @returns {T | undefined}
 */
export function own(table, key) {
  return table && Object.prototype.hasOwnProperty.call(table, String(key)) ? table[String(key)] : undefined;
}
