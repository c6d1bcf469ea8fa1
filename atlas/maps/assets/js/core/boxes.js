/* Boxes on the screen: where a name finds room. A box is [left, top, right, bottom], px. */

/**
 * Whether two boxes overlap; touching is not overlapping.
 * @param {number[]} a
 * @param {number[]} b
 */
export function overlap(a, b) { return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]; }

const GAP = 7;

/**
 * The first free spot for a name at a point: right of it, left, above, below.
 * @param {{x: number, y: number}} at
 * @param {number} width
 * @param {number} height
 * @param {{w: number, h: number}} view
 * @param {number[][]} taken
 * @param {number} [gap] px between point and name
 * @returns {{box: number[], align: "left" | "right" | "center"} | null}
 */
export function freeSpot(at, width, height, view, taken, gap = GAP) {
  const spots = [[gap, -height / 2], [-gap - width, -height / 2], [-width / 2, -height - gap], [-width / 2, gap]];
  for (let i = 0; i < spots.length; i++) {
    const box = [at.x + spots[i][0] - 2, at.y + spots[i][1] - 1, at.x + spots[i][0] + width + 2, at.y + spots[i][1] + height + 1];
    if (box[0] < 0 || box[1] < 0 || box[2] > view.w || box[3] > view.h || taken.some(function (other) { return overlap(box, other); })) continue;
    return { box: box, align: i === 1 ? "right" : i === 0 ? "left" : "center" };
  }
  return null;
}
