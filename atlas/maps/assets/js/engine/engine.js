/* The model in the page: opens edges, gives them minutes, searches, and spreads the minutes over land.

   A port of network/arrays.py (what is open), travel/minutes.py (a scenario becomes minutes), travel/search.py (states
   before and after the first train; streets about stations in stations.js) and land/links.py (cells): pure functions on
   typed arrays, no page in it. tests/test_page_explore_answers.py holds it to the Python model on random questions in a real
   browser. */
export { cellAt, curve, gridPosition, inside, kmBetween, lonLat, surface } from "./land.js";
export { legs, path } from "./legs.js";
export { withLinks } from "./links.js";
export { prepare, unpack, unpackTexts } from "./network.js";
export { edgeMinutes, openIn, runMinutes } from "./scenario.js";
export { atGates, compile, reach, reachTowards, search, stateArcs } from "./search.js";
