/**
 * How the panes share the window.
 *
 * @import { Command, Page } from "./command.js"
 */
import { besideOf, focusOf, neighbour } from "../../panels/places.js";
import { visibleMethods } from "../../state/selectors.js";

/** @param {Page} page @returns {Record<string, Command>} */
export function layoutCommands({ store, blink }) {
  const ids = () => visibleMethods(store.get()).map(({ id }) => id);
  /** From the grid the first press shows the method that is first. @param {1|-1} by */
  const turn = (by) => () => {
    const state = store.get();
    const focus = focusOf(state, ids());
    if (state.view.layout === "grid")
      return store.dispatch({ type: "view/set", change: { layout: "solo", focus } });
    const except = state.view.layout === "split" ? besideOf(state, ids()) : null;
    store.dispatch({ type: "view/set", change: { focus: neighbour(ids(), focus, by, except) } });
  };
  /** @param {1|-1} by */
  const turnOther = (by) => () => {
    const state = store.get();
    const beside = neighbour(ids(), besideOf(state, ids()), by, focusOf(state, ids()));
    if (state.view.layout === "split") store.dispatch({ type: "view/set", change: { beside } });
  };
  return {
    "layout-next": () => store.dispatch({ type: "view/next", field: "layout" }),
    "focus-next": turn(1),
    "focus-previous": turn(-1),
    "beside-next": turnOther(1),
    "beside-previous": turnOther(-1),
    blink: () => blink(true),
    "blink-end": () => blink(false),
  };
}
