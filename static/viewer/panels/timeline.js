/**
 * The timeline: which frame of which walk is on show, and the tools that order and filter the walk. It shows the state;
 * input/ turns what happens to it into actions.
 *
 * @import { State } from "../state/types.js"
 */
import { favoriteIndexes } from "../state/favorites.js";
import { countOf } from "../state/frames.js";
import { isUnsettled, NO_ERRORS, whyNotInOrder } from "../state/order.js";
import { fittingScores, sameQuery, scoredMethods, scoresWanted } from "../state/scores.js";
import {
  baselineOf,
  currentFrame,
  isSameMethod,
  measuredAgainst,
  visibleMethods,
  walkOf,
} from "../state/selectors.js";
import { FAVORITE, METRIC_NAMES, METRICS, SORT_WORDS, SORTS } from "../state/sorts.js";
import { find, h, setText } from "./dom.js";
import { extremesOf } from "./strip-columns.js";

/** @param {State} state @param {Float64Array} errors  of all frames, by their number */
export function updateTimeline(state, errors) {
  const walk = walkOf(state);
  updatePlace(state, walk);
  updateTools(state);
  const note = find("[data-strip-note]", HTMLElement);
  setText(note, noteOf(state, walk, errors));
  note.title = note.textContent ?? ""; // where there is no room for all of it
  const again = find("[data-action=sort-again]", HTMLElement);
  again.hidden = !isUnsettled(state) || !state.scores?.done;
}

/** @param {State} state @param {number[]} walk */
function updatePlace(state, walk) {
  const at = Math.max(0, walk.indexOf(state.view.index));
  const frame = currentFrame(state);
  const place = `${ordinal(at + 1)} of ${walk.length}`;
  const scrub = find("[data-action=scrub]", HTMLInputElement);
  scrub.max = String(Math.max(0, walk.length - 1));
  scrub.value = String(at);
  scrub.disabled = walk.length < 2;
  scrub.setAttribute("aria-valuetext", frame ? `${frame.title}, ${place}` : "");
  const index = find("[data-action=index]", HTMLInputElement);
  if (document.activeElement !== index) index.value = frame ? String(state.view.index) : "";
  const count = find("[data-count=frames]", HTMLElement);
  setText(count, walk.length ? place : "");
  count.style.minWidth = `${`${ordinal(walk.length)} of ${walk.length}`.length}ch`; // so that nothing jumps in a walk
  const title = find("[data-frame-title]", HTMLElement);
  setText(title, frame?.title ?? "");
  title.title = frame?.title ?? "";
  find("[data-action=previous]", HTMLButtonElement).disabled = at <= 0;
  find("[data-action=next]", HTMLButtonElement).disabled = at >= walk.length - 1;
  const star = find("[data-action=favorite]", HTMLElement);
  const kept = favoriteIndexes(state).includes(state.view.index);
  star.setAttribute("aria-pressed", String(kept));
  star.title = kept ? "Remove from the favourites (D)" : "Keep as a favourite (S)";
}

/** "2nd" of 2: the frame's number begins at 0, so its place needs another look. @param {number} place */
function ordinal(place) {
  const ends = ["th", "st", "nd", "rd"];
  const tens = place % 100 > 10 && place % 100 < 14;
  return `${place}${(!tens && ends[place % 10]) || "th"}`;
}

/** @param {State} state */
function updateTools(state) {
  const { view, gallery } = state;
  const against = measuredAgainst(state);
  const methods = visibleMethods(state).filter((one) => one.unit === "m" && !isSameMethod(one, against));
  offer(
    "sort",
    view.sort,
    SORTS.map((sort) => [sort, SORT_WORDS[sort]]),
  );
  find("[data-action=sort]", HTMLElement).title =
    `The baseline is ${baselineOf(state)?.label ?? "not there"}.`;
  offer(
    "metric",
    view.metric,
    METRIC_NAMES.map((metric) => [metric, METRICS[metric].words]),
  );
  offer("by", view.by ?? "", [["", "all on show"], ...methods.map(({ id, label }) => [id, label])]);
  const filter = find("[data-action=filter]", HTMLInputElement);
  if (document.activeElement !== filter) filter.value = view.filter;
  const only = find("[data-action=all-frames]", HTMLElement);
  only.hidden = view.indexes === null && !view.filter.trim();
  setText(only, `Only ${walkOf(state).length} of ${countOf(gallery)} ×`);
  only.title = "Back to all frames";
  const favorites = find("[data-action=only-favorites]", HTMLElement);
  favorites.setAttribute("aria-pressed", String(view.filter.includes(FAVORITE)));
  find("[data-action=toggle-strip]", HTMLElement).setAttribute("aria-pressed", String(view.strip === "on"));
}

/** @param {string} action @param {string} value @param {string[][]} choices  value and words */
function offer(action, value, choices) {
  const select = find(`select[data-action=${action}]`, HTMLSelectElement);
  const offered = JSON.stringify(choices);
  if (select.dataset.offered !== offered) {
    select.dataset.offered = offered;
    select.replaceChildren(...choices.map(([name, words]) => h("option", { value: name }, words)));
  }
  select.value = value;
}

/**
 * What is known of the errors, in words.
 * @param {State} state @param {number[]} walk @param {Float64Array} errors
 */
function noteOf(state, walk, errors) {
  const { view } = state;
  const scores = fittingScores(state);
  const wanted = scoresWanted(state);
  const asked = view.sort !== "name" || /[<>]/.test(view.filter);
  if (!wanted && walk.length === 0 && view.filter.trim()) return "No frame fits the filter.";
  const why = whyNotInOrder(state, view.sort === "name" && asked ? "worst" : view.sort);
  if (why) return why;
  if (!wanted) return "";
  if (scores?.of === 0) return wanted.isTruth ? (scores.why ?? NO_ERRORS) : "";
  if (!scores || !sameQuery(scores.query, wanted) || scores.done < scores.of) {
    const share = scores ? `${scores.done.toLocaleString("en")} of ${scores.of.toLocaleString("en")}` : "";
    return `Computing errors${share ? `: ${share}` : ""} …${isUnsettled(state) && scores?.done ? " The order is that of the errors so far." : ""}`;
  }
  if (walk.length === 0) return "No frame fits the filter.";
  const extremes = extremesOf(walk, errors);
  if (!extremes) return "No frame has pixels to compare.";
  const { words, digits } = METRICS[view.metric];
  const number = (/** @type {number} */ index) =>
    Number.isNaN(errors[index]) ? "–" : errors[index].toFixed(digits);
  const against = state.gallery?.methods.find(({ id }) => id === wanted.against);
  const methods = scoredMethods(state);
  const mean = methods.length > 1 ? "mean " : "";
  const there = methods.filter(({ id }) => typeof scores.values[id]?.[view.index] === "number").length;
  const of = there && there < methods.length ? `, of ${there} of ${methods.length} methods` : "";
  const to = wanted.isTruth ? "" : ` to ${against?.label}`;
  const ends = `${number(extremes.best)} to ${number(extremes.worst)}`;
  return `${mean}${words}${to} ${number(view.index)}${of} (${ends})`;
}
