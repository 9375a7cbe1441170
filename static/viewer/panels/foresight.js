/**
 * What the next key probably asks for, computed while the page rests, so that the key only has to show it: the
 * difference to the method that was compared with last, and the next frame. A walk with a held key never rests, and a
 * difference to another method is computed when it is asked for.
 *
 * @import { Method, State } from "../state/types.js"
 * @import { Peek } from "./content.js"
 */
import { PAINTED_BYTES } from "../paint/painter.js";
import { reduce } from "../state/reducer.js";
import { visibleMethods } from "../state/selectors.js";
import { usualReference } from "../state/targets.js";
import { contentFor } from "./content.js";
import { Leisure } from "./leisure.js";

/** What is on show, and the two that may come. */
const VIEWS = 3;

export class Foresight {
  #leisure = new Leisure();
  /** Id of the method that was compared with last. @type {string|null} */
  #last = null;

  /** @param {State} state @param {Peek} peek @param {boolean} complete  whether the panes show what they should */
  update(state, peek, complete) {
    const methods = visibleMethods(state);
    if (state.view.diff) this.#last = methods[state.view.diff - 1]?.id ?? null;
    this.#leisure.spend(complete ? this.#pieces(state, methods, peek) : []);
  }

  /** @param {State} state @param {Method[]} methods @param {Peek} peek */
  #pieces(state, methods, peek) {
    const next = [
      reduce(state, { type: "diff/toggle", target: this.#target(state, methods) }),
      reduce(state, { type: "frame/step", by: 1 }),
    ];
    const shown = next.map((view) => methods.map((method) => contentFor(view, method, peek)));
    const pieces = shown.flat().flatMap((content) => (content.status === "shown" ? content : []));
    const bytes = shown[0].reduce((sum, content) => sum + bytesOf(content), 0);
    if (VIEWS * bytes > PAINTED_BYTES) return []; // it would push out what is on show
    return pieces.map(
      ({ mode, given }) =>
        () =>
          void mode.paint(null, given),
    );
  }

  /** Number of the method that a key would compare with, or no longer. @param {State} state @param {Method[]} methods */
  #target({ gallery, view }, methods) {
    const last = methods.findIndex(({ id }) => id === this.#last) + 1;
    return view.diff || last || (gallery ? usualReference({ ...view, gallery }) : 0);
  }
}

/** Of what a pane shows. @param {import("./content.js").Content} content */
function bytesOf(content) {
  if (content.status !== "shown") return 0;
  const { width, height } = content.given.pictures[0];
  return 4 * width * height;
}
