/* One of a few values: a row of buttons. */
import { el } from "../../core/dom.js";
import { labelled, makeButton } from "../../core/words.js";

/* key: what of the question it sets; text(value) and label: words. */
export function segments(ex, key, values, text, label) {
  var group = labelled(el("div", { class: "seg", role: "group", id: "seg-" + key }), label);
  values.forEach(function (value) {
    group.appendChild(makeButton({ "data-value": value, "aria-pressed": "false" }, function () { return text(value); }, function () { var more = {}; more[key] = value; ex.change(more); }));
  });
  return group;
}
/* Show which one holds. */
export function press(key, value) {
  Array.prototype.forEach.call(document.querySelectorAll("#seg-" + key + " button"), function (button) { button.setAttribute("aria-pressed", String(button.getAttribute("data-value") === String(value))); });
}
