/* What a page holds while it is open, and what it fills in for the parts: the only state that modules share. */

/** Set by startPage() before any part runs. */
export const page = /** @type {import("../types").PageState} */ (/** @type {unknown} */ ({
  map: null, data: null, tokens: null, words: { ui: {} }, lang: "zh", layers: [], backdrop: {},
  tools: null, finder: null, panel: null, cardHost: null, dock: null, footer: null,
  renderers: null, paints: [], placed: [], marked: null, marks: [], year: null, noHover: false, twin: null, explorer: null, prepareSheet: null
}));

/** What a page may fill in; a part asks whether it is there. @type {import("../types").Hooks} */
export const hooks = { labelsOf: function () { return []; } };
