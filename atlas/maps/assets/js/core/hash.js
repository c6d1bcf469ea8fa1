/* State that a link restores: #v=zoom/lat/lon&g=lang&… */

/**
 * The values of a fragment; a part that cannot be read is left out.
 * @param {string} text with or without its `#`
 * @returns {Record<string, string>} without a prototype, so that any key is safe
 */
export function readHash(text) {
  /** @type {Record<string, string>} */
  const values = Object.create(null);
  text.replace(/^#/, "").split("&").forEach(function (pair) {
    const at = pair.indexOf("=");
    if (at < 1) return;
    try { values[pair.slice(0, at)] = decodeURIComponent(pair.slice(at + 1)); } catch (error) { /* a broken link */ }
  });
  return values;
}

/**
 * The fragment of values, without its `#`: keys in order, slashes and commas left legible.
 * @param {Record<string, string>} values
 * @returns {string}
 */
export function writeHash(values) {
  return Object.keys(values).sort().map(function (key) {
    return key + "=" + encodeURIComponent(values[key]).replace(/%2F/g, "/").replace(/%2C/g, ",");
  }).join("&");
}

/** The page's own state; what is written stands in the address at once. */
export const urlState = {
  /** @type {Record<string, string>} */
  values: Object.create(null),
  /** What stood in the address when it was last read: the page writes the other as one moves.
   * @type {Record<string, string>} */
  given: Object.create(null),
  read: function () {
    urlState.values = readHash(location.hash);
    urlState.given = Object.assign(Object.create(null), urlState.values);
    return urlState.values;
  },
  /** @param {Record<string, unknown>} changes null, undefined and "" take a key away */
  write: function (changes) {
    Object.keys(changes).forEach(function (key) {
      if (changes[key] === null || changes[key] === undefined || changes[key] === "") delete urlState.values[key];
      else urlState.values[key] = String(changes[key]);
    });
    try { history.replaceState(null, "", "#" + writeHash(urlState.values)); } catch (error) { /* a frame without history */ }
  }
};
