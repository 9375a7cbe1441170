/**
 * Opens the gallery that the state names, and drops answers that came too late.
 *
 * @import { GallerySummary, State, View } from "./types.js"
 * @import { Source } from "./sources.js"
 * @import { Store } from "./store.js"
 */
import { notify } from "./dom.js";
import { messageOf } from "./http.js";
import { visibleMethods } from "./store.js";
import { UPLOAD_GALLERY } from "./upload.js";

/**
 * @param {Store} store
 * @param {{server: Source, uploads: Source, onList: () => void}} sources
 */
export function createLoader(store, { server, uploads, onList }) {
  /** @type {GallerySummary[]} */
  let served = [];
  /** @type {GallerySummary[]} */
  let own = [];

  /** @param {string|null} id */
  const sourceOf = (id) => (id === UPLOAD_GALLERY ? uploads : server);

  /** @param {string} id */
  async function open(id) {
    const stale = () => store.get().view.gallery !== id;
    try {
      const gallery = await sourceOf(id).open(id);
      if (stale()) return;
      const asked = store.get().view;
      store.dispatch({ type: "gallery/opened", gallery });
      explainChanges(asked, store.get());
    } catch (error) {
      if (!stale()) store.dispatch({ type: "failed", message: messageOf(error) });
    }
  }

  store.subscribe((now, before) => {
    const { gallery } = now.view;
    const asked = gallery !== null && now.gallery === null && now.failure === null;
    if (asked && (before.gallery !== null || before.view.gallery !== gallery || before.failure !== null))
      open(gallery);
  });

  return {
    galleries: () => [...served, ...own.filter((g) => g.n_frames > 0 || store.get().view.gallery === g.id)],
    sourceOf,
    /** Read again which photos there are. */
    async refreshOwn() {
      own = await uploads.list();
      onList();
    },
    /**
     * Ask the server what there is and open what a view names, else what fits it best.
     * @param {View} view
     */
    async start(view) {
      own = await uploads.list();
      try {
        served = await server.list();
      } catch (error) {
        store.dispatch({ type: "failed", message: messageOf(error) });
        return;
      }
      onList();
      const gallery = view.gallery ?? bestGallery(served, view.targets) ?? UPLOAD_GALLERY;
      store.dispatch({ type: "view/restore", view: { ...view, gallery } }, { fromHistory: true });
    },
  };
}

/** Links of the first viewer name methods but no gallery: take the first that has them. @param {GallerySummary[]} galleries @param {string[]} targets */
function bestGallery(galleries, targets) {
  const known = galleries.find((gallery) => targets.some((name) => gallery.methods.includes(name)));
  return (known ?? galleries[0])?.id ?? null;
}

/** Say what a link asked for and this gallery doesn't have. @param {View} asked @param {State} state */
function explainChanges(asked, state) {
  if (!state.gallery) return;
  const ids = new Set(visibleMethods(state).flatMap((method) => [method.id, method.model]));
  const unknown = asked.targets.filter(
    (name) => !name.split(/[*,]/).every((part) => ids.has(name) || ids.has(part)),
  );
  const count = state.gallery.frames.length;
  if (unknown.length)
    notify(`This gallery has no method named ${unknown.slice(0, 3).join(", ")}.`, { error: true });
  else if (count && asked.index >= count)
    notify(`There is no frame ${asked.index}; the last one is ${count - 1}.`, { error: true });
  else if (asked.diff !== state.view.diff)
    notify(`There is no method number ${asked.diff} to compare with.`, { error: true });
}
