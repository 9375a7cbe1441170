/**
 * The controls of a comparison beside the second bar: what the panes show, and what they are compared with. They show
 * the state; input/ turns what happens to them into actions.
 *
 * @import { State } from "../state/types.js"
 */
import { isComparing, MODE_LABELS, needsTruth } from "../state/comparison.js";
import { shortened } from "../state/labels.js";
import { baselineOf, truthOf, visibleMethods } from "../state/selectors.js";
import { find, h } from "./dom.js";

/** @param {HTMLElement} root @param {State} state */
export function updateComparison(root, state) {
  const { mode, diff, reference } = state.view;
  const truth = truthOf(state);
  const possible = Object.entries(MODE_LABELS).filter(
    ([name]) => truth || !needsTruth(/** @type {typeof mode} */ (name)),
  );
  offer(find("[data-action=mode]", HTMLSelectElement, root), possible, mode);

  const methods = visibleMethods(state);
  const against = find("[data-action=against]", HTMLSelectElement, root);
  const { short } = shortened(methods.map(({ label }) => label));
  const numbered = short.map((name, i) => /** @type {[string, string]} */ ([String(i + 1), name]));
  const usual = methods.indexOf(/** @type {any} */ (baselineOf(state))) + 1;
  const chosen = (isComparing(mode) ? diff : reference) || (needsTruth(mode) ? usual : 0);
  offer(against, [["0", "not chosen"], ...numbered], String(chosen));
}

/** The choices of a list, and which one is taken. @param {HTMLSelectElement} select @param {(readonly [string, string])[]} choices @param {string} chosen */
export function offer(select, choices, chosen) {
  const signature = JSON.stringify(choices);
  if (select.dataset.offered !== signature) {
    select.dataset.offered = signature;
    select.replaceChildren(...choices.map(([value, label]) => h("option", { value }, label)));
  }
  select.value = chosen;
}
