/* People and land in a sentence, in the language of the page. */
import { formatNumber } from "../core/numbers.js";
import { page } from "../core/page.js";
import { ui } from "../core/words.js";

/* People in a sentence: ten thousands in Chinese, whose sentences say 万, else millions or whole hundreds. */
export function many(people) {
  if (page.lang === "zh") return tenThousand(people);
  return people >= 1e6 ? ui("ex_millions", formatNumber(people / 1e6, people < 1e7 ? 2 : 1)) : formatNumber(Math.round(people / 100) * 100, 0);
}
export function tenThousand(people) { return formatNumber(people / 10000, people < 100000 ? 1 : 0); }
export function signed(people) { return (people >= 0 ? "+" : "−") + many(Math.abs(people)); }
export function signedKm(km2) { return (km2 >= 0 ? "+" : "−") + formatNumber(Math.abs(km2), 0); }
