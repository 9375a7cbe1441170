/**
 * The galleries of a static export: plain files beside the page, without a server that computes.
 * `tiekd gallery export` writes them; tiekd/gallery/export.py says what lies where.
 *
 * @import { Frame, GalleryPage, GallerySummary } from "../state/types.js"
 * @import { Source } from "./source.js"
 *
 * @typedef {GallerySummary & {page: number}} Exported  `page`: frames in one file of the listing.
 */
import { galleryOf } from "../state/frames.js";
import { colorsOf } from "./bitmap.js";
import { ApiError, request, requestJson } from "./http.js";
import { decodePng16 } from "./png16.js";

/** What the page says where only a server could help. */
export const NO_SERVER =
  "This page is an export: plain files without a server. Photos, distributions and sources need “tiekd serve”.";

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

  /** The page of a gallery that holds a frame. @param {string} id @param {number} index @param {AbortSignal} [signal] @returns {Promise<GalleryPage>} */
  async function pageWith(id, index, signal) {
    const about = (await galleries()).find((gallery) => gallery.id === id);
    if (!about) throw new ApiError(`This export has no gallery named ${id}.`);
    const number = Math.floor(Math.max(0, Math.min(index, about.n_frames - 1)) / about.page);
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
