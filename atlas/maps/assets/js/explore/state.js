/* What is asked on the explorer page: a plain value, to and from the address, a scenario file and a command. */

var MODES = ["drive", "rail", "multimodal"], SETS = ["favourable", "central", "adverse"];
var PERIODS = ["free", "typical", "peak"], BOARDING = ["planned", "headway"], COMBINE = ["any", "all"];

function fresh(opening) {
  return { origins: opening.origins.slice(), combine: "any", towards: false, year: opening.year, known: false, mode: "multimodal", set: "central", period: "typical",
    boarding: "planned", overrides: {}, with: [], without: [], close: [], links: [], cutoffs: [60, 120] };
}

function oneOf(list, text, usual) { return list.indexOf(text) >= 0 ? text : usual; }
function finite(text) { var number = Number(text); return text !== "" && isFinite(number) ? number : null; }

/* Cut-offs as people type them: “45, 60，90”. Nothing usable gives null. */
function cutoffsOf(text) {
  var found = String(text).split(/[,，;\s]+/).map(finite).filter(function (value) { return value !== null && value > 0 && value <= 600; });
  found = Array.from(new Set(found)).sort(function (a, b) { return a - b; });
  return found.length ? found.slice(0, 8) : null;
}

function linkText(link) {
  var points = link.points.map(function (p) { return p[0].toFixed(4) + "," + p[1].toFixed(4) + (p[2] !== undefined && p[2] !== null ? "," + p[2] : ""); }).join("!");
  return link.kind === "road" ? ["road", link.cls, link.kmh, points].join("~") : ["rail", link.kmh, link.headway, points].join("~");
}

function linkOf(text, box, nodes) {
  var parts = text.split("~"), points = (parts[parts.length - 1] || "").split("!").map(function (one) {
    var p = one.split(",").map(finite);
    if (p.length < 2 || p[0] === null || p[1] === null || p[0] < box[0] || p[0] > box[2] || p[1] < box[1] || p[1] > box[3]) return null;
    return p[2] !== undefined && p[2] !== null && Number.isInteger(p[2]) && p[2] >= 0 && p[2] < nodes ? [p[0], p[1], p[2]] : [p[0], p[1]];
  });
  if (points.length < 2 || points.length > 60 || points.some(function (p) { return !p; })) return null;
  var number = finite(parts[2]), other = finite(parts[1]);
  if (parts[0] === "road" && /^[a-z_]+$/.test(parts[1]) && number >= 5 && number <= 150) return { kind: "road", cls: parts[1], kmh: number, points: points };
  if (parts[0] === "rail" && other >= 20 && other <= 400 && number >= 1 && number <= 240) return { kind: "rail", kmh: other, headway: number, points: points };
  return null;
}

/* To the address: only what differs from what the page opens with. */
function toHash(state, opening) {
  var usual = fresh(opening), out = {};
  function put(key, value, other) { out[key] = value === other ? null : value; }
  put("o", state.origins.map(originText).join(";"), usual.origins.map(originText).join(";"));
  put("oc", state.combine, usual.combine);
  put("to", state.towards ? "1" : "", "");
  put("y", state.year === null ? (state.known ? "full-known" : "full") : String(state.year), usual.year === null ? "full" : String(usual.year));
  put("m", state.mode, usual.mode);
  put("p", state.set, usual.set);
  put("t", state.period, usual.period);
  put("b", state.boarding, usual.boarding);
  put("x", Object.keys(state.overrides).sort().map(function (name) { return name + ":" + state.overrides[name]; }).join(";"), "");
  put("w", state.with.join(";"), "");
  put("wo", state.without.join(";"), "");
  put("c", state.close.join(";"), "");
  put("k", state.cutoffs.join(","), usual.cutoffs.join(","));
  put("n", state.links.map(linkText).join(";"), "");
  return out;
}

function originText(origin) { return origin.id || origin.lon.toFixed(4) + "," + origin.lat.toFixed(4); }

/* From the address: what cannot be read is left as it opens; `known` tells which ids there are. */
function fromHash(values, opening, known) {
  var state = fresh(opening), ids = function (text) { return String(text || "").split(";").filter(function (id) { return id && known.id(id); }); };
  if (values.o) {
    var origins = values.o.split(";").map(function (text) {
      var pair = text.split(",").map(finite);
      if (pair.length === 2 && pair[0] !== null && pair[1] !== null) return { lon: pair[0], lat: pair[1] };
      return known.origin(text) ? { id: text } : null;
    }).filter(Boolean);
    if (origins.length) state.origins = origins.slice(0, 12);
  }
  state.combine = oneOf(COMBINE, values.oc, state.combine);
  state.towards = values.to === "1";
  if (values.y === "full" || values.y === "full-known") { state.year = null; state.known = values.y === "full-known"; }
  else if (/^\d{4}$/.test(values.y || "") && Number(values.y) >= known.years[0] && Number(values.y) <= known.years[1]) state.year = Number(values.y);
  state.mode = oneOf(MODES, values.m, state.mode);
  state.set = oneOf(SETS, values.p, state.set);
  state.period = oneOf(PERIODS, values.t, state.period);
  state.boarding = oneOf(BOARDING, values.b, state.boarding);
  String(values.x || "").split(";").forEach(function (one) {
    var at = one.indexOf(":"), name = one.slice(0, at), number = finite(one.slice(at + 1));
    if (at > 0 && known.parameter(name) && number !== null && number >= 0 && number <= 1e5) state.overrides[name] = number;
  });
  state.with = ids(values.w);
  state.without = ids(values.wo);
  state.close = ids(values.c);
  state.cutoffs = cutoffsOf(values.k || "") || state.cutoffs;
  state.links = String(values.n || "").split(";").filter(Boolean).slice(0, 20).map(function (text) { return linkOf(text, known.box, known.nodes); }).filter(Boolean);
  return state;
}

function quoted(text) { return JSON.stringify(text); }
function list(values) { return "[" + values.map(quoted).join(", ") + "]"; }
function yearText(state) { return state.year === null ? (state.known ? "full-known" : "full") : String(state.year); }

/* The scenario as the file that the command line takes. */
function toToml(state) {
  var lines = ["base = " + quoted(state.year === null ? yearText(state) : "2026"), 'name = "explorer"'];
  if (state.year !== null) lines.push("year = " + state.year);
  ["with", "without", "close"].forEach(function (key) { lines.push(key + " = " + list(state[key])); });
  lines.push("period = " + quoted(state.period), "boarding = " + quoted(state.boarding), "parameters = " + quoted(state.set), "", "[set]");
  Object.keys(state.overrides).sort().forEach(function (name) { lines.push(name + " = " + tomlNumber(state.overrides[name])); });
  return lines.join("\n") + "\n";
}

function tomlNumber(value) { return Number.isInteger(value) ? value + ".0" : String(value); }

/* A scenario file read back: the keys the page writes, one a line; throws a sentence where it cannot be read. */
function fromToml(text, state, known) {
  var next = Object.assign({}, state, { overrides: {}, with: [], without: [], close: [], year: 2026, known: false }), inSet = false;
  text.split(/\r?\n/).forEach(function (line, number) {
    var bare = line.replace(/^\s+|\s+$/g, "");
    if (!bare || bare[0] === "#") return;
    if (bare[0] === "[") { inSet = bare === "[set]"; return; }
    var at = bare.indexOf("="), key = bare.slice(0, at).trim().replace(/^"|"$/g, ""), told = bare.slice(at + 1).trim(), value;
    try { value = JSON.parse(told); } catch (error) { throw new Error("line " + (number + 1) + ": " + bare); }
    if (inSet) { if (!known.parameter(key) || typeof value !== "number") throw new Error("line " + (number + 1) + ": " + bare); next.overrides[key] = value; return; }
    if (key === "with" || key === "without" || key === "close") {
      value.forEach(function (id) { if (!known.id(id)) throw new Error("line " + (number + 1) + ": " + id); });
      next[key] = value;
    } else if (key === "year" || key === "base") {
      var word = String(value);
      if (word === "full" || word === "full-known") { next.year = null; next.known = word === "full-known"; } else if (/^\d{4}$/.test(word)) next.year = Number(word);
    } else if (key === "period") next.period = oneOf(PERIODS, value, next.period);
    else if (key === "boarding") next.boarding = oneOf(BOARDING, value, next.boarding);
    else if (key === "parameters") next.set = oneOf(SETS, value, next.set);
    else if (key !== "name" && key !== "timetable") throw new Error("line " + (number + 1) + ": " + key);
  });
  return next;
}

function shell(text) { return /^[\w.,\-\u3400-\u9fff/]+$/.test(text) ? text : "'" + text.replace(/'/g, "'\\''") + "'"; }

/* The command that gives the same numbers at the terminal; null where there are no words for it: a link drawn by hand, areas towards a place. */
function toCommand(state, destination) {
  if (state.links.length) return null;
  var plain = !state.without.length && !state.close.length, parts = ["atlas"];
  if (!destination && state.towards) return null;
  if (destination) parts.push.apply(parts, ["route"].concat((state.towards ? [destination, originText(state.origins[0])] : [originText(state.origins[0]), destination]).map(shell)));
  else parts.push(state.origins.length > 1 ? "isochrone" : "reach", state.origins.map(originText).map(shell).join(" "), "--within", state.cutoffs.join(","));
  if (!destination && state.origins.length > 1) parts.push("--combine", state.combine === "all" ? "intersection" : "union");
  parts.push("--mode", state.mode);
  if (!plain || (state.year === null && state.known)) parts.push("--scenario", "explorer.toml");
  else {
    parts.push("--year", yearText(state));
    if (state.set !== "central") parts.push("--parameters", state.set);
    if (state.period !== "typical") parts.push("--period", state.period);
    if (state.boarding !== "planned") parts.push("--boarding", state.boarding);
    state.with.forEach(function (id) { parts.push("--with", shell(id)); });
    Object.keys(state.overrides).sort().forEach(function (name) { parts.push("--set", name + "=" + state.overrides[name]); });
  }
  return parts.join(" ");
}

export { fresh, cutoffsOf, toHash, fromHash, toToml, fromToml, toCommand, originText, linkText, linkOf, yearText,
  MODES, SETS, PERIODS, BOARDING };
