/**
 * The server's galleries and results folders.
 *
 * @import { ColorPicture } from "../state/types.js"
 * @import { Source } from "./source.js"
 */
import { galleryOf } from "../state/frames.js";
import { bitmapOf } from "./bitmap.js";
import { decodeDepth } from "./decode.js";
import { ApiError, request, requestJson } from "./http.js";

/** @param {string[]} parts */
const galleryUrl = (...parts) => `/api/galleries/${parts.map(encodeURIComponent).join("/")}`;

/** @returns {Source} */
export function serverSource() {
  return {
    async list() {
      return (await requestJson("/api/galleries")).galleries;
    },
    async open(id, index) {
      return galleryOf(await requestJson(`${galleryUrl(id)}?around=${index}`));
    },
    async page(gallery, part, signal) {
      const query = new URLSearchParams(Object.entries(part).map(([name, value]) => [name, String(value)]));
      return requestJson(`${galleryUrl(gallery.id)}?${query}`, { signal });
    },
    async news(gallery, signal) {
      return requestJson(galleryUrl(gallery.id, "state"), { signal });
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

/** Pixels of a picture file. @param {Blob} blob @returns {Promise<ColorPicture>} */
async function colorsOf(blob) {
  const bitmap = await bitmapOf(blob);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (!context) throw new ApiError("This browser gave the page no canvas to read the picture with.");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { unit: "rgb", width, height, pixels: context.getImageData(0, 0, width, height).data };
}
