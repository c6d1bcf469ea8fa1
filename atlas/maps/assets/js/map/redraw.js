/* Paint again: once a frame, whoever asks. */
import { fire } from "../core/events.js";
import { page } from "../core/page.js";

var waiting = false, groundToo = false;
/* Paint content and names again; the ground, which is the costly part, only where asked: it changes with the view
   alone, and then the map itself asks. */
export function redraw(ground) {
  groundToo = groundToo || ground === true;
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(function () {
    var some = groundToo ? page.renderers : page.renderers.slice(1);
    waiting = groundToo = false;
    some.forEach(function (renderer) { renderer.redraw(); });
    fire("drawn");
  });
}
