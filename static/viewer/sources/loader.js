/**
 * Opens the gallery that the state names, and drops answers that came too late.
 *
 * @import { GallerySummary, State } from "../state/types.js"
 * @import { View } from "../state/fields.js"
 * @import { Store } from "../state/store.js"
 * @import { Source } from "./source.js"
 */
import { misfits, wordsOf } from "../state/corrections.js";
import { visibleMethods } from "../state/selectors.js";
import { ApiError, isLost, messageOf } from "./http.js";
import { UPLOAD_GALLERY } from "./own-gallery.js";

export class Loader {
  /** @type {GallerySummary[]} */
  #served = [];
  /** @type {GallerySummary[]} */
  #own = [];
  #store;
  #page;
  /** Keys of the fields that the link named which is being opened. @type {ReadonlySet<string>|null} */
  #named = null;
  /** The server could not be reached for a gallery or the list of them. */
  lost = false;

  /**
   * @param {Store} store
   * @param {object} page
   * @param {Source} page.server
   * @param {Source|null} page.uploads  null: nobody here could compute their depth.
   * @param {() => void} page.onList  The list of galleries changed.
   * @param {(message: string) => void} page.onUnknown  A link named something that its gallery doesn't have.
   */
  constructor(store, page) {
    this.#store = store;
    this.#page = page;
    store.subscribe((now, before) => {
      const { gallery } = now.view;
      const closed = gallery !== null && now.gallery === null && now.failure === null;
      const news = before.gallery !== null || before.view.gallery !== gallery || before.failure !== null;
      if (closed && news) this.#open(gallery);
    });
  }

  /** The server's galleries, and the visitor's own once there is a photo in it or a link asks for it. */
  galleries() {
    const asked = this.#store.get().view.gallery;
    return [...this.#served, ...this.#own.filter(({ n_frames, id }) => n_frames > 0 || asked === id)];
  }

  /** @param {string|null} id */
  sourceOf(id) {
    return (id === UPLOAD_GALLERY && this.#page.uploads) || this.#page.server;
  }

  /** Read again which photos there are, and show them as they are now. */
  async refreshOwn() {
    const { uploads } = this.#page;
    if (!uploads) return;
    this.#own = await uploads.list();
    this.#page.onList();
    if (this.#store.get().gallery?.id !== UPLOAD_GALLERY) return;
    const gallery = await uploads.open(UPLOAD_GALLERY, 0);
    if (this.#store.get().gallery?.id === UPLOAD_GALLERY)
      this.#store.dispatch({ type: "gallery/changed", gallery });
  }

  /**
   * Ask the server what there is and open what a view names, at once, else what fits it best.
   * @param {View} view @param {ReadonlySet<string>} named  keys of the fields that its link names
   */
  async start(view, named) {
    this.lost = false;
    this.#named = named;
    if (view.gallery !== null) this.#show(view, view.gallery);
    const own = this.#page.uploads?.list() ?? [];
    try {
      this.#served = await this.#page.server.list();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#own = await own;
    this.#page.onList();
    if (view.gallery === null) this.#show(view, bestGallery(this.#served, view.targets) ?? UPLOAD_GALLERY);
  }

  /** @param {View} view @param {string} gallery */
  #show(view, gallery) {
    this.#store.dispatch({ type: "view/restore", view: { ...view, gallery } }, { fromHistory: true });
  }

  /** @param {string} id */
  async #open(id) {
    const stale = () => {
      const { view, failure } = this.#store.get();
      return view.gallery !== id || failure !== null; // or the list has failed meanwhile
    };
    try {
      const gallery = await this.sourceOf(id).open(id, this.#store.get().view.index);
      if (stale()) return;
      const asked = this.#store.get().view;
      this.#store.dispatch({ type: "gallery/opened", gallery });
      const unknown = unknownOf(asked, this.#store.get(), this.#named);
      this.#named = null;
      if (unknown) this.#page.onUnknown(unknown);
    } catch (error) {
      if (stale()) return;
      if (!this.#withoutSources(error)) this.#fail(error);
      else await this.#open(id);
    }
  }

  /** Whether a gallery may open without what its link declares of folders, which the server refuses. @param {unknown} error */
  #withoutSources(error) {
    const refused = error instanceof ApiError && (error.status === 400 || error.status === 404);
    if (!refused || Object.keys(this.#store.get().view.sources).length === 0) return false;
    this.#page.onUnknown(`${messageOf(error)} The folders are shown as the server reads them.`);
    this.#store.dispatch({ type: "view/set", change: { sources: {} } });
    return true;
  }

  /** @param {unknown} error */
  #fail(error) {
    this.lost = isLost(error);
    this.#store.dispatch({ type: "failed", message: messageOf(error) });
  }
}

/**
 * Links of the original viewer name methods but no gallery: take the first gallery that has one of them.
 * @param {GallerySummary[]} galleries @param {string[]} targets
 */
export function bestGallery(galleries, targets) {
  const known = galleries.find((gallery) => targets.some((name) => gallery.methods.includes(name)));
  return (known ?? galleries[0])?.id ?? null;
}

/**
 * What a link asked for that the gallery doesn't have, in words; null when it has all.
 * @param {View} asked @param {State} state @param {ReadonlySet<string>|null} [named]  keys of the fields that it names
 */
export function unknownOf(asked, state, named = null) {
  if (!state.gallery) return null;
  const ids = new Set(visibleMethods(state).flatMap((method) => [method.id, method.model]));
  const isKnown = (/** @type {string} */ name) =>
    name.split(/[*,]/).every((part) => ids.has(name) || ids.has(part));
  const unknown = asked.targets.filter((name) => !isKnown(name));
  if (unknown.length) return `This gallery has no method named ${unknown.slice(0, 3).join(", ")}.`;
  return wordsOf(misfits(asked, state.view, named));
}
