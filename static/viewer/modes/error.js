/**
 * How far a pane's depth b is from the truth a, in metres: |b − a|, or b − a with sign.
 *
 * @import { DepthPicture } from "../state/types.js"
 * @import { Look } from "./difference.js"
 * @import { Mode } from "./mode.js"
 */
import { truthOf } from "../state/selectors.js";
import { distances, scaleOf } from "./difference.js";

/** @type {Mode<DepthPicture, Look>} */
export const error = {
  ...distances,
  name: "error",
  hook: "error",
  words: "error against the ground truth in metres",
  help: {
    term: "Error",
    text: "How far the pane's depth b is from the ground truth t, in metres: |b − t|. With a sign (X) it is b − t, and above 0 is too far.",
  },
  suits(state, method) {
    const truth = truthOf(state);
    return state.view.mode === "error" && truth !== null && method?.unit === "m" && method.id !== truth.id;
  },
  needs: (state, method) => [method, truthOf(state)],
  without: "No error",
  title: ([own, truth]) => `error of ${own} against ${truth}`,
  legend: (state) =>
    state.view.mode === "error"
      ? {
          bar: "diff",
          what: "error",
          ends: state.view.signed ? ["too near", "too far"] : ["right", "wrong"],
          unit: "metres",
          scale: scaleOf(state),
          active: true,
        }
      : null,
};
