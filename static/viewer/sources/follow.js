/**
 * Keeps the open gallery whole and current: the frames on show first, then all others in pages, then whatever
 * changes on the server. Nothing else in the page waits for it.
 *
 * @import { Gallery, State } from "../state/types.js"
 * @import { Store } from "../state/store.js"
 * @import { Part, Source } from "./source.js"
 */
import { frameAt, galleryOf, isWhole, nextUnknown, withPage } from "../state/frames.js";
import { currentFrame, walkOf } from "../state/selectors.js";
import { isAbort } from "./http.js";

/** Frames of a page that is asked for in the background. */
const PAGE = 1000;
/** How often the server is asked for news, and how often while it still reads the files. */
const REST_MS = 3000;
const READING_MS = 700;
/** After a failure; the panes tell what is wrong, and ask again by themselves. */
const FAILED_MS = 3000;
/** A gallery that changes faster than its pages arrive is shown as far as they fit together. */
const MOST_TRIES = 3;

/**
 * @param {Store} store
 * @param {(id: string|null) => Source} sourceOf
 * @param {() => Promise<void>} shown  Once the frame on show is complete.
 */
export function followGallery(store, sourceOf, shown) {
  let following = new AbortController();
  let wake = () => {};
  store.subscribe((now, before) => {
    const { gallery } = now;
    if (gallery?.id !== before.gallery?.id) {
      following.abort();
      wake();
      following = new AbortController();
      const source = sourceOf(gallery?.id ?? null);
      if (gallery && isPaged(source)) follow(gallery.id, source, following.signal);
    }
    if (wanted(now) !== null || now.view.sources !== before.view.sources) wake();
  });
  document.addEventListener("visibilitychange", () => wake());

  /** @param {string} id @param {Paged} source @param {AbortSignal} signal */
  async function follow(id, source, signal) {
    // The pictures on show come first, unless even their frame is not known.
    if (wanted(store.get()) === null) await Promise.race([shown(), rest(REST_MS)]);
    while (!signal.aborted) {
      if (document.hidden) {
        await rest(null);
        continue;
      }
      let restMs = REST_MS;
      try {
        const state = store.get();
        if (state.gallery?.id !== id) return;
        restMs = await step(state, state.gallery, source, signal);
      } catch (error) {
        if (isAbort(error)) return;
        restMs = FAILED_MS;
      }
      if (restMs) await rest(restMs);
    }
  }

  /**
   * One request, or several that belong together. Returns how long to rest then.
   * @param {State} state @param {Gallery} gallery @param {Paged} source @param {AbortSignal} signal
   */
  async function step(state, gallery, source, signal) {
    const part = wanted(state) ?? (gallery.scan ? null : unknownPart(gallery, state.view.index));
    if (part) {
      const page = await source.page(gallery, part, signal);
      if (page.version === gallery.version) store.dispatch({ type: "gallery/page", page });
      else await change(state, gallery, source, signal);
      return 0;
    }
    const news = await source.news(gallery, signal);
    if (news.version !== gallery.version) await change(state, gallery, source, signal);
    else if (news.scan || gallery.scan)
      store.dispatch({ type: "gallery/scan", id: gallery.id, scan: news.scan });
    return news.scan ? READING_MS : REST_MS;
  }

  /**
   * The gallery as it is now, in one piece, so that nothing flickers while its pages arrive.
   * @param {State} state @param {Gallery} gallery @param {Paged} source @param {AbortSignal} signal
   */
  async function change(state, gallery, source, signal) {
    const around = { around: state.view.index, frame: currentFrame(state)?.id };
    let now = galleryOf(await source.page(gallery, around, signal));
    for (let tries = 1; !now.scan && !isWhole(now);) {
      const page = await source.page(now, { offset: now.frames.indexOf(null), limit: PAGE }, signal);
      if (page.version === now.version) now = withPage(now, page);
      else if (tries++ < MOST_TRIES) now = galleryOf(page);
      else break;
    }
    store.dispatch({ type: "gallery/changed", gallery: now });
  }

  /** A rest that ends early when there is something to do; null: only then. @param {number|null} ms @returns {Promise<void>} */
  function rest(ms) {
    return new Promise((resolve) => {
      const timer = ms === null ? undefined : setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** @typedef {Source & Required<Pick<Source, "page"|"news">>} Paged */

/** @param {Source} source @returns {source is Paged} */
const isPaged = (source) => source.page !== undefined && source.news !== undefined;

/** What the frames on show lack: the frame itself or a neighbour on the walk. Pure. @param {State} state @returns {Part|null} */
export function wanted(state) {
  const { gallery, view } = state;
  if (!gallery) return null;
  const walk = walkOf(state);
  const at = walk.indexOf(view.index);
  const lacking = [view.index, walk[at + 1], walk[at - 1]].find(
    (index) => index !== undefined && index < gallery.frames.length && frameAt(gallery, index) === null,
  );
  return lacking === undefined ? null : { around: lacking };
}

/** The next page in the background, from the frame on show to the end and then from the start. Pure. @param {Gallery} gallery @param {number} index @returns {Part|null} */
export function unknownPart(gallery, index) {
  const offset = nextUnknown(gallery, index);
  if (offset < 0) return null;
  const known = gallery.frames.findIndex((frame, i) => i > offset && frame !== null);
  return { offset, limit: Math.min(PAGE, known < 0 ? Infinity : known - offset) };
}
