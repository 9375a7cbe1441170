/**
 * Differences, and distributions at a pixel.
 *
 * @import { State } from "../../state/types.js"
 * @import { View } from "../../state/fields.js"
 * @import { Command, Given, Page } from "./command.js"
 */
import { notify } from "../../panels/notice.js";
import { DEFAULT_VIEW } from "../../state/fields.js";
import { currentFrame, missingFor, visibleMethods } from "../../state/selectors.js";

/** @param {Page} page @returns {Record<string, Command>} */
export function compareCommands({ store, toggleDock, pixelUnderCursor, moveCursor, boxTool }) {
  const set = (/** @type {Partial<View>} */ change) => store.dispatch({ type: "view/set", change });
  const move =
    (/** @type {number} */ dx, /** @type {number} */ dy) =>
    (/** @type {Given} */ { repeat }) =>
      moveCursor(dx, dy, repeat);
  const toggle = (/** @type {View["mode"]} */ mode) => () => {
    const missing = missingFor(store.get(), mode);
    if (missing) notify(missing);
    else store.dispatch({ type: "mode/toggle", mode });
  };
  const toggleProbe = (/** @type {View["panel"]} */ panel) => () =>
    set({ panel: store.get().view.panel === panel ? "none" : panel });
  const compareTo = (/** @type {Given} */ { number }) => {
    const count = visibleMethods(store.get()).length;
    if (number <= count) store.dispatch({ type: "diff/toggle", target: number });
    else if (count) notify(tooFew(count, number));
  };
  return {
    "toggle-diff": compareTo,
    "compare-to": compareTo,
    reference: ({ number }) => {
      const { view } = store.get();
      const method = visibleMethods(store.get())[number - 1];
      if (!method) return notify(tooFew(visibleMethods(store.get()).length, number));
      const kept = view.reference !== number;
      set({ reference: kept ? number : 0 });
      notify(kept ? `${method.label} is the reference ${WHAT_FOR}.` : `No reference is kept ${WHAT_FOR}.`);
    },
    relative: toggle("relative"),
    delta: toggle("delta1"),
    error: toggle("error"),
    gain: toggle("gain"),
    "next-box": () => {
      const { box } = store.get().view;
      const at = NAMED_BOXES.findIndex((name) => name === box);
      set({ box: NAMED_BOXES[(at + 1) % NAMED_BOXES.length] });
    },
    "draw-box": () => {
      for (const menu of document.querySelectorAll(":popover-open"))
        if (menu instanceof HTMLElement) menu.hidePopover();
      boxTool.toggle();
    },
    "count-usual": () => set({ box: DEFAULT_VIEW.box, cap: DEFAULT_VIEW.cap, truth: DEFAULT_VIEW.truth }),
    "diff-off": () => set({ mode: DEFAULT_VIEW.mode }),
    "toggle-signed": () => set({ signed: !store.get().view.signed }),
    signed: () => set({ signed: true }),
    absolute: () => set({ signed: false }),
    distributions: () =>
      set({ pixel: store.get().view.pixel ? null : (pixelUnderCursor() ?? middle(store.get())) }),
    "close-distributions": () => set({ pixel: null }),
    values: toggleProbe("table"),
    profile: toggleProbe("profile"),
    "close-probe": () => set({ panel: "none" }),
    dock: () => toggleDock(),
    axis: () => set({ axis: store.get().view.axis === "log" ? "linear" : "log" }),
    "pixel-left": move(-1, 0),
    "pixel-right": move(1, 0),
    "pixel-up": move(0, -1),
    "pixel-down": move(0, 1),
    escape: () => {
      const { box, panel, pixel, mode } = store.get().view;
      const menu = document.querySelector(":popover-open");
      if (menu instanceof HTMLElement) menu.hidePopover();
      else if (boxTool.cancel()) return;
      else if (panel !== "none") set({ panel: "none" });
      else if (pixel) set({ pixel: null });
      else if (typeof box !== "string") set({ box: "none" });
      else if (mode !== DEFAULT_VIEW.mode) set({ mode: DEFAULT_VIEW.mode });
    },
  };
}

/** The boxes that a key walks through. */
const NAMED_BOXES = /** @type {const} */ (["none", "garg", "eigen"]);

/** What a kept reference is for, in words. */
const WHAT_FOR = "of relative differences, δ and gain";

/** @param {number} count @param {number} number */
const tooFew = (count, number) =>
  `There ${count === 1 ? "is one method" : `are ${count} methods`} on show, so there is no number ${number}.`;

/** @param {State} state @returns {[number, number]|null} */
function middle(state) {
  const frame = currentFrame(state);
  return frame ? [Math.floor(frame.width / 2), Math.floor(frame.height / 2)] : null;
}
