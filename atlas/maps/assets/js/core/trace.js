/* Shapes put on the path of a surface: what a page and its worker draw alike. */

/** @typedef {import("../types").UnpackedShapes} UnpackedShapes */
/** @typedef {import("../types").View} View */

/**
 * Wider as one looks closer; never so thin that it vanishes.
 * @param {number} zoom
 * @returns {number}
 */
export function zoomFactor(zoom) { return Math.max(0.62, Math.min(2.1, 0.62 + (zoom - 8) * 0.2)); }

/**
 * Put the parts of one feature on the path, leaving out vertices closer than half a pixel.
 * @param {any} ctx
 * @param {UnpackedShapes} shapes
 * @param {number} feature
 * @param {View} view
 * @param {boolean} closed
 */
export function traceFeature(ctx, shapes, feature, view, closed) {
  var xy = shapes.xy, first = shapes.first, start = shapes.start;
  for (var part = first[feature]; part < first[feature + 1]; part++) {
    var a = start[part], b = start[part + 1], lastX = 0, lastY = 0;
    for (var i = a; i < b; i++) {
      var x = xy[2 * i] * view.scale - view.ox, y = xy[2 * i + 1] * view.scale - view.oy;
      if (i === a) ctx.moveTo(x, y);
      else if (i === b - 1 || Math.abs(x - lastX) + Math.abs(y - lastY) > 0.7) ctx.lineTo(x, y);
      else continue;
      lastX = x;
      lastY = y;
    }
    if (closed) ctx.closePath();
  }
}

/**
 * Whether the box of a feature touches the view, with room for its symbol.
 * @param {UnpackedShapes} shapes
 * @param {number} feature
 * @param {View} view
 * @returns {boolean}
 */
export function inView(shapes, feature, view) {
  var b = shapes.boxes, i = 4 * feature, room = 24;
  return b[i + 2] * view.scale - view.ox > -room && b[i] * view.scale - view.ox < view.w + room &&
    b[i + 3] * view.scale - view.oy > -room && b[i + 1] * view.scale - view.oy < view.h + room;
}
