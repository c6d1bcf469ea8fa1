/* The explorer's worker: while a pin or a slider moves it answers and paints, so that the page never waits. */
import { answerer } from "./answer.js";
import { unpack } from "../engine/engine.js";
import { explorePaint } from "./paint.js";

/** @type {any} */
const here = self;
/** @type {any} */
let model = null;
let pinned = { key: "", result: /** @type {any} */ (null) };

/* First what the page was given, then one question after the other: {state, pinned, compare, areas, view, dpr}. */
here.onmessage = function (event) {
  const asked = event.data;
  if (asked.engine) {
    unpack(asked.engine).then(function (base) {
      model = answerer(base, asked.parameters, new Map(asked.nodes), explorePaint(base, { tokens: asked.tokens, explore: { shapes: asked.shapes }, forward: asked.forward }));
      here.postMessage({ ready: true });
    });
    return;
  }
  const result = model.answer(asked.state), view = asked.view, canvas = new OffscreenCanvas(asked.dpr * view.w, asked.dpr * view.h), ctx = /** @type {any} */ (canvas.getContext("2d"));
  const key = JSON.stringify(asked.pinned);
  if (asked.pinned && pinned.key !== key) pinned = { key: key, result: model.answer(asked.pinned) };
  ctx.setTransform(asked.dpr, 0, 0, asked.dpr, 0, 0);
  if (asked.pinned && asked.compare === "change" && result.cells) model.paintChange(ctx, view, result, asked.state, pinned.result, true);
  else if (asked.pinned && asked.compare === "swipe") {
    [[0, asked.edge, pinned.result, asked.pinned], [asked.edge, view.w - asked.edge, result, asked.state]].forEach(function (part) {
      ctx.save();
      ctx.beginPath();
      ctx.rect(part[0], 0, part[1], view.h);
      ctx.clip();
      model.paintOne(ctx, view, part[2], part[3], asked.areas, true);
      ctx.restore();
    });
  } else model.paintOne(ctx, view, result, asked.state, asked.areas, true);
  const picture = canvas.transferToImageBitmap();
  here.postMessage({ turn: asked.turn, node: result.node, inside: result.inside, curve: result.curve, lost: result.lost, picture: picture, view: view }, [picture]);
};
