/**
 * What is done with a frame or a method that was found by its name.
 *
 * @import { Store } from "../state/store.js"
 * @import { Use } from "../panels/find-method.js"
 */
import { notify } from "../panels/notice.js";
import { visibleMethods } from "../state/selectors.js";

/** @param {Store} store @param {number} index */
export const goToFrame = (store, index) => store.dispatch({ type: "frame/go", index });

/** A method that is not on show is shown first, after the others. @param {Store} store @param {string} id @param {Use} use */
export function useMethod(store, id, use) {
  const shown = visibleMethods(store.get()).map((method) => method.id);
  if (use === "only") return store.dispatch({ type: "targets/set", targets: [id] });
  if (!shown.includes(id)) store.dispatch({ type: "targets/set", targets: [...shown, id] });
  const methods = visibleMethods(store.get());
  const number = methods.findIndex((method) => method.id === id) + 1;
  if (use === "reference") {
    store.dispatch({ type: "view/set", change: { reference: number } });
    notify(`${methods[number - 1]?.label} is the reference.`);
  } else if (store.get().view.diff !== number) store.dispatch({ type: "diff/toggle", target: number });
}
