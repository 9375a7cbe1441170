/**
 * The galleries of a static export: plain files beside the page, without a server that computes.
 * `tiekd gallery export` writes them; tiekd/gallery/export.py says what lies where.
 *
 * @import { Frame, GalleryPage, GallerySummary } from "../state/types.js"
 * @import { Source } from "./source.js"
 *
 * @typedef {GallerySummary & {page: number, scores?: {against: string, boxes: string[]}}} Exported
 *   `page`: frames in one file of the listing. `scores`: which errors of the frames it has.
 */
import { galleryOf } from "../state/frames.js";
import { colorsOf } from "./bitmap.js";
import { ApiError, request, requestJson } from "./http.js";
import { decodePng16 } from "./png16.js";

/** What the page says where only a server could help. */
export const NO_SERVER =
  "This page is an export: plain files without a server. Photos, distributions and sources need “tiekd serve”.";

/** What it says of errors that were not exported. */
const NO_ERRORS =
  "This export has the errors of its frames against its own ground truth and within its range: for the whole picture, Garg’s and Eigen’s crop.";

/** Commands that need a server. */
export const NEEDS_SERVER = Object.freeze(["upload", "distributions", "sources"]);

/**
 * @param {string} root  Address of the data, relative to the page.
 * @returns {Source}
 */
export function siteSource(root) {
  const url = (/** @type {string[]} */ ...parts) =>
    [root, ...parts.flatMap((part) => part.split("/"))].map(encodeURIComponent).join("/");
  /** @type {Promise<Exported[]>|undefined} */
  let listed;
  /** @returns {Promise<Exported[]>} */
  const galleries = () =>
    (listed ??= requestJson(url("galleries.json")).then(
      ({ galleries: all }) => all,
      (error) => {
        listed = undefined;
        throw error;
      },
    ));

  /** @param {string} id */
  async function about(id) {
    const found = (await galleries()).find((gallery) => gallery.id === id);
    if (!found) throw new ApiError(`This export has no gallery named ${id}.`);
    return found;
  }

  /** The page of a gallery that holds a frame. @param {string} id @param {number} index @param {AbortSignal} [signal] @returns {Promise<GalleryPage>} */
  async function pageWith(id, index, signal) {
    const { n_frames, page } = await about(id);
    const number = Math.floor(Math.max(0, Math.min(index, n_frames - 1)) / page);
    return requestJson(url("listing", id, `${number}.json`), { signal });
  }

  return {
    list: galleries,
    async open(id, index) {
      return galleryOf(await pageWith(id, index));
    },
    async page(gallery, part, signal) {
      return pageWith(gallery.id, "around" in part ? part.around : part.offset, signal);
    },
    async news(gallery) {
      return { version: gallery.version ?? "", n_frames: gallery.frames.length };
    },
    async scores({ gallery, against, methods, metric, box, cap }, _first, signal) {
      const { scores, n_frames } = await about(gallery);
      if (scores?.against !== against || !scores.boxes.includes(box) || cap)
        return { first: 0, done: 0, of: 0, scores: {}, why: NO_ERRORS };
      /** @type {Record<string, (number|null)[]>} */
      const all = await requestJson(url("scores", gallery, box, `${metric}.json`), { signal });
      const asked = Object.fromEntries(methods.map((id) => [id, all[id]]));
      return { first: 0, done: n_frames, of: n_frames, scores: asked };
    },
    async picture(gallery, method, frame, signal) {
      const response = await request(url("pictures", gallery.id, method.id, `${frame.id}.png`), { signal });
      if (method.unit === "rgb") return colorsOf(await response.blob());
      return decodePng16(await response.arrayBuffer());
    },
    async photo(gallery, frame, signal) {
      const { photo } = /** @type {Frame & {photo?: string}} */ (frame);
      return (await request(url("pictures", gallery.id, "image", photo ?? frame.id), { signal })).blob();
    },
  };
}
