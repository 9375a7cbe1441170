/**
 * The range of the depth colours, taken from what is on show.
 *
 * @import { State } from "../../state/types.js"
 * @import { Command, Page } from "./command.js"
 */
import { extentOf } from "../../paint/extent.js";
import { notify } from "../../panels/notice.js";
import { rangeWithin } from "../../state/ranges.js";
import { depthScale } from "../../state/selectors.js";

/** Shares of the pixels that are left out at either end, and what the range is then called. */
const OF_FRAME = [
  { share: 0, words: "this frame" },
  { share: 0.02, words: "2–98 % of this frame" },
];

/** @param {Page} page @returns {Record<string, Command>} */
export function rangeCommands({ store, depthsOnShow }) {
  return {
    "range-next": () => {
      const known = OF_FRAME.flatMap(({ share, words }) => {
        const range = rounded(extentOf(depthsOnShow(), share));
        return range ? { range, words } : [];
      });
      const all = [{ range: null, words: "data set" }, ...known];
      const now = JSON.stringify(store.get().view.range);
      const at = all.findIndex(({ range }) => JSON.stringify(range) === now);
      const next = all[(at + 1) % all.length];
      store.dispatch({ type: "view/set", change: { range: next.range } });
      notify(rangeWords(store.get(), next.words));
    },
    "range-reset": () => store.dispatch({ type: "view/set", change: { range: null } }),
  };
}

/** @param {State} state @param {string} words */
function rangeWords(state, words) {
  const { min, max } = depthScale(state);
  return `Depth colours: ${words}, ${min} m to ${max} m`;
}

/** Three digits, not inside of the range. @param {[number, number]|null} range */
function rounded(range) {
  if (!range) return null;
  const [min, max] = range.map((value) => {
    const step = 10 ** (Math.floor(Math.log10(value)) - 2);
    return { value, step };
  });
  const down = Math.floor(min.value / min.step) * min.step;
  const up = Math.ceil(max.value / max.step) * max.step;
  return rangeWithin([Number(down.toPrecision(3)), Number(up.toPrecision(3))]);
}
