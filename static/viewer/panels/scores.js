/**
 * The numbers of each pane, beside its label: what a paper reports, the pixels that they count, and the rank among the
 * methods on show. They are computed once the page rests, one after the other while it is idle, and kept with the picture.
 *
 * @import { DepthPicture, Method, State } from "../state/types.js"
 * @import { Metrics } from "../paint/metrics.js"
 * @import { Peek } from "./content.js"
 * @import { Pane } from "./pane.js"
 */
import { depthMetrics, ranksOf } from "../paint/metrics.js";
import { isSameMethod, measuredAgainst, statBoxOf } from "../state/selectors.js";
import { depthOf } from "./content.js";
import { countedWords } from "./counting.js";
import { h, setText } from "./dom.js";
import { fittingCount, remPx, widthOf } from "./fitting.js";
import { IdleResults } from "./idle-results.js";

/** Those that a pane writes, as many as it has room for; `best` 1: the largest is the best, −1: the least. */
const SHOWN = /** @type {const} */ ([
  { key: "absRel", name: "AbsRel", digits: 3, unit: "", best: -1 },
  { key: "delta1", name: "δ1", digits: 3, unit: "", best: 1 },
  { key: "rmse", name: "RMSE", digits: 2, unit: " m", best: -1 },
  { key: "silog", name: "SILog", digits: 2, unit: "", best: -1 },
]);

/** @typedef {{pane: Pane, metrics: Metrics|null}} Scored */
/** @typedef {{pane: Pane, metrics: Metrics, rank: number|undefined, numbers: {words: string, best: boolean}[]}} Ranked */

export class Scores {
  #known;
  /** Shows the numbers once more, as many as the panes have room for by now. */
  fit = () => {};

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
    this.fit = () => {};
    const against = measuredAgainst(state);
    const picture = against && depthOf(state, against, peek);
    const rule = picture && statBoxOf(state, picture);
    /** @type {Scored[]} */
    const scored = [];
    for (const pane of panes) {
      const own = isSameMethod(pane.method, against) ? null : pane.depthPicture();
      const differs = own && picture && (own.width !== picture.width || own.height !== picture.height);
      const found = own && picture && !differs && rule ? this.#metrics(own, picture, rule) : null;
      if (own && found) scored.push({ pane, metrics: found.metrics });
      else show(pane, null, differs && against ? otherSize(own, picture, against) : NOTHING);
    }
    this.#known.computeLater();
    if (!rule || !against) return;
    const words = countedWords(state);
    const all = complete && !this.#known.isWaiting();
    this.fit = () => showRanked(scored, { ...words, box: String(state.view.box), all });
    this.fit();
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

/** The small panes beside a large one have numbers of their own. @param {Ranked} ranked */
const isSmall = ({ pane }) => pane.element.dataset.place === "strip";

/** @param {{rank: number|undefined}} ranked */
const rankWords = ({ rank }) => (rank ? `#${rank}` : "#–");

/** Space between the parts of a label; before its numbers; its buttons; panes.css has the same numbers. */
const [SPACE_REM, GAP_REM, BUTTON_REM] = [0.375, 0.5, 1.5];
const SMALL = Object.freeze({ rem: 0.6875 });
/** A reading has room, whether there is one or not: else numbers would come and go while one points. */
const READINGS = Object.freeze({ depth: "00.00 m", compared: "Δ 00.00 m" });

/**
 * What room the label of a pane has for its numbers, and the width of each.
 * @param {Ranked} ranked @param {string} about
 */
function lineOf(ranked, about) {
  const { pane, numbers } = ranked;
  const { tag, shape, mean } = pane.parts;
  const whole = pane.stage.room.width / (pane.sharesLabel() ? 2 : 1);
  const most = isSmall(ranked) ? Infinity : NAME_SHARE * whole;
  const name = Math.min(widthOf(pane.short, { rem: 0.8125, weight: 600 }), most);
  const words = mean.textContent ? READINGS.compared : READINGS.depth;
  const reading = widthOf(words, { rem: 0.8125, weight: 600 });
  const buttons = matchMedia("(hover: hover)").matches ? 1 : 2; // the chip; to save the picture
  const spaces = ((buttons + 2) * SPACE_REM + buttons * BUTTON_REM) * remPx();
  const before = [tag, mean].map((part) => part.textContent ?? "").filter(Boolean);
  const fixed = [...before, rankWords(ranked)].map((words) => widthOf(words, { ...SMALL, weight: 500 }));
  const warning = widthOf(shape.textContent ?? "", SMALL);
  return {
    room: whole - name - reading - spaces - warning - sum(fixed) - fixed.length * GAP_REM * remPx(),
    pieces: [...numbers.map(numberWidth), widthOf(about, SMALL)],
  };
}

/** The best number is bold, and any may become it. @param {{words: string}} number */
function numberWidth({ words }) {
  const at = words.indexOf(" ") + 1;
  return widthOf(words.slice(0, at), SMALL) + widthOf(words.slice(at), { ...SMALL, weight: 700 });
}

/** A name beside numbers is cut beyond this share of its pane; panes.css has the same number. */
const NAME_SHARE = 0.45;

/** @param {readonly number[]} numbers */
const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);

/** @typedef {{about: string, long: string}} Words  what the numbers count, in the line and in its tooltip */

/** @type {Words} */
const NOTHING = { about: "", long: "" };

/**
 * Why a picture has no numbers.
 * @param {DepthPicture} own @param {DepthPicture} other @param {Method} against @returns {Words}
 */
function otherSize(own, other, against) {
  const [size, others] = [own, other].map(({ width, height }) => `${width} × ${height}`);
  return {
    about: `${size}, ${against.label} ${others}: not compared`,
    long: `This picture is ${size} and ${against.label} is ${others}. Pixels are compared one by one, so there are no numbers. “tiekd eval” scores such crops.`,
  };
}

/** @param {Scored[]} scored @param {Words & {box: string, all: boolean}} given */
function showRanked(scored, { about, long, box, all }) {
  const counted = scored.flatMap(({ pane, metrics }) => (metrics ? { pane, metrics } : []));
  const ranks = ranksOf(counted.map(({ metrics }) => metrics.absRel));
  const best = SHOWN.map(({ key, best }) => {
    const signed = counted.map(({ metrics }) => best * metrics[key]);
    return Math.max(...signed);
  });
  const ranked = counted.map(({ pane, metrics }, i) => {
    const numbers = SHOWN.map(({ key, name, digits, unit, best: sign }, k) => ({
      words: `${name} ${metrics[key].toFixed(digits)}${unit}`,
      best: all && counted.length > 1 && sign * metrics[key] === best[k],
    }));
    return { pane, metrics, rank: all ? ranks[i] : undefined, numbers };
  });
  for (const group of [ranked.filter(isSmall), ranked.filter((each) => !isSmall(each))]) {
    const pieces = fittingCount(
      group.map((each) => lineOf(each, about)),
      GAP_REM * remPx(),
    );
    for (const each of group) show(each.pane, { ...each, box, pieces }, { about, long });
  }
  for (const { pane, metrics } of scored)
    if (!metrics) show(pane, null, { about: "no pixel to compare", long });
}

/**
 * @param {Pane} pane
 * @param {Ranked & {box: string, pieces: number}|null} found  `pieces`: so many of its numbers and words are shown
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
  const signature = JSON.stringify([hooks, about, long, found?.pieces, found?.numbers]);
  if (scores.dataset.signature === signature) return;
  scores.dataset.signature = signature;
  scores.title = long;
  if (!found) return setText(scores, about);
  const rank = h("span", { class: "rank", dataset: { best: found.rank === 1 } }, rankWords(found));
  const numbers = found.numbers.map(({ words, best }) => {
    const at = words.indexOf(" ") + 1;
    return h("span", { dataset: { best } }, words.slice(0, at), h("b", {}, words.slice(at)));
  });
  const pieces = [...numbers, h("span", { class: "about" }, about)];
  scores.replaceChildren(rank, ...pieces.slice(0, found.pieces));
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
