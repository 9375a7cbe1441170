/**
 * Zooming and dragging the pictures, all panes at once: with the wheel about the pointer, by dragging, with two
 * fingers. With Shift held a drag draws a box (box.js).
 *
 * @import { Pane } from "../panels/pane.js"
 * @import { Stage } from "../panels/stage.js"
 * @import { Window } from "../state/window.js"
 *
 * @typedef {object} Page
 * @property {() => Pane[]} panes
 * @property {() => boolean} isZoomed
 * @property {(window: Window) => void} onWindow  The panes follow at once, so that the next step starts from there.
 */
import { rescaled, snapped } from "../state/window.js";
import { isFar, stageUnder } from "./press.js";

/** Pixels of a wheel that double the scale. A notch is about 100, a pinch on a touchpad comes in small steps. */
const WHEEL_DOUBLES = 240;
const PINCH_DOUBLES = 70;
/** Pixels in a line and in a page of the wheel, for browsers that count in these. */
const WHEEL_UNITS = [1, 33, 800];

/** @param {HTMLElement} root  holds the panes @param {Page} page */
export function installZoom(root, page) {
  const stageOf = (/** @type {Event} */ event) => {
    const element = stageUnder(event);
    return page.panes().find((pane) => pane.stage.element === element)?.stage;
  };
  root.addEventListener("wheel", (event) => onWheel(event, root, stageOf(event), page), { passive: false });
  installDrag(root, stageOf, page);
  // Two fingers on a picture would also scroll the page.
  const holdPage = (/** @type {TouchEvent} */ event) => event.touches.length > 1 && event.preventDefault();
  root.addEventListener("touchmove", holdPage, { passive: false });
}

/** @param {WheelEvent} event @param {HTMLElement} root @param {Stage|undefined} stage @param {Page} page */
function onWheel(event, root, stage, page) {
  const scrolls =
    root.scrollHeight > root.clientHeight && !page.isZoomed() && !event.ctrlKey && !event.metaKey;
  if (!stage || scrolls || event.deltaY === 0) return;
  event.preventDefault();
  const delta = event.deltaY * WHEEL_UNITS[event.deltaMode];
  const factor = 2 ** (-delta / (event.ctrlKey && Math.abs(delta) < 50 ? PINCH_DOUBLES : WHEEL_DOUBLES));
  const isNotch = Math.abs(delta) >= 80;
  const next = (/** @type {number} */ scale, /** @type {number} */ fit) => {
    const free = rescaled(scale, factor, fit);
    return isNotch && free !== fit ? snapped(free) : free;
  };
  page.onWindow(stage.zoomed(next, event));
}

/** @param {HTMLElement} root @param {(event: Event) => Stage|undefined} stageOf @param {Page} page */
function installDrag(root, stageOf, page) {
  /** @type {Map<number, PointerEvent>} fingers, or the mouse, where they were last seen */
  const held = new Map();
  /** @type {Stage|undefined} */
  let stage;
  let dragging = false;

  root.addEventListener("pointerdown", (event) => {
    const under = stageOf(event);
    if (!under || event.button > 1 || (held.size > 0 && under !== stage)) return;
    stage = under;
    held.set(event.pointerId, event);
    dragging = held.size > 1;
  });
  root.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before || !stage || (held.size === 1 && !page.isZoomed())) return;
    if (!dragging && !isFar(before, event)) return;
    if (!dragging || held.size > 1) stage.element.setPointerCapture(event.pointerId);
    dragging = true;
    root.dataset.dragging = "true";
    const was = spreadOf([...held.values()]);
    held.set(event.pointerId, event);
    const is = spreadOf([...held.values()]);
    // The scale first: the whole picture has nowhere to go before it is larger.
    if (was.size > 0) {
      const factor = is.size / was.size;
      page.onWindow(stage.zoomed((scale, fit) => rescaled(scale, factor, fit), was));
    }
    page.onWindow(stage.dragged(is.clientX - was.clientX, is.clientY - was.clientY));
  });
  const release = (/** @type {PointerEvent} */ event) => {
    held.delete(event.pointerId);
    if (held.size > 0) return;
    dragging = false;
    delete root.dataset.dragging;
  };
  root.addEventListener("pointerup", release);
  root.addEventListener("pointercancel", release);
}

/** The middle of some pointers, and how far two of them are apart. @param {PointerEvent[]} pointers */
function spreadOf(pointers) {
  const [a, b = a] = pointers;
  return {
    clientX: (a.clientX + b.clientX) / 2,
    clientY: (a.clientY + b.clientY) / 2,
    size: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
  };
}
