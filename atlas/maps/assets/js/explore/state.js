/* What is asked on the explorer page: a plain value, to and from the address, a scenario file and a command. */

var MODES = ["drive", "rail", "multimodal"], SETS = ["favourable", "central", "adverse"];
var PERIODS = ["free", "typical", "peak"], BOARDING = ["planned", "headway"], COMBINE = ["any", "all", "nearest"], TIMETABLES = ["ordinary", "peak"];
/* As data/scenario.py bounds a link of one's own: least and most km/h of a road and of a railway, minutes of headway. */
var ROAD_KMH = [5, 150], RAIL_KMH = [20, 400], HEADWAY_MIN = [1, 240], MOST_POINTS = 60, MOST_LINKS = 20;
var MOST_VALUE = 1e5, MOST_ORIGINS = 12, MOST_CUTOFFS = 8;
var ROAD_CLASSES = { expressway: 100, urban_expressway: 80, national_road: 80, arterial: 60 };

function fresh(opening) {
  return { origins: opening.origins.slice(), combine: "any", towards: false, year: opening.year, known: false, mode: "multimodal", set: "central", period: "typical",
    boarding: "planned", timetable: "ordinary", overrides: {}, with: [], without: [], close: [], links: [], cutoffs: [60, 120] };
}

function oneOf(list, text, usual) { return list.indexOf(text) >= 0 ? text : usual; }
function finite(text) { var number = Number(text); return text !== "" && isFinite(number) ? number : null; }

/* Whether a parameter's row may have a value, as `ParameterTable.chosen` decides: what is divided by may not be nought. */
function takes(row, value) { return isFinite(value) && value >= 0 && value <= MOST_VALUE && (value > 0 || row[7] > 0); }

/* Cut-offs as people type them: “45, 60，90”. Nothing usable gives null. */
function cutoffsOf(text) {
  var found = pieces(text).map(finite).filter(isCutoff);
  found = Array.from(new Set(found)).sort(function (a, b) { return a - b; });
  return found.length ? found.slice(0, MOST_CUTOFFS) : null;
}

function pieces(text) { return String(text).split(/[,，、;；\s]+/).filter(Boolean); }
function isCutoff(value) { return value !== null && value > 0 && value <= 600; }

/* What of typed cut-offs is none. */
function leftOfCutoffs(text) {
  var taken = cutoffsOf(text) || [];
  return pieces(text).filter(function (one) { return taken.indexOf(finite(one)) < 0; });
}

/* A point of a link: [lon, lat], or [lon, lat, id] where it joins a place, station or junction that is there. */
/* What a line of one's own may have: least and most of its speed, and of a railway's headway. */
function linkBounds(kind) { return { kmh: kind === "rail" ? RAIL_KMH : ROAD_KMH, headway: kind === "rail" ? HEADWAY_MIN : null }; }

/* The origins with one more; null where there are as many as are taken. */
function withOrigin(origins, origin) { return origins.length < MOST_ORIGINS ? origins.concat([origin]) : null; }

function linkText(link) {
  var points = link.points.map(function (p) { return p[0].toFixed(4) + "," + p[1].toFixed(4) + (p[2] ? "," + p[2] : ""); }).join("!");
  return link.kind === "road" ? ["road", link.cls, link.kmh, points].join("~") : ["rail", link.kmh, link.headway, points].join("~");
}

function within(number, bounds) { return typeof number === "number" && number >= bounds[0] && number <= bounds[1]; }

function linkOf(text, known) {
  var parts = text.split("~"), rail = parts[0] === "rail", points = (parts[3] || "").split("!").map(function (one) {
    var p = one.split(","), lon = finite(p[0] || ""), lat = finite(p[1] || "");
    return lon === null || lat === null ? null : known.origin(p[2]) ? [lon, lat, p[2]] : [lon, lat];
  });
  return linkWith(rail ? { kind: "rail", kmh: finite(parts[1] || ""), headway: finite(parts[2] || ""), points: points }
    : { kind: parts[0], cls: parts[1], kmh: finite(parts[2] || ""), points: points }, known);
}

function inRegion(p, known) { return within(p[0], [known.box[0], known.box[2]]) && within(p[1], [known.box[1], known.box[3]]); }

/* The link where all of it is within bounds, else null. */
function linkWith(link, known) {
  var there = link.points.every(function (p) { return p && inRegion(p, known); });
  if (!there || link.points.length < 2 || link.points.length > MOST_POINTS) return null;
  if (link.kind === "road") return Object.prototype.hasOwnProperty.call(ROAD_CLASSES, link.cls) && within(link.kmh, ROAD_KMH) ? link : null;
  return link.kind === "rail" && within(link.kmh, RAIL_KMH) && within(link.headway, HEADWAY_MIN) ? link : null;
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
  put("tt", state.timetable, usual.timetable);
  put("x", Object.keys(state.overrides).sort().map(function (name) { return name + ":" + state.overrides[name]; }).join(";"), "");
  put("w", state.with.join(";"), "");
  put("wo", state.without.join(";"), "");
  put("c", state.close.join(";"), "");
  put("k", state.cutoffs.join(","), usual.cutoffs.join(","));
  put("n", state.links.map(linkText).join(";"), "");
  return out;
}

function originText(origin) { return origin.id || origin.lon.toFixed(4) + "," + origin.lat.toFixed(4); }

/* From the address: what cannot be read is left as it opens, and told in `untaken`; `known` tells which ids there are. */
function fromHash(values, opening, known, untaken) {
  var state = fresh(opening);
  function leave(key, text) { if (untaken) untaken.push(key + "=" + text); return null; }
  /* The parts of a value that `read` makes something of, so many at most. */
  function parts(key, read, most) {
    return String(values[key] || "").split(";").filter(Boolean).map(function (text) { var found = read(text); return found === null ? leave(key, text) : [text, found]; })
      .filter(Boolean).map(function (pair, i) { return i < most ? pair[1] : leave(key, pair[0]); }).filter(function (one) { return one !== null; });
  }
  function ids(key) { return parts(key, function (id) { return known.id(id) ? id : null; }, Infinity); }
  function choice(key, list, usual) {
    if (values[key] && list.indexOf(values[key]) < 0) leave(key, values[key]);
    return oneOf(list, values[key], usual);
  }
  var origins = parts("o", function (text) {
    var pair = text.split(",").map(finite);
    if (pair.length === 2 && within(pair[0], [-180, 180]) && within(pair[1], [-90, 90])) return { lon: pair[0], lat: pair[1] };
    return known.origin(text) ? { id: text } : null;
  }, MOST_ORIGINS);
  if (origins.length) state.origins = origins;
  state.combine = choice("oc", COMBINE, state.combine);
  state.towards = values.to === "1";
  if (values.y === "full" || values.y === "full-known") { state.year = null; state.known = values.y === "full-known"; }
  else if (/^\d{4}$/.test(values.y || "") && Number(values.y) >= known.years[0] && Number(values.y) <= known.years[1]) state.year = Number(values.y);
  else if (values.y) leave("y", values.y);
  state.mode = choice("m", MODES, state.mode);
  state.set = choice("p", SETS, state.set);
  state.period = choice("t", PERIODS, state.period);
  state.boarding = choice("b", BOARDING, state.boarding);
  state.timetable = choice("tt", TIMETABLES, state.timetable);
  parts("x", function (one) {
    var at = one.indexOf(":"), name = one.slice(0, at), number = finite(one.slice(at + 1));
    return at > 0 && number !== null && known.parameter(name, number) ? [name, number] : null;
  }, Infinity).forEach(function (pair) { state.overrides[pair[0]] = pair[1]; });
  state.with = ids("w");
  state.without = ids("wo");
  state.close = ids("c");
  state.cutoffs = cutoffsOf(values.k || "") || state.cutoffs;
  leftOfCutoffs(values.k || "").forEach(function (text) { leave("k", text); });
  state.links = parts("n", function (text) { return linkOf(text, known); }, MOST_LINKS);
  return state;
}

function quoted(text) { return JSON.stringify(text); }
function list(values) { return "[" + values.map(quoted).join(", ") + "]"; }
function yearText(state) { return state.year === null ? (state.known ? "full-known" : "full") : String(state.year); }

/* The scenario as the file that the command line takes. */
function toToml(state, name) {
  var lines = ["base = " + quoted(state.year === null ? yearText(state) : "2026"), "name = " + quoted(name || "explorer")];
  if (state.year !== null) lines.push("year = " + state.year);
  ["with", "without", "close"].forEach(function (key) { lines.push(key + " = " + list(state[key])); });
  lines.push("period = " + quoted(state.period), "boarding = " + quoted(state.boarding), "timetable = " + quoted(state.timetable), "parameters = " + quoted(state.set), "", "[set]");
  Object.keys(state.overrides).sort().forEach(function (name) { lines.push(name + " = " + tomlNumber(state.overrides[name])); });
  state.links.forEach(function (link) {
    lines.push("", "[[link]]", "kind = " + quoted(link.kind), link.kind === "road" ? "class = " + quoted(link.cls) : "headway_min = " + tomlNumber(link.headway), "speed_kmh = " + tomlNumber(link.kmh));
    lines.push("points = [" + link.points.map(function (p) { return p[2] ? quoted(p[2]) : "[" + p[0].toFixed(4) + ", " + p[1].toFixed(4) + "]"; }).join(", ") + "]");
  });
  return lines.join("\n") + "\n";
}

function tomlNumber(value) { return Number.isInteger(value) ? value + ".0" : String(value); }

/* A scenario file read back, as `atlas --scenario` reads it; throws a sentence that names the line where it cannot be. */
function fromToml(text, state, known) {
  var next = Object.assign({}, state, fresh({ origins: [], year: 2026 }), { origins: state.origins, combine: state.combine, towards: state.towards, mode: state.mode, cutoffs: state.cutoffs });
  parseToml(text).forEach(function (one) {
    var key = one.key, value = one.value;
    function refuse(what) { throw new Error("line " + one.line + ": " + (what || key + " = " + JSON.stringify(value))); }
    function choice(list) { return list.indexOf(value) >= 0 ? value : refuse(); }
    if (one.table === "set") {
      if (typeof value !== "number" || !known.parameter(key, value)) refuse();
      next.overrides[key] = value;
    } else if (one.table === "link") {
      var link = linkFrom(value, known);
      if (!link || next.links.length >= MOST_LINKS) refuse("[[link]] " + JSON.stringify(value));
      next.links.push(link);
    } else if (one.table) refuse("[" + one.table + "]");
    else if (key === "with" || key === "without" || key === "close") {
      if (!Array.isArray(value)) refuse();
      value.forEach(function (id) { if (typeof id !== "string" || !known.id(id)) refuse(key + ": " + id); });
      next[key] = value;
    } else if (key === "year" || key === "base") {
      var word = String(value);
      if (word === "full" || word === "full-known") { next.year = null; next.known = word === "full-known"; }
      else if (/^\d{4}$/.test(word) && within(Number(word), known.years)) { next.year = Number(word); next.known = false; } else refuse();
    } else if (key === "period") next.period = choice(PERIODS);
    else if (key === "boarding") next.boarding = choice(BOARDING);
    else if (key === "timetable") next.timetable = choice(TIMETABLES);
    else if (key === "parameters") next.set = choice(SETS);
    else if (key !== "name") refuse();
  });
  return next;
}

function linkFrom(raw, known) {
  var points = Array.isArray(raw.points) ? raw.points.map(function (p) {
    if (typeof p === "string") return known.origin(p) ? known.place(p).concat([p]) : null;
    return Array.isArray(p) && p.length === 2 && p.every(function (v) { return typeof v === "number"; }) ? p : null;
  }) : [];
  var cls = raw.class === undefined ? "arterial" : raw.class, kmh = raw.speed_kmh === undefined ? ROAD_CLASSES[cls] : raw.speed_kmh;
  return linkWith(raw.kind === "rail" ? { kind: "rail", kmh: raw.speed_kmh, headway: raw.headway_min, points: points }
    : { kind: raw.kind === undefined ? "road" : raw.kind, cls: cls, kmh: kmh, points: points }, known);
}

/* --- the part of TOML that scenario files use: keys, texts, numbers, arrays over lines, tables [set] and [[link]] ------- */

/* [{table, key, value, line}] in order; a table [[link]] comes whole, as {table: "link", value: {…}}. */
function parseToml(text) {
  var at = 0, table = "", link = null, found = [];
  function line() { return text.slice(0, at).split("\n").length; }
  function refuse() { throw new Error("line " + line() + ": " + text.slice(at).split("\n")[0].slice(0, 60)); }
  function skip(pattern) { pattern.lastIndex = at; var hit = pattern.exec(text); if (hit) at = pattern.lastIndex; return hit; }
  function spaces() { skip(/(?:[ \t\r\n]+|#[^\n]*)*/y); }
  function value() {
    spaces();
    var hit = skip(/"(?:[^"\\\n]|\\.)*"/y);
    if (hit) { try { return JSON.parse(hit[0]); } catch (error) { return refuse(); } }
    hit = skip(/'([^'\n]*)'/y);
    if (hit) return hit[1];
    hit = skip(/[+-]?\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?(?![\w.])/y);
    if (hit) return Number(hit[0].replace(/_/g, ""));
    hit = skip(/(?:true|false)\b/y);
    if (hit) return hit[0] === "true";
    if (text[at] !== "[") refuse();
    at++;
    for (var out = []; ;) {
      spaces();
      if (text[at] === "]") { at++; return out; }
      out.push(value());
      spaces();
      if (text[at] === ",") at++; else if (text[at] !== "]") refuse();
    }
  }
  for (;;) {
    spaces();
    if (at >= text.length) return found;
    var head = skip(/(\[\[?)[ \t]*([\w-]+)[ \t]*\]\]?(?=[ \t]*(?:#[^\n]*)?(?:\r?\n|$))/y);
    if (head) {
      table = head[2];
      link = null;
      if (table === "link") { link = {}; found.push({ table: "link", key: "", value: link, line: line() }); }
      continue;
    }
    var key = skip(/(?:([\w-]+)|"([^"\n]*)")[ \t]*=/y), start = line();
    if (!key) refuse();
    var name = key[1] || key[2], read = value();
    if (!skip(/[ \t]*(?:#[^\n]*)?(?=\r?\n|$)/y)) refuse();
    if (link) link[name] = read; else found.push({ table: table, key: name, value: read, line: start });
  }
}

/* --- the commands that give the same numbers at the terminal ------------------------------------------------------------ */

function shell(text) { return /^[\w.,\-\u3400-\u9fff/]+$/.test(text) ? text : "'" + text.replace(/'/g, "'\\''") + "'"; }

/* Of a scenario; `file` names the one that the page writes, where options have no words for it. */
function scenarioWords(state, file, short) {
  var plain = !state.links.length && !state.without.length && state.close.length < 4 && state.timetable === "ordinary" && (state.set === "central" || !short);
  if (!plain) return ["--scenario", file];
  var words = ["--year", yearText(state)];
  if (state.set !== "central") words.push("--parameters", state.set);
  if (state.period !== "typical") words.push("--period", state.period);
  if (state.boarding !== "planned") words.push("--boarding", state.boarding);
  state.with.forEach(function (id) { words.push("--with", shell(id)); });
  state.close.forEach(function (id) { words.push("--close", shell(id)); });
  Object.keys(state.overrides).sort().forEach(function (name) { words.push("--set", name + "=" + state.overrides[name]); });
  return words;
}

/* One scenario as the word that `atlas compare` takes: a year where all else is as usual, else the file of it. */
function scenarioWord(state, file) {
  var words = scenarioWords(state, file);
  return words.length === 2 && words[0] === "--year" ? words[1] : file;
}

/* Of two states with one origin, mode and direction: places gained and lost, and by what. Else null: the terminal compares no other. */
function compareCommand(before, after, named) {
  var start = after.origins.map(named)[0];
  if (before.origins.length > 1 || after.origins.length > 1 || before.origins.map(named)[0] !== start || before.mode !== after.mode || before.towards !== after.towards) return null;
  return ["atlas", "compare", scenarioWord(before, "pinned.toml"), scenarioWord(after, "explorer.toml"), start[0] === "-" ? "--origin=" + shell(start) : "--origin " + shell(start),
    "--to", "places", "--show", "places", "--within", after.cutoffs.join(","), "--mode", after.mode].concat(after.towards ? ["--to-here"] : []).join(" ");
}

/* What is asked: "route" (to `destination`), "reach" (places), "coverage" (people and land), "isochrone" (areas) or
   "claims" (promises; its summary is of central values, its trips of all sets). `named` gives an origin as the terminal knows it. */
function toCommand(state, what, named, destination, file) {
  var words = /** @type {string[]} */ ([]), ends = state.origins.map(named), combine = { any: "union", all: "intersection", nearest: "nearest" }[state.combine];
  if (what === "claims") return ["atlas", what].concat(scenarioWords(state, file || "explorer.toml", true), state.set === "central" ? [] : ["--trips"]).join(" ");
  if (what === "route") ends = state.towards ? [destination, ends[0]] : [ends[0], destination];
  else {
    words.push("--within", state.cutoffs.join(","));
    if (ends.length > 1) words.push("--combine", what === "reach" && combine === "nearest" ? "union" : combine);
    if (state.towards) words.push("--to-here");
  }
  words.push("--mode", state.mode);
  words = words.concat(scenarioWords(state, file || "explorer.toml", what === "coverage"));
  /* a coordinate west of Greenwich is no option */
  ends = ends.map(shell);
  return ["atlas", what].concat(ends.some(function (end) { return end[0] === "-"; }) ? words.concat(["--"], ends) : ends.concat(words)).join(" ");
}

export { fresh, takes, cutoffsOf, leftOfCutoffs, compareCommand, toHash, fromHash, toToml, fromToml, toCommand, originText, linkText, linkOf, linkBounds, inRegion, within, withOrigin, yearText,
  MODES, SETS, PERIODS, BOARDING, COMBINE, TIMETABLES, MOST_POINTS, MOST_LINKS };
