/**
 * Flip in place: while a key is held, the pane under the pointer shows another one's picture.
 *
 * @import { Pane } from "../panels/pane.js"
 * @import { State } from "../state/types.js"
 */
import { comparisonFor } from "../panels/places.js";

/**
 * @param {{state: () => State, pane: () => Pane|undefined, panes: () => Pane[]}} page  `pane`: under the pointer
 * @returns {(on: boolean) => void}
 */
export function createBlink({ state, pane, panes }) {
  /** @type {Pane|undefined} */
  let changed;
  return (on) => {
    changed?.flip(null);
    changed = undefined;
    const under = on ? pane() : undefined;
    if (!under) return;
    const ids = panes().map(({ id }) => id);
    const other = comparisonFor(under.id, state(), ids);
    const shown = panes().find(({ id }) => id === other);
    if (!shown?.shown) return;
    changed = under;
    under.flip(shown);
  };
}
