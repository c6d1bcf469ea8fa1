// Made by scripts/payload_types.py from atlas/maps/payload.py; scripts/bundle renews it.

/** Land, water, ordinary roads and boundaries, and the box within which they are drawn. */
export interface Backdrop {
  land?: Shapes;
  water?: Shapes;
  roads?: Shapes;
  bounds?: Shapes;
  box?: number[];
}

/** What every map page gets from its builder. */
export interface Common {
  words: Record<string, Record<string, any>>;
  tokens: Record<string, any>;
  backdrop: Backdrop;
  waters: any[][];
  layers: LayerData[];
  plan: Plan;
  simple: string[];
  sources: Record<string, string[]>;
  years: number[];
  today: number | null;
  meta: Meta;
}

/** Names of the two scenarios, and the projects between them. */
export interface CompareData {
  scenarios: string[];
  projects: Project[];
}

/** The compare page: a reach an origin, its scenarios the two that are compared. */
export interface ComparePage {
  words: Record<string, Record<string, any>>;
  tokens: Record<string, any>;
  backdrop: Backdrop;
  waters: any[][];
  layers: LayerData[];
  plan: Plan;
  simple: string[];
  sources: Record<string, string[]>;
  years: number[];
  today: number | null;
  meta: Meta;
  links: any[][];
  kind: string;
  lang: string;
  title: string[];
  bounds: number[];
  hash: string;
  basemap?: Record<string, any>;
  reaches: ReachData[];
  compare: CompareData;
}

/** The packed model, and how its parts are called; see :func:`atlas.maps.pages.explore.explore_data`. */
export interface ExploreData {
  engine: Record<string, any>;
  shapes: Shapes;
  forward: string;
  nodes: number[][];
  prefix: Record<string, string>;
  names: string;
  nodeNames: string;
  sides: string;
  parameters: any[][];
  main: string[];
  linkClasses: any[][];
  targets: Record<string, any>[];
  bandMin: number;
  opening: any[];
}

/** The explorer. */
export interface ExplorePage {
  words: Record<string, Record<string, any>>;
  tokens: Record<string, any>;
  backdrop: Backdrop;
  waters: any[][];
  layers: LayerData[];
  plan: Plan;
  simple: string[];
  sources: Record<string, string[]>;
  years: number[];
  today: number | null;
  meta: Meta;
  links: any[][];
  kind: string;
  lang: string;
  title: string[];
  bounds: number[];
  hash: string;
  basemap?: Record<string, any>;
  explore: ExploreData;
}

/** What a scenario rests on: how many features, how many of them assumed or announced, and its conventions. */
export interface Header {
  features: number;
  assumed: number;
  announced: number;
  boarding: string;
  period: string;
  timetable: string;
  hash: string;
}

/** A layer: its columns by name, its symbols (colour, width, form, zoom from which, alpha) by kind. */
export interface LayerData {
  key: string;
  title: string[];
  group: string;
  geometry: string;
  on: boolean;
  count: number;
  shapes: Shapes;
  columns: Record<string, Record<string, any>>;
  symbols: Record<string, any[]>;
}

/** A leg of a journey as it stands in `ReachData.legs`, eleven whole numbers in this order. */
export type Leg = [role: number, name_zh: number, name_en: number, from_name: number, to_name: number, calls: number, plan_ids: number, length_100m: number, milliminutes: number, wait_tenths_min: number, border_tenths_min: number];

/** A map page: what its builder gives, and what :class:`atlas.maps.page.Page` adds. The atlas page has no more. */
export interface MapPage {
  words: Record<string, Record<string, any>>;
  tokens: Record<string, any>;
  backdrop: Backdrop;
  waters: any[][];
  layers: LayerData[];
  plan: Plan;
  simple: string[];
  sources: Record<string, string[]>;
  years: number[];
  today: number | null;
  meta: Meta;
  links: any[][];
  kind: string;
  lang: string;
  title: string[];
  bounds: number[];
  hash: string;
  basemap?: Record<string, any>;
}

/** Minutes between places, by scenario, mode, row and column. */
export interface MatrixData {
  places: string[][];
  scenarios: string[];
  modes: string[];
  minutes: string;
  routes: number[][];
  legs: number[][];
  texts: string[];
  english: Record<string, string>;
}

/** A leg of a journey as it stands in `MatrixData.legs`; the first five are rows of `MatrixData.texts`. */
export type MatrixLeg = [role: number, name_zh: number, name_en: number, from_name: number, to_name: number, length_100m: number, tenths_min: number];

/** The matrix page. */
export interface MatrixPage {
  tokens: Record<string, any>;
  words: Record<string, string[]>;
  matrix: MatrixData;
}

/** Who made the map, when, its approval number and the number of the sheet. */
export interface Meta {
  author: string;
  date: string;
  approval: string;
  number: string;
}

/** Items by id, the features of each corridor as ``layer/id``, and the axes: id, names, words, features. */
export interface Plan {
  items: Record<string, PlanItem>;
  corridors: Record<string, string[]>;
  axes: any[][];
}

/** An item of the plan, from :func:`atlas.maps.sheets.items.pack_items`. */
export interface PlanItem {
  n: string[];
  s: string[];
  w: string;
  k: string;
  t: string;
  d: string;
  q: string;
  y: number | null;
  b: string;
  c: string;
  cy: number | null;
  x: string;
  ct: string[];
  f: string[];
  r: string[];
  a: string[];
  v: string[];
}

/** The plan list: words, items, names of their features and layers, and the address of the atlas page. */
export interface PlanPage {
  words: Record<string, Record<string, string[]>>;
  items: Record<string, PlanItem>;
  features: Record<string, string[]>;
  layers: Record<string, string[]>;
  simple: string[];
  atlas: string;
}

/** A project that makes a difference from one origin between two scenarios: to how many places it saves time. */
export interface Project {
  mode: string;
  origin: number;
  name: string[];
  year: number | null;
  basis: string;
  pairs: number;
}

/** Minutes from one origin, by combination of scenario, mode and parameter set: ``(s * modes + m) * sets + p``. */
export interface ReachData {
  origin: string[];
  at: number[];
  own: string;
  scenarios: string[];
  headers: Header[];
  modes: string[];
  sets: string[];
  opening: string[];
  cutoffs: number[];
  parameters: any[][];
  minutes: string;
  shapes: Shapes;
  kinds: string;
  lines: string[];
  runs: string[];
  inside: number[][][];
  texts: string[];
  english: Record<string, string>;
  legs: string;
  lines_: string;
  line_counts: string;
  journeys: string;
  journey_counts: string;
  areas?: Shapes[];
}

/** The reach page. */
export interface ReachPage {
  words: Record<string, Record<string, any>>;
  tokens: Record<string, any>;
  backdrop: Backdrop;
  waters: any[][];
  layers: LayerData[];
  plan: Plan;
  simple: string[];
  sources: Record<string, string[]>;
  years: number[];
  today: number | null;
  meta: Meta;
  links: any[][];
  kind: string;
  lang: string;
  title: string[];
  bounds: number[];
  hash: string;
  basemap?: Record<string, any>;
  reach: ReachData;
}

/** Points, lines or areas: units a degree, steps from vertex to vertex, vertices a part, parts a feature. */
export interface Shapes {
  scale: number;
  c: string;
  p?: string;
  n?: string;
}
