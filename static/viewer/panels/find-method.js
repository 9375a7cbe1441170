/**
 * Finding a method by a few letters of its name: also those beyond the ninth, which have no key.
 *
 * @import { Method, State } from "../state/types.js"
 * @import { Choice, Finding } from "./finder.js"
 */
import { ranked } from "../state/fuzzy.js";
import { visibleMethods } from "../state/selectors.js";
import { colourOf } from "./names.js";

/** @typedef {Choice & {method: Method}} MethodChoice */
/** @typedef {"compare"|"reference"|"only"} Use */

/** @param {State} state @param {(id: string, use: Use) => void} use @returns {Finding} */
export function methodFinding(state, use) {
  const shown = visibleMethods(state);
  const methods = state.gallery?.methods ?? [];
  const noteOf = (/** @type {Method} */ method) => {
    const number = shown.indexOf(method) + 1;
    return number ? String(number) : "not on show";
  };
  return {
    title: "Find a method",
    hint: "Enter: difference to it. Shift Enter: keep it as the reference. Ctrl Enter: show only this one.",
    search: (query) => ({
      choices: ranked(query, methods, ({ label, id }) => `${label} ${id === label ? "" : id}`).map(
        (method) => ({
          name: method.label,
          note: noteOf(method),
          colour: colourOf(method),
          method,
        }),
      ),
      more: 0,
    }),
    choose(choice, { shiftKey, ctrlKey, metaKey }) {
      const { method } = /** @type {MethodChoice} */ (choice);
      use(method.id, ctrlKey || metaKey ? "only" : shiftKey ? "reference" : "compare");
    },
  };
}
