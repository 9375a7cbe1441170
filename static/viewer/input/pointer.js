/**
 * The pointer over the pictures: one place, read in all panes at once. A click marks a pixel, and so does a finger
 * that rests; a tap only reads. A press that moves is a drag, never a click.
 *
 * @import { Pane } from "../panels/pane.js"
 * @import { Cursor } from "../panels/stage.js"
 */
import { isFar, stageUnder } from "./press.js";

/** A finger that rests this long marks the pixel under it. */
const LONG_PRESS_MS = 500;

/**
 * @param {HTMLElement} root  holds the panes
 * @param {{panes: () => Pane[], onPick: (at: Cursor, pane: Pane) => void, onPane: () => void, onPoint: () => void, snap: (at: Cursor) => Cursor}} page
 *   `snap`: the place that is read for a pointer there
 */
export function installPointer(root, { panes, onPick, onPane, onPoint, snap }) {
  /** @type {PointerEvent|null} where the pointer was last seen */
  let last = null;
  /** @type {EventTarget|null} what lies there; null: to be found again, because the page has rendered since then */
  let under = null;
  /** @type {Cursor|null} another place to read, until the pointer moves */
  let kept = null;
  /** @type {Pane|undefined} the last pane that the pointer was on */
  let lastPane;
  /** @type {{event: PointerEvent, timer?: ReturnType<typeof setTimeout>}|null} a press that may become a click */
  let press = null;

  /** The pane that the pointer is on. What it was on may be gone. */
  const paneUnder = () => {
    if (last && !(under instanceof Element && under.isConnected))
      under = document.elementFromPoint(last.clientX, last.clientY);
    const element = stageUnder({ target: under });
    return panes().find((pane) => pane.stage.element === element);
  };
  /** The middle of the pixel that is read, as fractions; null beside the pictures. */
  const cursor = () => {
    const at = last && paneUnder()?.stage.cursorAt(last);
    return kept ?? (at ? snap(at) : null);
  };

  function point() {
    const at = cursor();
    for (const pane of panes()) pane.point(at);
    onPoint();
  }

  /** @param {PointerEvent|null} event */
  function seeAt(event) {
    last = event;
    under = event?.target ?? null;
    kept = null;
    if (event?.pointerType === "touch") kept = cursor(); // the finger leaves, and the pictures may move below
    point();
    const pane = event && paneUnder();
    if (!pane || pane === lastPane) return;
    lastPane = pane;
    onPane();
  }

  function pick() {
    const at = cursor();
    const pane = last && paneUnder();
    if (at && pane) onPick(at, pane);
  }

  function endPress() {
    clearTimeout(press?.timer);
    press = null;
  }

  root.addEventListener("pointermove", (event) => {
    if (press && isFar(press.event, event)) endPress();
    if (event.pointerType !== "touch") seeAt(event);
  });
  root.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "touch") seeAt(null);
  });
  root.addEventListener("pointerdown", (event) => {
    const second = press !== null;
    endPress(); // two fingers are no tap
    if (second || event.button !== 0 || !stageUnder(event)) return;
    press = { event };
    if (event.pointerType !== "touch") return;
    press.timer = setTimeout(() => {
      endPress();
      seeAt(event);
      pick();
    }, LONG_PRESS_MS);
  });
  root.addEventListener("pointercancel", endPress);
  root.addEventListener("pointerup", (event) => {
    if (!press) return;
    endPress();
    seeAt(event);
    if (event.pointerType !== "touch") pick();
  });
  root.addEventListener("contextmenu", (event) => {
    // The menu that a resting finger opens would lie over what it just asked for.
    if (event instanceof PointerEvent && event.pointerType === "touch") event.preventDefault();
  });

  return {
    /** Read the panes again, after they show something else. */
    refresh() {
      under = null;
      point();
    },
    cursor,
    /** Read another place, until the pointer moves. @param {Cursor} at */
    put(at) {
      kept = at;
      point();
    },
    lastPane: () => lastPane,
    /** The pane under the pointer, and where on the screen. */
    over: () => {
      const pane = last && !kept && cursor() ? paneUnder() : undefined;
      return last && pane ? { pane, point: last } : null;
    },
  };
}
