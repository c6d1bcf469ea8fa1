/* A way, leg by leg: of travel/journey.py and ways/told.py. */
import { seedsOf, trainsAt } from "./search.js";

function endState(C, tree, node) {
  var N = C.N, early = !C.mustRide || N.a.rail[node] || (tree.origin && tree.origin.node === node);
  return early && tree.minutes[node] <= tree.minutes[node + N.n] ? node : node + N.n;
}

/* Rows of edges and their minutes on the way to a node, in order of travel. */
export function path(C, tree, node) {
  var state = endState(C, tree, node), steps = [], N = C.N;
  if (C.mustRide && N.kinds[N.a.kind[node]] === "stop" && !(tree.origin && tree.origin.node === node)) {
    var last = trainsAt(C, node, true).reduce(function (best, row) { return best < 0 || tree.minutes[N.a.tail[row] + N.n] + C.first[row] < tree.minutes[N.a.tail[best] + N.n] + C.first[best] ? row : best; }, -1);
    if (last < 0) return null;
    state = N.a.tail[last] + N.n;
    steps.push([last, C.first[last]]);
  }
  if (!isFinite(tree.minutes[state])) return null;
  while (tree.previous[state] >= 0) {
    steps.push([tree.via[state], tree.minutes[state] - tree.minutes[tree.previous[state]]]);
    state = tree.previous[state];
  }
  if (tree.minutes[state] > 0) {
    var seed = seedsOf(C, tree.origin).filter(function (one) { return one[0] === state; }).sort(function (a, b) { return a[1] - b[1]; })[0];
    var local = seed && seed.length > 3 ? seed[3] : 0;
    steps.push([seed && seed.length > 2 ? seed[2] : -1, tree.minutes[state] - local]);
    if (local > 0) steps.push([-1, local]);
  }
  return steps.reverse();
}

/* Legs as the terminal tells them: one road, one train, one border, one local link at a time. */
export function legs(C, tree, node) {
  var N = C.N, a = N.a, steps = path(C, tree, node);
  if (!steps) return null;
  var roles = steps.map(function (step) { return step[0] < 0 ? "access" : N.roles[a.role[step[0]]]; });
  var local = roles.map(function (role) { return role === "access" || role === "egress"; });
  var rides = [], moving = [];
  roles.forEach(function (role, i) { if (role === "ride" || role === "sail") rides.push(i); if (!local[i]) moving.push(i); });
  var body = rides.length ? rides : moving.length ? moving : [roles.length];
  roles = roles.map(function (role, i) { return local[i] ? (i < body[0] ? "access" : i > body[body.length - 1] ? "egress" : role) : role; });
  var out = [], last = null;
  steps.forEach(function (step, i) {
    var row = step[0], role = roles[i], combo = row < 0 ? ["", "", "", ""] : N.combos[a.combo[row]], key;
    // who joins where the journey begins joins the road that follows
    if (role === "ramp" && !(last && last.role === "road") && roles[i + 1] === "run") combo = N.combos[a.combo[steps[i + 1][0]]];
    if (row >= 0 && N.gate[row]) return;
    if (role === "ramp") key = last && last.role === "road" ? last.key : "road " + combo[0];
    else if (role === "board" || role === "ride" || role === "alight") key = "train " + combo[0];
    else if (role === "embark" || role === "sail" || role === "land") key = N.modes[a.mode[row]] + " " + combo[0];
    else if (role === "border" && N.modes[a.mode[row]] === "rail" && last) key = last.key;
    else key = (role === "run" ? "road" : role) + " " + combo[0];
    if (!last || last.key !== key) {
      last = { key: key, role: key.split(" ")[0], feature: combo[0], layer: combo[1], plan: combo[2], km: 0, minutes: 0, wait: 0, border: 0, rows: [], from: row < 0 ? -1 : a.tail[row], to: -1 };
      out.push(last);
    }
    last.minutes += step[1];
    if (row >= 0) { last.km += a.km[row]; last.to = a.head[row]; last.rows.push(row); }
    if (role === "board" || role === "embark") last.wait += step[1];
    if (role === "border" || role === "land") last.border += step[1];
  });
  return out;
}
