/**
 * Dragging a box over a picture: its pixels count in the numbers of all panes. It begins with Shift, or after the tool
 * was taken, which a finger needs. The box counts when it is complete; a press that doesn't move draws none.
 *
 * @import { BoxChoice, Size } from "../paint/boxes.js"
 * @import { Pane } from "../panels/pane.js"
 * @import { Stage } from "../panels/stage.js"
 *
 * @typedef {object} Page
 * @property {() => Pane[]} panes
 * @property {() => Size|null} size  of the depth that numbers are measured against
 * @property {(box: BoxChoice|null) => void} onDraw  while it is dragged; null: no longer
 * @property {(box: [number, number, number, number]) => void} onBox  The pixels of that depth.
 * @property {(taken: boolean) => void} onTool  It was taken, or put back.
 */
import { boxBetween } from "../paint/boxes.js";
import { isFar, stageUnder } from "./press.js";

/** @param {HTMLElement} root  holds the panes @param {Page} page */
export function installBox(root, { panes, size, onDraw, onBox, onTool }) {
  let taken = false;
  /** @type {{from: PointerEvent, stage: Stage, box: [number, number, number, number]|null}|null} */
  let drag = null;

  /** @param {boolean} on */
  function take(on) {
    if (on === taken) return;
    taken = on;
    if (on) root.dataset.tool = "box";
    else delete root.dataset.tool;
    onTool(on);
  }

  function drop() {
    drag = null;
    onDraw(null);
  }

  // In the capturing phase, so that the press is neither a click nor moves the picture.
  root.addEventListener(
    "pointerdown",
    (event) => {
      if (!taken && !event.shiftKey) return;
      const element = stageUnder(event);
      const stage = panes().find((pane) => pane.stage.element === element)?.stage;
      if (!stage || event.button !== 0) return;
      event.stopPropagation();
      event.preventDefault();
      if (drag) return drop(); // a second finger
      stage.element.setPointerCapture(event.pointerId);
      drag = { from: event, stage, box: null };
    },
    { capture: true },
  );
  root.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drag?.from.pointerId || (!drag.box && !isFar(drag.from, event))) return;
    const [depth, a, b] = [size(), drag.stage.nearestTo(drag.from), drag.stage.nearestTo(event)];
    drag.box = depth && a && b && boxBetween(a, b, depth);
    onDraw(drag.box);
  });
  root.addEventListener("pointerup", (event) => {
    if (event.pointerId !== drag?.from.pointerId) return;
    const { box } = drag;
    drop();
    if (!box) return;
    take(false);
    onBox(box);
  });
  root.addEventListener("pointercancel", drop);

  return {
    toggle: () => take(!taken),
    /** Put the tool back and drop what is being dragged; whether there was anything. */
    cancel() {
      if (!taken && !drag) return false;
      drop();
      take(false);
      return true;
    },
  };
}
