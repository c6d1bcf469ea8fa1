/* What the colours on the explorer's map mean. */
import { page } from "../../core/page.js";
import { ui } from "../../core/words.js";

/** @param {import("../../types").Explorer} ex */
export function legendRows(ex) {
  var paint = ex.paint, state = ex.state, data = page.data;
  function legendOf() {
    if (ex.comparing() !== "change" && ex.now.owner) return state.origins.map(function (origin, k) {
      return ["LineString", { color: paint.css(paint.OWNERS[k]), width: 8, form: "plain", alpha: 1 }, "operating", false, function () { return ui("ex_owner", ex.originName(origin)); }];
    }).concat(timeRows());
    if (ex.comparing() === "change" && ex.pinned) return [["g30", paint.STEPS[0]], ["g15", paint.STEPS[1]], ["g5", paint.STEPS[2]], ["g1", paint.STEPS[3]], ["l1", paint.WORSE[2]]].map(function (row) {
      return ["LineString", { color: paint.css(/** @type {number[]} */ (row[1][1])), width: 6, form: "plain", alpha: 1 }, "operating", false, function () { return ui(row[0][0] === "g" ? "ex_faster" : "ex_slower", row[1][0]); }];
    });
    return timeRows();
  }
  function timeRows() {
    return state.cutoffs.map(function (cutoff, i) {
      return ["LineString", { color: paint.css(paint.bandColor(i, state.cutoffs.length)), width: 5, form: "plain", alpha: 1 }, "operating", false, function () { return (i ? state.cutoffs[i - 1] + "–" : "≤ ") + cutoff + " " + ui("minutes"); }];
    }).concat([["LineString", { color: data.tokens.ground.unreached, width: 1.2, form: "plain", alpha: 1 }, "operating", false, function () { return ui("not_reached", state.cutoffs[state.cutoffs.length - 1]); }]])
      .concat(state.links.length ? [["LineString", { color: "#8a3ffc", width: 4, form: "plain", alpha: 1 }, "planned", false, "ex_own_link"]] : []);
  }

  return legendOf();
}
