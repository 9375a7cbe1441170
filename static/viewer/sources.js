/**
 * Where galleries come from: the server's galleries and results folders here, the visitor's own photos in
 * upload.js. The rest of the page only knows this interface.
 *
 * @import { Frame, Gallery, GallerySummary, Method, Picture } from "./types.js"
 *
 * @typedef {object} Source
 * @property {() => Promise<GallerySummary[]>} list
 * @property {(id: string) => Promise<Gallery>} open
 * @property {(gallery: Gallery, method: Method, frame: Frame, signal: AbortSignal) => Promise<Picture>} picture
 * @property {(gallery: Gallery, frame: Frame, signal: AbortSignal) => Promise<Blob>} photo
 */
import { decodeDepth } from "./depth.js";
import { ApiError, request, requestJson } from "./http.js";

const FAMILIES = [
  "ground_truth",
  "teacher",
  "baseline",
  "reskd",
  "tiekd",
  "tiekd_dpm",
  "tiekd_depth",
  "other",
];

/** @param {string[]} parts */
const galleryUrl = (...parts) => `/api/galleries/${parts.map(encodeURIComponent).join("/")}`;

/** @returns {Source} */
export function serverSource() {
  return {
    async list() {
      return (await requestJson("/api/galleries")).galleries;
    },
    async open(id) {
      const gallery = await requestJson(galleryUrl(id));
      for (const method of gallery.methods) if (!FAMILIES.includes(method.family)) method.family = "other";
      return gallery;
    },
    async picture(gallery, method, frame, signal) {
      const url = galleryUrl(gallery.id, method.id, frame.id);
      if (method.unit === "rgb") return colorsOf(await (await request(`${url}.png`, { signal })).blob());
      const response = await request(`${url}.u16`, { signal });
      const size = ["X-Depth-Width", "X-Depth-Height"].map((name) => Number(response.headers.get(name)));
      return decodeDepth(await response.arrayBuffer(), size[0], size[1]);
    },
    async photo(gallery, frame, signal) {
      return (await request(galleryUrl(gallery.id, "image", frame.id), { signal })).blob();
    },
  };
}

/**
 * A picture file as an upright bitmap, its colours as stored. Throws an ApiError for what isn't a picture.
 * @param {Blob} blob
 */
export async function bitmapOf(blob) {
  try {
    return await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    throw new ApiError("This browser can't show that file as a picture.");
  }
}

/** Pixels of a picture file. @param {Blob} blob @returns {Promise<import("./types.js").ColorPicture>} */
async function colorsOf(blob) {
  const bitmap = await bitmapOf(blob);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (!context) throw new ApiError("This browser gave the page no canvas to read the picture with.");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { unit: "rgb", width, height, pixels: context.getImageData(0, 0, width, height).data };
}
