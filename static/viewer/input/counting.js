/**
 * The fields of the popover "Count": which method is the truth, between which depths, and in which pixels.
 *
 * @import { Store } from "../state/store.js"
 * @import { Field } from "./controls.js"
 */
import { notify } from "../panels/notice.js";
import { parseBox, parseRange } from "../state/query.js";
import { statRuleOf } from "../state/selectors.js";

/** What a changed field does, by `data-action`. @type {Record<string, (store: Store, field: Field) => void>} */
export const COUNTING_FIELDS = {
  truth: (store, { value }) => store.dispatch({ type: "view/set", change: { truth: value || null } }),
  box: (store, { value }) => store.dispatch({ type: "view/set", change: { box: parseBox(value) } }),
  "own-box": changeOwnBox,
  "cap-min": changeCap,
  "cap-max": changeCap,
};

/** @param {Store} store @param {Field} field */
function changeOwnBox(store, field) {
  const box = field.value.trim() === "" ? "none" : parseBox(field.value);
  if (box) return store.dispatch({ type: "view/set", change: { box } });
  const wanted = "four whole numbers: left, top, width and height in pixels, such as 100, 50, 300, 120";
  notify(`“${field.value}” is no box. It needs ${wanted}.`, { error: true });
}

/** @param {Store} store @param {Field} field */
function changeCap(store, field) {
  const [min, max] = statRuleOf(store.get()).cap;
  const asked = field.dataset.action === "cap-min" ? [field.value, max] : [min, field.value];
  const cap = field.value === "" ? undefined : parseRange(asked.join(".."));
  if (cap) return store.dispatch({ type: "view/set", change: { cap } });
  const words = field.value === "" ? "Nothing" : `${asked[0]} m to ${asked[1]} m`;
  field.value = String(field.dataset.action === "cap-min" ? min : max);
  notify(`${words} is not possible: the nearest depth that counts must be below the farthest.`, {
    error: true,
  });
}
