/**
 * The controls of a comparison beside the second bar: what the panes show, what they are compared with, and which
 * pixels count in their numbers. They show the state; input/ turns what happens to them into actions.
 *
 * @import { State } from "../state/types.js"
 */
import { isComparing, MODE_LABELS, needsTruth } from "../state/comparison.js";
import { baselineOf, truthOf, visibleMethods } from "../state/selectors.js";
import { find, h } from "./dom.js";

const BOX_LABELS = Object.freeze({ none: "no crop", garg: "Garg", eigen: "Eigen" });

/** @param {HTMLElement} root @param {State} state */
export function updateComparison(root, state) {
  const { mode, diff, reference, box } = state.view;
  const truth = truthOf(state);
  const possible = Object.entries(MODE_LABELS).filter(
    ([name]) => truth || !needsTruth(/** @type {typeof mode} */ (name)),
  );
  offer(find("[data-action=mode]", HTMLSelectElement, root), possible, mode);

  const methods = visibleMethods(state);
  const against = find("[data-action=against]", HTMLSelectElement, root);
  const numbered = methods.map(({ label }, i) => /** @type {[string, string]} */ ([String(i + 1), label]));
  const usual = methods.indexOf(/** @type {any} */ (baselineOf(state))) + 1;
  const chosen = (isComparing(mode) ? diff : reference) || (needsTruth(mode) ? usual : 0);
  offer(against, [["0", "not chosen"], ...numbered], String(chosen));

  const named = Object.entries(BOX_LABELS);
  const drawn = typeof box === "string" ? [] : [/** @type {[string, string]} */ ([String(box), "own box"])];
  offer(find("[data-action=box]", HTMLSelectElement), [...named, ...drawn], String(box));
}

/** @param {HTMLSelectElement} select @param {(readonly [string, string])[]} choices @param {string} chosen */
function offer(select, choices, chosen) {
  const signature = JSON.stringify(choices);
  if (select.dataset.offered !== signature) {
    select.dataset.offered = signature;
    select.replaceChildren(...choices.map(([value, label]) => h("option", { value }, label)));
  }
  select.value = chosen;
}
