/**
 * The sheet that says what each folder of the gallery was taken for, and lets the visitor declare it anew.
 *
 * @import { Folder, Gallery, Seen, State } from "../state/types.js"
 * @import { Sources } from "../state/declared.js"
 * @import { Source } from "../sources/source.js"
 */
import { isAbort, messageOf } from "../sources/http.js";
import { sourceTexts, withSource } from "../state/declared.js";
import { closeButton, h, setText } from "./dom.js";
import { reasonsOf } from "./methods-menu.js";
import { colourOf } from "./names.js";
import { sourceForm } from "./source-form.js";

const INTRO =
  "What each folder was taken for, and how its files become metres. A change holds in this page and in its address, not for other visitors.";
const NOT_HERE = "The pictures of this gallery have no folders: there is nothing to choose.";

export class SourcesSheet {
  #page;
  #asking = new AbortController();

  /**
   * @param {object} page
   * @param {() => State} page.state
   * @param {() => Source} page.source
   * @param {(sources: Sources) => void} page.onChange
   */
  constructor(page) {
    this.#page = page;
  }

  /** Fill the sheet, and go on filling it while answers arrive. @param {HTMLDialogElement} sheet */
  async fill(sheet) {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    sheet.addEventListener("close", () => this.#asking.abort(), { once: true });
    const { gallery, view } = this.#page.state();
    const source = this.#page.source();
    const body = h(
      "div",
      { class: "sheet-body sources", dataset: { sources: "loading" } },
      h("p", { class: "dim" }, "Looking …"),
    );
    sheet.replaceChildren(
      h("header", {}, h("h2", {}, `Sources of ${gallery?.title ?? "this gallery"}`), closeButton()),
      body,
    );
    if (!gallery || !source.folders) return body.replaceChildren(h("p", {}, NOT_HERE));
    try {
      const folders = await source.folders(gallery, view.sources, signal);
      const cards = folders.map((folder) =>
        this.#card(folder, view.sources[folder.name] ?? "", gallery, sheet),
      );
      // A folder in which nothing can be read has no card: nothing about it can be declared.
      const others = (gallery.left_out ?? []).filter(({ name }) => !folders.some((one) => one.name === name));
      const rest = [...(others.length ? [reasonsOf(others)] : []), ...forEverybody(view.sources)];
      body.replaceChildren(h("p", { class: "dim" }, INTRO), ...cards, ...rest);
      body.dataset.sources = "ready";
      for (const folder of folders) await this.#look(folder, gallery, view.sources, body, signal);
    } catch (error) {
      if (!isAbort(error)) body.replaceChildren(h("p", { class: "wrong", role: "alert" }, messageOf(error)));
    }
  }

  /** Fill in the values that a folder holds. @param {Folder} folder @param {Gallery} gallery @param {Sources} sources @param {HTMLElement} body @param {AbortSignal} signal */
  async #look(folder, gallery, sources, body, signal) {
    const place = body.querySelector(`[data-seen="${CSS.escape(folder.name)}"]`);
    const seen = await this.#page
      .source()
      .seen?.(gallery, sources, folder.name, signal)
      .catch((error) => {
        if (isAbort(error)) throw error;
        return { n_frames: 0, looked_at: 0, fault: messageOf(error) };
      });
    if (place && seen) setText(place, seenWords(seen));
  }

  /** @param {Folder} folder @param {string} settings @param {Gallery} gallery @param {HTMLDialogElement} sheet */
  #card(folder, settings, gallery, sheet) {
    const method = gallery.methods.find(({ id }) => id === folder.name);
    const facts = /** @type {[string, Node|string][]} */ ([
      ["Files", folder.forms.map(({ form, files }) => `${files} × ${form}`).join(", ") || "none"],
      ["Read as", folder.reading],
      ["Values", h("span", { dataset: { seen: folder.name } }, "looking …")],
      ...(folder.renamed ? [["Names", `${folder.renamed[0]} is of the frame ${folder.renamed[1]}`]] : []),
      ...(folder.declared ? [["Declared", folder.declared]] : []),
      ...(folder.hidden ? [["Not shown", folder.hidden]] : []),
      ...(folder.note ? [["Left out", folder.note]] : []),
    ]);
    const details = h(
      "details",
      {},
      h("summary", { "aria-label": `Change how ${folder.label} is read` }, "Change"),
      sourceForm(folder, settings, (stated) => this.#apply(folder.name, stated, sheet)),
    );
    return h(
      "article",
      {
        class: "source",
        dataset: { source: folder.name, ...colourOf(method ?? folder), shown: String(!folder.hidden) },
      },
      h(
        "h3",
        {},
        h("i", { class: "swatch" }),
        h("span", {}, folder.label),
        folder.label === folder.name ? null : h("code", {}, folder.name),
        folder.truth ? h("b", {}, "ground truth") : null,
        folder.hidden ? h("b", {}, "not shown") : null,
      ),
      h("dl", {}, ...facts.flatMap(([term, words]) => [h("dt", {}, term), h("dd", {}, words)])),
      details,
    );
  }

  /** What is wrong with new settings; null after they have been taken. @param {string} name @param {string} settings @param {HTMLDialogElement} sheet */
  async #apply(name, settings, sheet) {
    const { gallery, view } = this.#page.state();
    const sources = withSource(view.sources, name, settings);
    try {
      // The server judges them before the page shows anything by them.
      const folders = await this.#page
        .source()
        .folders?.(/** @type {Gallery} */ (gallery), sources, this.#asking.signal);
      const misfit = folders?.find((folder) => folder.name === name)?.hidden;
      if (misfit && settings && !/(^|,)ignore(,|$)/.test(settings)) return misfit;
    } catch (error) {
      return isAbort(error) ? null : messageOf(error);
    }
    this.#page.onChange(sources);
    await this.fill(sheet);
    const card = [...sheet.querySelectorAll("[data-source]")].find(
      (one) => one.getAttribute("data-source") === name,
    );
    card?.querySelector("summary")?.focus();
    card?.scrollIntoView({ block: "nearest" });
    return null;
  }
}

/** The same for all visitors, as options of the server. @param {Sources} sources */
function forEverybody(sources) {
  const options = sourceTexts(sources).map((text) => `--source '${text.replaceAll("'", "'\\''")}'`);
  if (!options.length) return [];
  const words = "The same for everybody, when the server is started:";
  return [
    h(
      "section",
      { class: "for-everybody" },
      h("p", { class: "dim" }, words),
      h("code", {}, options.join(" ")),
    ),
  ];
}

const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const NUMBER = new Intl.NumberFormat("en", { maximumSignificantDigits: 6, useGrouping: false });

/** The values that a folder holds, in words. Pure. @param {Seen} seen */
export function seenWords({ n_frames, looked_at, numbers, metres, none, beyond, fault }) {
  if (fault) return fault;
  if (looked_at === 0) return "none";
  const range = (/** @type {number[]} */ values) =>
    `${NUMBER.format(values[0])} to ${NUMBER.format(values.at(-1) ?? 0)}`;
  const parts = [
    numbers ? `numbers from ${range(numbers)}` : null,
    metres ? `${range(metres)} m, half of it below ${NUMBER.format(metres[1])} m` : null,
    none ? `${PERCENT.format(none)} without depth` : null,
    beyond ? `${PERCENT.format(beyond)} at 255.996 m or beyond` : null,
  ].filter((part) => part !== null);
  if (!parts.length) return "colours";
  return `${parts.join("; ")} (${looked_at === n_frames ? "in all" : `in ${looked_at} of ${n_frames}`} frames)`;
}
