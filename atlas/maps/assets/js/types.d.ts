// What the modules hand to one another. What a page gets from Python stands in payload.d.ts.
import type { LayerData, MapPage, Shapes } from "./payload";

/** Chinese and English. */
export type Pair = string[];

/** Shapes unpacked: feature → part (`first`), part → vertex (`start`), world units, four sides of a box a feature. */
export interface UnpackedShapes {
  size: number;
  first: Uint32Array;
  start: Uint32Array;
  xy: Float64Array;
  boxes: Float64Array;
}

export interface LineSymbol { color: string; width: number; form: string; minZoom?: number; alpha: number; }

/** A layer ready to draw. */
export interface Layer {
  key: string;
  title: Pair;
  group: string;
  geometry: string;
  on: boolean;
  size: number;
  shapes: UnpackedShapes;
  columnNames: string[];
  symbols: LayerData["symbols"];
  get(column: string, row: number): any;
  name(row: number): Pair;
  symbol(row: number): LineSymbol;
  visible(row: number): boolean;
  /** Whether it is set off: not open in the year shown, or beside the corridor chosen. */
  faint?(row: number): boolean;
}

/** A feature that was hit or is marked. */
export interface Hit { layer: Layer; row: number; d?: number; }

/** World units → px of a drawing surface. */
export interface View { scale: number; ox: number; oy: number; zoom: number; w: number; h: number; sheet?: boolean; }

/** Paints onto a canvas, or onto what takes its calls and writes SVG. */
export type Paint = (ctx: any, view: View) => void;

/** What a page holds while it is open; set by startPage() before any part runs. */
export interface PageState {
  map: any;
  data: MapPage & Record<string, any>;
  tokens: any;
  words: Record<string, Record<string, any>>;
  lang: string;
  layers: Layer[];
  backdrop: { land?: UnpackedShapes; water?: UnpackedShapes; bounds?: UnpackedShapes; box?: number[] };
  tools: HTMLElement;
  finder: HTMLElement;
  panel: HTMLElement;
  cardHost: HTMLElement;
  dock: HTMLElement;
  footer: HTMLElement;
  renderers: any[] | null;
  paints: Paint[];
  placed: any[];
  marked: Hit | null;
  /** What the item whose card is open stands for. */
  marks: Hit[];
  /** Statuses that are switched off. */
  hidden: Record<string, boolean>;
  /** Whether what opens later than the year is shown, set off. */
  additions: boolean;
  year: number | null;
  noHover: boolean;
  twin: any;
  explorer: any;
  prepareSheet: (() => void) | null;
}

/** What a page may fill in. */
export interface Hooks {
  /** A search finds what can be asked from before items of the plan. */
  placesFirst?: boolean;
  /** One sentence: what the page shows now. */
  finding?(): string;
  /** A point, [lon, lat], that the opening view keeps clear of the sides. */
  heart?(): number[];
  /** Run once when the page opens without a view in its address. */
  atFirst?(): void;
  /** Names to place, weightiest first, and lines to write under them. */
  labelsOf(): any[];
  labelLines?(label: any): string[];
  /** Of the legend on the print sheet; rows as drawLegend() takes them. */
  legendRows?(sheet?: boolean): any[];
  /** A table for the print sheet, and what stands behind the title there. */
  printRows?(): HTMLTableElement;
  subtitle?(): string;
  /** Where two states are compared: what the sheet shows of each, null where there is one; and what to do afterwards. */
  sheetViews?(): { told: string; use(): void }[] | null;
  sheetDone?(): void;
  /** Sentences under two compared maps. */
  sheetNotes?(): (string | null)[];
  /** Pixels that the page's own parts cover: left, top, right, bottom. */
  covered?(): number[];
  /** Features of the chosen corridor as `layer/id`, null for all. */
  corridor?(): string[] | null;
  /** What tests ask of a page. */
  changeOf?(row: number): string;
  minutesOf?(row: number): number | null;
  openPlace?(row: number, focus: boolean): void;
  legsOf?(row: number): any;
}

/** What the explorer's worker is asked: it answers and paints while a pin or slider moves. */
export interface Ahead {
  /** Whether it takes the question as it stands. */
  ask(): boolean;
  drop(): void;
  ready(): boolean;
  settled(): Promise<unknown>;
  /** Paints the picture made last; whether there is one. */
  paint(ctx: any, view: View): boolean;
}

/** What the parts of the explorer share: what is asked (`state`), the answers, and how things are called. */
export interface Explorer {
  readonly base: any;
  readonly sides: any;
  readonly places: Layer;
  readonly nodeOf: Map<string, number>;
  readonly nameOf: Map<string, Pair>;
  readonly known: any;
  readonly opening: any;
  readonly paint: any;
  readonly model: any;
  /** What is asked: one object as long as the page is open. */
  readonly state: any;
  readonly view: { areas: boolean; compare: string; swipe: number };
  /** The state compared with, and both answers. */
  pinned: any;
  now: any;
  was: any;
  /** The place whose way is shown. */
  chosen: string | null;
  /** The link that is being drawn. */
  draft: any;
  /** Whether a click adds an origin. */
  adding: boolean;
  /** What was asked and cannot be taken. */
  untaken: string[];
  /** Milliseconds of the last answer. */
  spent: number;
  pointOf(origin: any): number[];
  named(origin: any): string;
  originName(origin: any): string;
  yearWords(one: any): string;
  minutesAt(result: any, id: string): number;
  /** How two states are shown: on a phone never side by side. */
  comparing(): string;
  featureName(id: string): string;
  placeRows(): { row: number; id: string; name: string; level: string; city: string; min: number | null }[];
  untakenWords(): string;
  told(one: any): string;
  closedRows(one: any): number[];
  idOf(hit: Hit): string;
  pointAt(id: string): any[];
  /** Whether what a list hangs on has changed since it was last filled. */
  asksAnew(list: string, what: unknown): boolean;
  asksLike(list: string, what: unknown): void;
  write(): void;
  answerPinned(): void;
  change: ((more: any, quick?: boolean) => void) | null;
  /** One origin more, where there are not too many. */
  addOrigin: ((origin: any) => void) | null;
  show: (() => void) | null;
  open: ((id: string, focus: boolean) => void) | null;
  worker: Ahead | null;
}

declare global {
  /** Leaflet, which stands in the page before the scripts. */
  const L: any;
  interface Element {
    saidText?(): string;
    labels_?: [string, string | (() => string)][];
    checked?: boolean;
    focus(options?: FocusOptions): void;
  }
}
