/* A scenario on the network: what is open (network/arrays.py, travel/status.py), and the minutes of every edge
   (travel/minutes.py). */

var RAIL_CLASSES = ["high_speed", "conventional"];   /* travel/minutes.py has the same */

/* --- what is open ------------------------------------------------------------------------------------------ */

function named(N, ids) {
  var hit = new Uint8Array(N.m);
  ids.forEach(function (id) { (N.rowsById.get(id) || []).forEach(function (row) { hit[row] = 1; }); });
  return hit;
}

function served(N, present) {
  var a = N.a, touched = new Uint8Array(N.n), passed, i;
  for (i = 0; i < N.m; i++) if (present[i] && !N.dependent[i]) touched[a.tail[i]] = touched[a.head[i]] = 1;
  passed = Uint8Array.from(touched);
  for (i = 0; i < N.n; i++) if (touched[i]) passed[a.twin[i]] = 1;
  for (i = 0; i < N.n; i++) if (!a.anchored[i]) passed[i] = 1;
  return passed;
}

/* scenario: {year: number or null, with, without, close: arrays of ids, known: leave indicative courses out} */
export function openIn(N, scenario) {
  var a = N.a, present = new Uint8Array(N.m), i, year = scenario.year;
  for (i = 0; i < N.m; i++) {
    var opens = a.opens[i];                       /* NaN: only in full; Infinity: only where it is named */
    present[i] = year === null ? (opens === Infinity ? 0 : 1) : (opens <= year ? 1 : 0);
    if (scenario.known && a.indicative && a.indicative[i]) present[i] = 0;
  }
  if (scenario.with && scenario.with.length) {
    var put = named(N, scenario.with), ridden = new Set(), R = N.roleCode;
    for (i = 0; i < N.m; i++) if (put[i] && a.role[i] === R.ride) ridden.add(N.combos[a.combo[i]][0]);
    for (i = 0; i < N.m; i++) {
      var boards = a.role[i] === R.board || a.role[i] === R.alight || a.role[i] === R.transfer;
      if (put[i] || (boards && ridden.has(N.combos[a.combo[i]][0]))) present[i] = 1;
    }
  }
  var out = (scenario.without || []).concat(scenario.close || []);
  var gone = named(N, out), wider = a.wider || [];
  /* lanes lie on the road that closes: what widens it closes with it */
  for (i = 0; i < wider.length; i += 2) if (gone[wider[i + 1]]) gone[wider[i]] = 1;
  for (i = 0; i < N.m; i++) if (gone[i]) present[i] = 0;
  var passed = served(N, present);
  for (i = 0; i < N.m; i++) if (N.dependent[i] && !(passed[a.tail[i]] && passed[a.head[i]])) present[i] = 0;
  return { edges: present, nodes: served(N, present) };
}

/* --- minutes ------------------------------------------------------------------------------------------------ */

export function runMinutes(km, kmh, speedFactor, acceleration, dwell) {
  var speed = kmh * speedFactor / 3.6, metres = km * 1000, ramp = speed * speed / acceleration;
  var seconds = metres >= ramp ? metres / speed + speed / acceleration : 2 * Math.sqrt(metres / acceleration);
  return seconds / 60 + dwell;
}

/* value(name) gives a parameter. Returns {first, later}: minutes by edge before and after the first train. */
export function edgeMinutes(N, scenario, value) {
  var a = N.a, first = new Float64Array(N.m).fill(NaN), later;
  function each(role, minutes) { (N.byRole.get(role) || []).forEach(function (i) { first[i] = minutes(i); }); }
  function known(number, otherwise) { return number !== number ? otherwise : number; }
  /* [course known, indicative] */
  function detours(mode) { return [value(mode + "_detour_schematic"), value(mode + "_detour_indicative")]; }
  /* parameters of the classes of railway that have their own, by code of the class; `usual` for the others */
  function byClass(name, usual) {
    return N.classes.map(function (cls) { return RAIL_CLASSES.indexOf(cls) >= 0 ? value(name.replace("*", cls)) : value(usual); });
  }
  var period = "road_factor_" + scenario.period, detour = detours("road");
  var factors = [value(period + "_ordinary"), value(period + "_urban_expressway"), value(period + "_expressway")];
  var limits = [value("road_limit_default_kmh"), value("road_limit_default_expressway_kmh")];
  each("run", function (i) {
    var limit = known(a.limit[i], limits[N.express[i]]), factor = N.express[i] ? factors[2] : N.urban[i] ? factors[1] : factors[0];
    return (a.schematic[i] ? a.km[i] * detour[a.indicative[i]] : a.km[i]) / (limit * factor) * 60;
  });
  var joins = N.classes.indexOf("toll_join"), join = value("toll_join_min"), leave = value("toll_leave_min");
  each("ramp", function (i) { return a.cls[i] === joins ? join : leave; });
  var railDetour = detours("rail"), usual = byClass("rail_speed_*_kmh", "rail_speed_default_kmh"), share = value("rail_speed_factor");
  var acceleration = value("rail_acceleration_ms2"), dwell = value("rail_dwell_min");
  each("ride", function (i) {
    if (a.run[i] === a.run[i]) return a.run[i];
    return runMinutes(a.schematic[i] ? a.km[i] * railDetour[a.indicative[i]] : a.km[i], known(a.limit[i], usual[a.cls[i]]), share, acceleration, dwell);
  });
  var slow = value("local_detour") / value("local_speed_kmh") * 60;
  each("local", function (i) { return a.km[i] * slow; });
  each("border", function (i) { return value("border_" + N.combos[a.combo[i]][0] + "_" + N.classes[a.cls[i]] + "_min"); });
  var part = Math.min(1, Math.max(0, value("ferry_minutes_share"))), below = Math.min(2 * part, 1), above = Math.max(2 * part - 1, 0);
  each("sail", function (i) { return a.runLow[i] + (a.run[i] - a.runLow[i]) * below + (a.runHigh[i] - a.run[i]) * above; });
  var clearance = value("border_ferry_min"), out = value("rail_station_exit_min"), change = value("rail_transfer_min");
  each("land", function () { return clearance; });
  each("alight", function () { return out; });
  each("transfer", function () { return change; });
  later = Float64Array.from(first);
  var hours = value("rail_operating_hours"), waitShare = value("rail_wait_share"), cap = value("rail_wait_cap_min");
  var entry = value("rail_station_entry_min"), metroTrains = value("metro_trains_per_day"), newTrains = byClass("rail_new_trains_*_per_day", "rail_new_trains_per_day");
  var planned = scenario.boarding === "planned";
  (N.byRole.get("board") || []).forEach(function (i) {
    var trains = known(scenario.timetable === "peak" ? a.trains[i] : a.trainsOrdinary[i], N.metro[i] ? metroTrains : newTrains[a.cls[i]]);
    var waited = Math.min(waitShare * (hours * 60 / Math.max(trains, 1e-9)), cap), enter = a.changing[i] ? 0 : entry;
    first[i] = a.changing[i] || !planned ? enter + waited : enter;
    later[i] = enter + waited;
  });
  var coach = N.modes.indexOf("coach"), byCoach = value("coach_entry_min"), byFerry = value("ferry_entry_min"), sailings = value("ferry_departures_per_day");
  (N.byRole.get("embark") || []).forEach(function (i) {
    var enter = a.mode[i] === coach ? byCoach : byFerry;
    var waited = Math.min(waitShare * (hours * 60 / known(a.trains[i], sailings)), cap);
    first[i] = planned ? enter : enter + waited;
    later[i] = enter + waited;
  });
  return { first: first, later: later };
}
