/* Unpack what atlas/maps/packing.py packed: integers, shapes in Mercator world units, columns. */
import { own } from "./own.js";
import { worldX, worldY } from "./mercator.js";

/** @typedef {import("../payload").Shapes} Shapes */

var CODE = new Int16Array(128).fill(-1);
"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".split("").forEach(function (letter, i) {
  CODE[letter.charCodeAt(0)] = i;
});

/** @param {string} text @returns {number[]} */
export function integers(text) {
  /** @type {number[]} */
  var out = []; var value = 0, place = 1;
  for (var i = 0; i < text.length; i++) {
    var bits = CODE[text.charCodeAt(i)];
    if (bits < 32) {
      value += bits * place;
      out.push(value % 2 ? -(value + 1) / 2 : value / 2);
      value = 0;
      place = 1;
    } else {
      value += (bits - 32) * place;
      place *= 32;
    }
  }
  return out;
}

/** {size, first: feature → part, start: part → vertex, xy, boxes: 4 a feature} @param {Shapes} packed @returns {import("../types").UnpackedShapes} */
export function unpackShapes(packed) {
  var steps = integers(packed.c), points = steps.length / 2;
  var sizes = packed.p ? integers(packed.p) : null, parts = sizes ? sizes.length : points;
  var counts = packed.n ? integers(packed.n) : null, size = counts ? counts.length : parts;
  var start = new Uint32Array(parts + 1), first = new Uint32Array(size + 1), i;
  for (i = 0; i < parts; i++) start[i + 1] = start[i] + (sizes ? sizes[i] : 1);
  for (i = 0; i < size; i++) first[i + 1] = first[i] + (counts ? counts[i] : 1);
  var xy = new Float64Array(2 * points), x = 0, y = 0;
  for (i = 0; i < points; i++) {
    x += steps[2 * i];
    y += steps[2 * i + 1];
    xy[2 * i] = worldX(x / packed.scale);
    xy[2 * i + 1] = worldY(y / packed.scale);
  }
  var boxes = new Float64Array(4 * size);
  for (var f = 0; f < size; f++) {
    var w = Infinity, n = Infinity, e = -Infinity, s = -Infinity;
    for (i = start[first[f]]; i < start[first[f + 1]]; i++) {
      w = Math.min(w, xy[2 * i]); e = Math.max(e, xy[2 * i]);
      n = Math.min(n, xy[2 * i + 1]); s = Math.max(s, xy[2 * i + 1]);
    }
    boxes.set([w, n, e, s], 4 * f);
  }
  return { size: size, first: first, start: start, xy: xy, boxes: boxes };
}

/**
 * A column as a function row → value.
 * @param {{v: any[], i?: string}} column
 * @returns {(row: number) => any}
 */
function reader(column) {
  if (column.i === undefined) return function (row) { return column.v[row]; };
  var places = Int32Array.from(integers(column.i));
  return function (row) { return column.v[places[row]]; };
}

/** @param {Record<string, any>} packed @returns {(name: string, row: number) => any} */
export function unpackColumns(packed) {
  /** @type {Record<string, (row: number) => any>} */
  var readers = Object.create(null);
  Object.keys(packed).forEach(function (name) { readers[name] = reader(packed[name]); });
  return function (name, row) {
    var value = readers[name] ? readers[name](row) : null;
    return value === undefined ? null : value;
  };
}

/** A layer ready to draw: shapes, values, symbol and form of each feature. @param {import("../payload").LayerData} packed @returns {import("../types").Layer} */
export function unpackLayer(packed) {
  /** @type {any} */
  var layer = {
    key: packed.key, title: packed.title, group: packed.group, geometry: packed.geometry, on: packed.on,
    shapes: unpackShapes(packed.shapes), get: unpackColumns(packed.columns),
    columnNames: Object.keys(packed.columns), symbols: packed.symbols
  };
  layer.size = layer.shapes.size;
  layer.name = function (/** @type {number} */ row) { return [layer.get("name_zh", row), layer.get("name_en", row)]; };
  layer.symbol = function (/** @type {number} */ row) {
    var symbol = own(packed.symbols, layer.get("kind", row)) || packed.symbols[""];
    return { color: symbol[0], width: symbol[1], form: symbol[2], minZoom: symbol[3], alpha: symbol[4] };
  };
  layer.visible = function () { return true; };
  return layer;
}
