/**
 * The errors of each method on show by how far the truth is.
 *
 * @import { Method, State } from "../state/types.js"
 * @import { Band, BandErrors } from "../paint/bands.js"
 * @import { Scene } from "./probe.js"
 */
import { bandErrors, bandsWithin } from "../paint/bands.js";
import { shortened } from "../state/labels.js";
import { isSameMethod, measuredAgainst, statBoxOf, truthOf, visibleMethods } from "../state/selectors.js";
import { depthOf } from "./content.js";
import { h, setText } from "./dom.js";
import { IdleResults } from "./idle-results.js";
import { colourOf, nameOf } from "./names.js";

const NO_TRUTH = "No ground truth: keep a reference with Shift and a number to see errors by depth.";

export class BandsTable {
  #about = h("p", { class: "dim" });
  #table = h("table", { class: "probe-table bands" });
  parts = [this.#about, this.#table];
  #drawn = "";
  /** @type {IdleResults<BandErrors[]>} */
  #known;

  /** @param {() => void} again  shows it once more, when something was computed */
  constructor(again) {
    this.#known = new IdleResults(again);
  }

  /** @param {State} state @param {Scene} scene */
  show(state, { peek }) {
    const against = measuredAgainst(state);
    const reference = against && depthOf(state, against, peek);
    this.#table.hidden = !reference;
    if (!against || !reference)
      return setText(this.#about, against ? `${against.label} has no depth of this frame.` : NO_TRUTH);
    const { box, cap, words } = statBoxOf(state, reference);
    const what = isSameMethod(against, truthOf(state)) ? "ground truth" : `reference, ${against.label},`;
    setText(this.#about, `AbsRel and RMSE by the depth of the ${what} (${words}).`);
    this.#known.begin();
    const rows = visibleMethods(state).flatMap((method) => {
      const own = isSameMethod(method, against) ? null : depthOf(state, method, peek);
      if (own?.width !== reference.width || own.height !== reference.height) return [];
      const errors = this.#known.get(own, reference, JSON.stringify([box, cap]), () =>
        bandErrors(own, { reference, box, cap }),
      );
      return { method, errors };
    });
    this.#known.computeLater();
    const bands = bandsWithin(cap);
    const signature = JSON.stringify([bands, rows]);
    if (signature === this.#drawn) return;
    this.#drawn = signature;
    this.#draw(bands, rows);
  }

  /** @param {Band[]} bands @param {{method: Method, errors: BandErrors[]|null}[]} rows */
  #draw(bands, rows) {
    const best = bands.map((_, i) => Math.min(...rows.map(({ errors }) => errors?.[i].absRel ?? Infinity)));
    const counts = rows.find(({ errors }) => errors)?.errors;
    const heads = bands.map((band, i) =>
      h("th", { scope: "col" }, bandWords(band), counts ? pixelsOf(counts[i].count) : h("small", {}, "…")),
    );
    const { short } = shortened(rows.map(({ method }) => method.label));
    const body = rows.map(({ method, errors }, i) =>
      h(
        "tr",
        { dataset: { band: method.id, ...colourOf(method) }, title: method.label },
        h("th", { scope: "row" }, h("i", { class: "swatch" }), nameOf(short[i])),
        ...bands.map((_, k) => cellOf(errors?.[k], rows.length > 1 && errors?.[k].absRel === best[k])),
      ),
    );
    this.#table.replaceChildren(
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Method"), ...heads)),
      h("tbody", {}, ...body),
    );
  }
}

/** @param {BandErrors|undefined} errors @param {boolean} best */
function cellOf(errors, best) {
  if (!errors) return h("td", {}, "…");
  const { absRel, rmse } = errors;
  if (absRel === null || rmse === null) return h("td", {}, "–");
  const data = { best, absRel, rmse };
  return h("td", { dataset: data }, h("b", {}, absRel.toFixed(3)), h("small", {}, `${rmse.toFixed(2)} m`));
}

/** How many pixels a band has, in few digits. @param {number} count */
function pixelsOf(count) {
  const words = count < 10_000 ? String(count) : `${Math.round(count / 1000)}k`;
  return h("small", { title: `${count} pixels`, dataset: { pixels: count } }, `${words} px`);
}

/** @param {Band} band */
function bandWords({ from, to }) {
  const short = (/** @type {number} */ metres) => String(Number(metres.toFixed(1)));
  return `${short(from)}–${short(to)} m`;
}
