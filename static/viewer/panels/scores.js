/**
 * The numbers of each pane, beside its label: what a paper reports, the pixels that they count, and the rank among the
 * methods on show. They are computed once the page rests, one after the other while it is idle, and kept with the picture.
 *
 * @import { DepthPicture, State } from "../state/types.js"
 * @import { Metrics } from "../paint/metrics.js"
 * @import { Peek } from "./content.js"
 * @import { Pane } from "./pane.js"
 */
import { depthMetrics, ranksOf } from "../paint/metrics.js";
import { isSameMethod, measuredAgainst, statBoxOf } from "../state/selectors.js";
import { truthId } from "../state/targets.js";
import { depthOf } from "./content.js";
import { h, setText } from "./dom.js";
import { IdleResults } from "./idle-results.js";

/** Those that a pane writes, as many as it has room for; `best` 1: the largest is the best, −1: the least. */
const SHOWN = /** @type {const} */ ([
  { key: "absRel", name: "AbsRel", digits: 3, unit: "", best: -1 },
  { key: "delta1", name: "δ1", digits: 3, unit: "", best: 1 },
  { key: "rmse", name: "RMSE", digits: 2, unit: " m", best: -1 },
  { key: "silog", name: "SILog", digits: 2, unit: "", best: -1 },
]);

/** @typedef {{pane: Pane, picture: DepthPicture, metrics: Metrics|null}} Scored */

export class Scores {
  #known;

  /** @param {() => void} again  renders once more, when something was computed */
  constructor(again) {
    this.#known = new IdleResults(again);
  }

  /**
   * @param {State} state @param {readonly Pane[]} panes @param {Peek} peek
   * @param {boolean} complete  A rank among some of the methods would be no rank.
   */
  update(state, panes, peek, complete) {
    this.#known.begin();
    const against = measuredAgainst(state);
    const picture = against && depthOf(state, against, peek);
    const rule = picture && statBoxOf(state, picture);
    const isUsual = against !== null && state.gallery !== null && against.id === truthId(state.gallery, null);
    /** @type {Scored[]} */
    const scored = [];
    for (const pane of panes) {
      const own = isSameMethod(pane.method, against) ? null : pane.depthPicture();
      const fits = own && picture && own.width === picture.width && own.height === picture.height;
      const found = fits && rule ? this.#metrics(own, picture, rule) : null;
      if (own && found) scored.push({ pane, picture: own, metrics: found.metrics });
      else show(pane, null, { about: "", long: "" });
    }
    this.#known.computeLater();
    if (!rule || !against) return;
    const name = panes.find(({ method }) => isSameMethod(method, against))?.short ?? against.label;
    const about = isUsual ? rule.words : `${rule.words}, to ${name}`;
    const long = isUsual ? rule.long : `to ${against.label}, ${rule.long}`;
    const all = complete && !this.#known.isWaiting();
    showRanked(scored, { about, long, box: String(state.view.box), all });
  }

  /**
   * Null until they are computed.
   * @param {DepthPicture} own @param {DepthPicture} against @param {ReturnType<typeof statBoxOf>} rule
   * @returns {{metrics: Metrics|null}|null}
   */
  #metrics(own, against, { box, cap }) {
    return this.#known.get(own, against, JSON.stringify([box, cap]), () => ({
      metrics: depthMetrics(own, { reference: against, box, cap }),
    }));
  }
}

/** @typedef {{about: string, long: string}} Words  what the numbers count, in the line and in its tooltip */

/** @param {Scored[]} scored @param {Words & {box: string, all: boolean}} given */
function showRanked(scored, { about, long, box, all }) {
  const counted = scored.flatMap(({ pane, metrics }) => (metrics ? { pane, metrics } : []));
  const ranks = ranksOf(counted.map(({ metrics }) => metrics.absRel));
  const best = SHOWN.map(({ key, best }) => {
    const signed = counted.map(({ metrics }) => best * metrics[key]);
    return Math.max(...signed);
  });
  counted.forEach(({ pane, metrics }, i) => {
    const items = SHOWN.map(({ key, name, digits, unit, best: sign }, k) => {
      const isBest = all && counted.length > 1 && sign * metrics[key] === best[k];
      const number = `${metrics[key].toFixed(digits)}${unit}`;
      return h("span", { dataset: { best: isBest } }, `${name} `, h("b", {}, number));
    });
    show(pane, { metrics, rank: all ? ranks[i] : undefined, box, items }, { about, long });
  });
  for (const { pane, metrics } of scored)
    if (!metrics) show(pane, null, { about: "no pixel to compare", long });
}

/**
 * @param {Pane} pane
 * @param {{metrics: Metrics, rank: number|undefined, box: string, items: HTMLElement[]}|null} found
 * @param {Words} words
 */
function show(pane, found, { about, long }) {
  const { dataset } = pane.element;
  const { scores } = pane.parts;
  const hooks = {
    absRel: found?.metrics.absRel,
    rmse: found?.metrics.rmse,
    delta1: found?.metrics.delta1,
    silog: found?.metrics.silog,
    rank: found?.rank,
    statBox: found?.box,
    validPixels: found?.metrics.count,
  };
  for (const [name, value] of Object.entries(hooks)) {
    if (value === undefined) delete dataset[name];
    else dataset[name] = String(value);
  }
  const signature = JSON.stringify([hooks, about, long]);
  if (scores.dataset.signature === signature) return;
  scores.dataset.signature = signature;
  scores.title = long;
  if (!found) return setText(scores, about);
  const rank = h(
    "span",
    { class: "rank", dataset: { best: found.rank === 1 } },
    found.rank ? `#${found.rank}` : "#–",
  );
  scores.replaceChildren(rank, ...found.items, h("span", { class: "about" }, about));
  scores.title = `${wordsOf(found.metrics)}; ${long}: ${found.metrics.count} pixels, ${found.metrics.holes} of them without depth here. Rank by AbsRel.`;
}

/** @param {Metrics} metrics */
function wordsOf({ absRel, sqRel, rmse, rmseLog, log10, silog, delta1, delta2, delta3 }) {
  const numbers = { AbsRel: absRel, SqRel: sqRel, RMSE: rmse, RMSElog: rmseLog, log10, SILog: silog };
  const shares = { δ1: delta1, δ2: delta2, δ3: delta3 };
  return Object.entries({ ...numbers, ...shares })
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join(", ");
}
