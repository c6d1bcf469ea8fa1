/* The matrix page: minutes between the seats as a heat table, by year and mode; a cell shows its parts. */
import { bandIndex } from "../core/bands.js";
import { own } from "../core/own.js";
import { integers } from "../core/pack.js";

var data = JSON.parse(document.getElementById("atlas-data").textContent), root = document.documentElement, M = data.matrix, n = M.places.length;
var zh = function () { return root.lang !== "en"; }, pick = function (pair) { return zh() ? pair[0] : pair[1] || pair[0]; };
var choice = { s: Math.max(0, M.scenarios.indexOf("2026")), m: M.modes.length - 1 }, sorted = null, host = document.getElementById("matrix"), detail = document.getElementById("detail"), open = null;
var limits = data.tokens.ramp.map(function (one) { return one.to_min; }), numbers = integers(M.minutes), legs = M.routes;
function named(text) { return !zh() && own(M.english, M.texts[text]) || M.texts[text]; }
[["s", M.scenarios], ["m", M.modes]].forEach(function (row) {
  var asked = new RegExp("(?:^#|&)" + row[0] + "=([^&]+)").exec(location.hash), at = asked ? row[1].indexOf(decodeURIComponent(asked[1])) : -1;
  if (at >= 0) choice[row[0]] = at;
});

function make(tag, attributes, text) {
  var node = document.createElement(tag);
  Object.keys(attributes || {}).forEach(function (key) { node.setAttribute(key, attributes[key]); });
  if (text !== undefined) node.textContent = text;
  return node;
}
function at(i, k) { return ((choice.s * M.modes.length + choice.m) * n + i) * n + k; }
function minutes(i, k) { var value = numbers[at(i, k)]; return value < 0 ? null : value / 1000; }
/** @type {any} */ (window).matrixMinutes = minutes;
function band(value) { return bandIndex(value, limits); }

function draw() {
  var order = M.places.map(function (_, i) { return i; });
  if (sorted !== null) {
    order.sort(function (a, b) {
      var x = minutes(a, sorted), y = minutes(b, sorted);
      return (x === null ? 1e9 : x) - (y === null ? 1e9 : y);
    });
  }
  while (host.firstChild) host.removeChild(host.firstChild);
  var table = make("table", { class: "heat" }), head = make("tr"), body = make("tbody");
  table.appendChild(make("caption", {}, pick(data.words.caption)));
  head.appendChild(make("td"));
  M.places.forEach(function (place, k) {
    var cell = make("th", { scope: "col", "aria-sort": sorted === k ? "ascending" : "none" }), button = make("button", { type: "button" }, pick(place));
    button.addEventListener("click", function () { sorted = sorted === k ? null : k; draw(); });
    cell.appendChild(button);
    head.appendChild(cell);
  });
  order.forEach(function (i) {
    var row = make("tr");
    row.appendChild(make("th", { scope: "row" }, pick(M.places[i])));
    M.places.forEach(function (_, k) {
      var value = minutes(i, k), cell = make("td", { class: i === k ? "self" : value === null ? "none" : "band" + band(value) });
      if (i === k) cell.textContent = "—";
      else {
        var button = make("button", { type: "button", "data-pair": i + "-" + k, "aria-label": pick(M.places[i]) + " → " + pick(M.places[k]) + " " + (value === null ? "—" : Math.round(value)) }, value === null ? "—" : String(Math.round(value)));
        button.addEventListener("click", function () { show(i, k); detail.scrollIntoView({ block: "nearest" }); });
        cell.appendChild(button);
      }
      row.appendChild(cell);
    });
    body.appendChild(row);
  });
  var top = make("thead");
  top.appendChild(head);
  table.appendChild(top);
  table.appendChild(body);
  host.appendChild(table);
  ["s", "m"].forEach(function (key) {
    document.querySelectorAll("[data-choice=" + key + "]").forEach(function (button, i) { button.setAttribute("aria-pressed", String(choice[key] === i)); });
  });
  if (open) show(open[0], open[1]);
}

function show(i, k) {
  var value = minutes(i, k), route = legs[at(i, k)], list = make("ol");
  open = [i, k];
  while (detail.firstChild) detail.removeChild(detail.firstChild);
  detail.appendChild(make("h2", {}, pick(M.places[i]) + " → " + pick(M.places[k]) + (value === null ? "" : pick(data.words.colon) + Math.round(value) + " " + pick(data.words.minutes))));
  if (value === null) detail.appendChild(make("p", {}, pick(data.words.no_way)));
  (route || []).forEach(function (index) {
    var leg = M.legs[index], role = own(data.words, M.texts[leg[0]]) || [M.texts[leg[0]], M.texts[leg[0]]];
    list.appendChild(make("li", {}, pick(role) + " · " + M.texts[zh() ? leg[1] : leg[2]] + " · " + named(leg[3]) + " → " + named(leg[4]) + " · " + (leg[5] / 10).toFixed(1) + " " + pick(data.words.km) + " · " + (leg[6] / 10).toFixed(1) + " " + pick(data.words.minutes)));
  });
  detail.appendChild(list);
}

document.querySelectorAll("[data-choice]").forEach(function (button) {
  button.addEventListener("click", function () {
    choice[button.getAttribute("data-choice")] = Number(button.getAttribute("data-index"));
    try { history.replaceState(null, "", "#g=" + (zh() ? "zh" : "en") + "&s=" + M.scenarios[choice.s] + "&m=" + M.modes[choice.m]); } catch (error) { /* a frame without history */ }
    draw();
  });
});
document.getElementById("language").addEventListener("click", function () { setTimeout(draw, 0); });
draw();
