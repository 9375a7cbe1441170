/**
 * Depth from 16-bit grey PNG. Canvases keep 8 bits of a channel, so the page reads these files itself.
 *
 * @import { DepthPicture } from "../state/types.js"
 */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BROKEN = "The depth of this frame can't be read: its file is not a whole 16-bit PNG.";

/**
 * Depth picture from a 16-bit grey PNG whose rows are filtered as a static export writes them (none, Sub or Up).
 * Throws an Error for any other file.
 * @param {ArrayBuffer} bytes
 * @returns {Promise<DepthPicture>}
 */
export async function decodePng16(bytes) {
  const view = new DataView(bytes);
  if (bytes.byteLength < 33 || SIGNATURE.some((byte, i) => view.getUint8(i) !== byte))
    throw new Error(BROKEN);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (view.getUint32(24) >>> 8 !== 0x100000) throw new Error(BROKEN); // 16 bits, grey, as PNG packs pixels
  const rows = await inflate(imageData(bytes, view));
  if (rows.length !== height * (2 * width + 1)) throw new Error(BROKEN);
  return { unit: "m", width, height, values: unfiltered(rows, width, height) };
}

/** The parts of a PNG that hold its pixels. @param {ArrayBuffer} bytes @param {DataView} view */
function imageData(bytes, view) {
  const parts = [];
  for (let at = 8; at + 12 <= view.byteLength;) {
    const length = view.getUint32(at);
    if (at + 12 + length > view.byteLength) throw new Error(BROKEN);
    if (view.getUint32(at + 4) === 0x49444154) parts.push(new Uint8Array(bytes, at + 8, length)); // IDAT
    at += 12 + length;
  }
  return parts;
}

/** @param {Uint8Array<ArrayBuffer>[]} parts */
async function inflate(parts) {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new Error(BROKEN);
  }
}

/**
 * Each byte was stored as its difference to the byte of the pixel before (Sub) or above (Up).
 * @param {Uint8Array} rows @param {number} width @param {number} height
 */
function unfiltered(rows, width, height) {
  const values = new Uint16Array(width * height);
  for (let y = 0, at = 0, to = 0; y < height; y++) {
    const filter = rows[at++];
    if (filter > 2) throw new Error(BROKEN);
    for (let x = 0; x < width; x++, at += 2, to++) {
      const before = filter === 1 && x ? values[to - 1] : filter === 2 && y ? values[to - width] : 0;
      values[to] = (((rows[at] + (before >> 8)) & 255) << 8) | ((rows[at + 1] + (before & 255)) & 255);
    }
  }
  return values;
}
