/**
 * Which methods are on show.
 *
 * @import { Command, Page } from "./command.js"
 */
import { notify } from "../../panels/notice.js";
import { visibleMethods } from "../../state/selectors.js";

/** @param {Page} page @returns {Record<string, Command>} */
export function methodCommands({ store, methodsMenu, toggleOverlay }) {
  const show = (/** @type {string[]} */ targets) => store.dispatch({ type: "targets/set", targets });
  const shown = () => visibleMethods(store.get()).map((method) => method.id);
  /** Without these, or a word about why that can't be. @param {string[]} ids */
  const hide = (ids) => {
    const left = shown().filter((id) => !ids.includes(id));
    if (left.length) show(left);
    else notify("At least one method must stay on show.");
  };
  return {
    methods: ({ element }) => element && methodsMenu.toggle(element, store.get()),
    "find-method": () => toggleOverlay("find-method"),
    "all-methods": () => show([]),
    "no-methods": () => methodsMenu.clear(),
    "fitting-methods": () => show(methodsMenu.fitting()),
    "only-method": ({ element }) => show([element?.closest("li")?.dataset.method ?? ""]),
    "method-family": ({ element }) => {
      const methods = store.get().gallery?.methods ?? [];
      const ids = methods.filter(({ family }) => family === element?.dataset.family).map(({ id }) => id);
      const more = ids.filter((id) => !shown().includes(id));
      if (more.length) show([...shown(), ...more]);
      else hide(ids);
    },
  };
}
