/* Words in the language that is shown; nodes made by spoken() are spoken again when it changes. */
import { own } from "./own.js";
import { el } from "./dom.js";
import { fire } from "./events.js";
import { page } from "./page.js";

/** @typedef {string | (() => string)} Said a key of words.ui, or what gives the text */

/** The text of the language that is shown, else the other. @param {string[] | null | undefined} pair */
export function pick(pair) {
  if (!pair) return "";
  var first = page.lang === "zh" ? pair[0] : pair[1];
  return first || pair[0] || pair[1] || "";
}

/** The text of the other language where it differs. @param {string[]} pair */
export function otherName(pair) {
  var first = pick(pair), second = page.lang === "zh" ? pair[1] : pair[0];
  return second && second !== first ? second : "";
}

/** A word of the page, its gaps {} filled. @param {string} key @param {...unknown} parts */
export function ui(key, ...parts) {
  var text = pick(own(page.words.ui, key) || [key, key]);
  parts.forEach(function (part) { text = text.replace("{}", String(part)); });
  return text;
}

/** A word of the page where it stands within a sentence: an English one without its capital. @param {string} key */
export function inSentence(key) {
  var text = ui(key);
  return page.lang === "zh" ? text : text.replace(/^[A-Z](?=[a-z])/, function (letter) { return letter.toLowerCase(); });
}

/** A text at the head of a line: an English one with a capital. @param {string} text */
export function atHead(text) { return text.charAt(0).toUpperCase() + text.slice(1); }

/** Names one after the other. @param {string[]} names */
export function listed(names) { return names.join(page.lang === "zh" ? "、" : ", "); }

/** A source of the ledger in words: title, publisher, licence. @param {string} key */
export function sourceWords(key) {
  var one = own(page.data.sources, key);
  if (!one) return key || "";
  return [pick([one[3], one[0]]), pick([one[4], one[1]]), pick([one[5], one[2]])].filter(Boolean).join(" · ");
}

/** Look a listed value up in a table of words; what is not listed stands as it is. @param {string} table @param {unknown} key */
export function wordFor(table, key) {
  var rows = page.words[table] || {};
  return own(rows, key) ? pick(own(rows, key)) : String(key);
}

/**
 * What a list in a cell says, its parts joined by semicolons there.
 * @param {string} table @param {any} value @returns {string}
 */
export function wordsFor(table, value) {
  return String(value).split(";").map(function (part) { return wordFor(table, part); }).join(page.lang === "zh" ? "、" : ", ");
}

/** An element whose text follows the language. @param {string} tag @param {Record<string, any> | null} attributes @param {Said} text @returns {any} */
export function spoken(tag, attributes, text) {
  var node = el(tag, attributes);
  node.classList.add("said");
  node.saidText = typeof text === "function" ? text : function () { return ui(text); };
  node.textContent = node.saidText();
  return node;
}

/**
 * Give a node a label for assistive technology that follows the language.
 * @template {Element} T
 * @param {T} node
 * @param {Said} key
 * @param {string} [attribute]
 * @returns {T}
 */
export function labelled(node, key, attribute) {
  node.classList.add("labelled");
  (node.labels_ = node.labels_ || []).push([attribute || "aria-label", key]);
  node.setAttribute(attribute || "aria-label", typeof key === "function" ? key() : ui(key));
  return node;
}

/** @param {Record<string, any>} attributes @param {Said} key @param {(event: any) => void} action @returns {HTMLButtonElement} */
export function makeButton(attributes, key, action) {
  var node = spoken("button", Object.assign({ type: "button" }, attributes), key);
  node.addEventListener("click", action);
  return node;
}

/** Show a language. @param {string} lang */
export function speak(lang) {
  page.lang = lang;
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.querySelectorAll(".said").forEach(function (node) { if (node.saidText) node.textContent = node.saidText(); });
  document.querySelectorAll(".labelled").forEach(function (node) {
    (node.labels_ || []).forEach(function (pair) {
      node.setAttribute(pair[0], typeof pair[1] === "function" ? pair[1]() : ui(pair[1]));
    });
  });
  fire("lang");
}
