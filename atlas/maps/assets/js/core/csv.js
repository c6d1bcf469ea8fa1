/* A table as CSV: what begins like a formula of a spreadsheet is made text by an apostrophe, as in base/values.py. */

const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** A text that no spreadsheet takes for a formula. @param {string} text @returns {string} */
export function harmless(text) { return FORMULA.test(text) ? "'" + text : text; }

/** @param {unknown} value @returns {string} */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = harmless(String(value));
  return /[",\n\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
}

/** Rows of cells as text, with the mark by which spreadsheets know UTF-8. @param {unknown[][]} rows @returns {string} */
export function csvText(rows) {
  return "\ufeff" + rows.map(function (row) { return row.map(cell).join(",") + "\n"; }).join("");
}
