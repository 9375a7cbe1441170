/**
 * The one state of the page, and who hears of its changes.
 *
 * @import { State } from "./types.js"
 * @import { Action } from "./reducer.js"
 */
import { INITIAL_STATE, reduce } from "./reducer.js";

/**
 * @typedef {object} How  What else is known about a change.
 * @property {boolean} repeat  one of many in a row (held key, moving slider)
 * @property {boolean} fromHistory  the address already holds the new view
 * @property {Action["type"]} type
 *
 * @typedef {object} Store
 * @property {() => State} get
 * @property {(action: Action, how?: {repeat?: boolean, fromHistory?: boolean}) => void} dispatch
 * @property {(listener: (now: State, before: State, how: How) => void) => void} subscribe
 */

/** @returns {Store} */
export function createStore() {
  let state = INITIAL_STATE;
  /** @type {Parameters<Store["subscribe"]>[0][]} */
  const listeners = [];
  return {
    get: () => state,
    dispatch(action, { repeat = false, fromHistory = false } = {}) {
      const before = state;
      state = reduce(state, action);
      if (state === before) return;
      for (const listener of listeners) listener(state, before, { repeat, fromHistory, type: action.type });
    },
    subscribe(listener) {
      listeners.push(listener);
    },
  };
}
