/**
 * What the next key asks for, computed while the page rests, so that the key only has to show it: the difference to the
 * method that was compared with last, the next frame, and then the differences to the other methods that have a key, for
 * which only the pixels are left to do. A walk with a held key never rests, and computes what it shows.
 *
 * @import { Method, State } from "../state/types.js"
 * @import { Peek, Shown } from "./content.js"
 */
import { DERIVED_BYTES } from "../paint/derived.js";
import { PAINTED_BYTES } from "../paint/painter.js";
import { reduce } from "../state/reducer.js";
import { visibleMethods } from "../state/selectors.js";
import { usualReference } from "../state/targets.js";
import { contentFor } from "./content.js";
import { Leisure } from "./leisure.js";

/** What is on show, and the two that may come. */
const VIEWS = 3;
/** Methods that have a number as their key. */
const KEYS = 9;
/** What of the room for differences those to the other methods may take. */
const SHARE = 0.75;

export class Foresight {
  #leisure = new Leisure();
  /** Id of the method that was compared with last. @type {string|null} */
  #last = null;

  /** @param {State} state @param {Peek} peek @param {boolean} complete  whether the panes show what they should */
  update(state, peek, complete) {
    const methods = visibleMethods(state);
    if (state.view.diff) this.#last = methods[state.view.diff - 1]?.id ?? null;
    /** @type {(() => void)[]} */
    const work = complete ? [() => void work.push(...this.#pieces(state, methods, peek))] : [];
    this.#leisure.spend(work);
  }

  /** @param {State} state @param {Method[]} methods @param {Peek} peek @returns {(() => void)[]} */
  #pieces(state, methods, peek) {
    const show = (/** @type {State} */ view) =>
      methods.flatMap((method) => {
        const content = contentFor(view, method, peek);
        return content.status === "shown" ? content : [];
      });
    const compared = (/** @type {number} */ target) => reduce(state, { type: "diff/toggle", target });
    const target = this.#target(state, methods);
    const likely = show(compared(target));
    const bytes = likely.reduce((sum, { given }) => sum + bytesOf(given.pictures[0]), 0);
    if (VIEWS * bytes > PAINTED_BYTES) return []; // it would push out what is on show
    const next = show(reduce(state, { type: "frame/step", by: 1 }));
    const others = methods.map((_method, i) => i + 1).filter((number) => number <= KEYS && number !== target);
    const fit = others.length * bytes * (state.view.signed ? 1 : 0.5) < DERIVED_BYTES * SHARE;
    return [
      ...[...likely, ...next].map(painted),
      ...(fit ? others : []).flatMap((number) => show(compared(number)).map(prepared)),
    ];
  }

  /** Number of the method that a key would compare with, or no longer. @param {State} state @param {Method[]} methods */
  #target({ gallery, view }, methods) {
    const last = methods.findIndex(({ id }) => id === this.#last) + 1;
    return view.diff || last || (gallery ? usualReference({ ...view, gallery }) : 0);
  }
}

/** Of a picture that is painted. @param {{width: number, height: number}} picture */
const bytesOf = ({ width, height }) => 4 * width * height;

/** Computes what a pane would show, pixels included. @param {Shown} content @returns {() => void} */
function painted({ mode, given }) {
  return () => void mode.paint(null, given);
}

/** Computes all but the pixels. @param {Shown} content @returns {() => void} */
function prepared({ mode, given }) {
  return () => mode.prepare?.(given);
}
