/* What a page shows of itself to the console and to tests: `Atlas` in the window. Nothing of the page uses it. */
export { hooks, page } from "../core/page.js";
export { latOf, lonOf } from "../core/mercator.js";
export { screenView } from "../map/canvas.js";
export { metresPerPixel } from "../map/frame.js";
export { pilesOf } from "../map/piles.js";
export { openFeature } from "./card.js";
export { toCanvas, toSvg } from "./sheet.js";
