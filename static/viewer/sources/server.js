/**
 * The server's galleries and results folders.
 *
 * @import { Sources } from "../state/declared.js"
 * @import { Source } from "./source.js"
 */
import { sourceParams } from "../state/declared.js";
import { galleryOf } from "../state/frames.js";
import { colorsOf } from "./bitmap.js";
import { decodeDepth } from "./decode.js";
import { request, requestJson } from "./http.js";

/** @param {string[]} parts */
const galleryUrl = (...parts) => `/api/galleries/${parts.map(encodeURIComponent).join("/")}`;

/** A request with parameters. @param {string} url @param {[string, string][]} params */
const withParams = (url, params) => (params.length ? `${url}?${new URLSearchParams(params)}` : url);

/**
 * @param {() => Sources} [declared]  How the visitor wants folders to be read.
 * @returns {Source}
 */
export function serverSource(declared = () => ({})) {
  return {
    async list() {
      return (await requestJson("/api/galleries")).galleries;
    },
    async open(id, index) {
      const params = sourceParams(declared());
      return galleryOf(await requestJson(withParams(galleryUrl(id), [["around", String(index)], ...params])));
    },
    async page(gallery, part, signal) {
      const params = Object.entries(part).map(
        ([name, value]) => /** @type {[string, string]} */ ([name, String(value)]),
      );
      return requestJson(withParams(galleryUrl(gallery.id), [...params, ...sourceParams(declared())]), {
        signal,
      });
    },
    async news(gallery, signal) {
      return requestJson(withParams(galleryUrl(gallery.id, "state"), sourceParams(declared())), { signal });
    },
    async scores({ gallery, against, isTruth, sources, methods, metric, box, cap }, first, signal) {
      /** @type {[string, string][]} */
      const params = [
        [isTruth ? "truth" : "reference", against],
        ["metric", metric],
        ["box", box],
        ["first", String(first)],
      ];
      if (cap) params.push(["cap", cap.join("..")]);
      for (const method of methods) params.push(["method", method]);
      return requestJson(withParams(galleryUrl(gallery, "scores"), [...params, ...sourceParams(sources)]), {
        signal,
      });
    },
    async picture(gallery, method, frame, signal) {
      const url = galleryUrl(gallery.id, method.id, frame.id);
      // What the gallery says, not the view: a picture is read in the way in which its key names it.
      const params = method.read_as === undefined ? [] : sourceParams({ [method.id]: method.read_as });
      const ask = (/** @type {string} */ ending) => request(withParams(url + ending, params), { signal });
      if (method.unit === "rgb") return colorsOf(await (await ask(".png")).blob());
      const response = await ask(".u16");
      const size = ["X-Depth-Width", "X-Depth-Height"].map((name) => Number(response.headers.get(name)));
      return decodeDepth(await response.arrayBuffer(), size[0], size[1]);
    },
    async photo(gallery, frame, signal) {
      return (await request(galleryUrl(gallery.id, "image", frame.id), { signal })).blob();
    },
    async folders(gallery, sources, signal) {
      const url = withParams(galleryUrl(gallery.id, "sources"), sourceParams(sources));
      return (await requestJson(url, { signal })).sources;
    },
    async seen(gallery, sources, name, signal) {
      const params = sourceParams(name in sources ? { [name]: sources[name] } : {});
      return requestJson(withParams(galleryUrl(gallery.id, "sources", name), params), { signal });
    },
  };
}
