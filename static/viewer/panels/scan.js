/**
 * How far the server is with reading the files of a gallery, while it is.
 *
 * @import { State } from "../state/types.js"
 */
import { find, setText } from "./dom.js";

/** @param {State} state */
export function updateScan({ gallery }) {
  const place = find("[data-scan]", HTMLElement);
  place.hidden = !gallery?.scan;
  if (gallery?.scan) setText(place, scanWords(gallery.scan));
}

/** @param {import("../state/types.js").Scan} scan */
export function scanWords({ read, files }) {
  const share = files ? Math.floor((100 * read) / files) : 0;
  return `Reading ${files.toLocaleString("en")} files: ${share} %`;
}
