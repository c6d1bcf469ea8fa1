/* Search by name: Chinese, English, alias, number, pinyin or its initials. */

/** Traditional characters → simplified. @type {Map<string, string>} */
const simple = new Map();

/** Learn which simplified character a traditional one stands for. @param {string[]} pairs two texts of one length */
export function learn(pairs) { Array.from(pairs[0]).forEach(function (sign, i) { simple.set(sign, pairs[1].charAt(i)); }); }

/**
 * A text as it is compared: lower case, simplified, without spaces, dashes, brackets and apostrophes.
 * @param {unknown} text
 * @returns {string}
 */
export function plain(text) {
  const bare = String(text || "").normalize("NFKC").toLowerCase().replace(/[\s'’·—–()（）、，,./-]/g, "");
  return Array.from(bare, function (sign) { return simple.get(sign) || sign; }).join("");
}

/** What nothing matches. */
export const NO_MATCH = 9;

/**
 * How well names answer to what is wanted: 0 one of them is it, 1 begins with it, 2 holds it, NO_MATCH none does.
 * @param {string[]} names made by plain()
 * @param {string} wanted made by plain()
 * @returns {number}
 */
export function matchRank(names, wanted) {
  let best = NO_MATCH;
  names.forEach(function (name) {
    const at = name.indexOf(wanted);
    if (at >= 0) best = Math.min(best, name === wanted ? 0 : at === 0 ? 1 : 2);
  });
  return best;
}
