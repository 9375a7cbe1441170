/**
 * Bytes of the server's answers to depth pictures. Pure.
 *
 * @import { DepthPicture } from "../state/types.js"
 */

/**
 * Depth picture from the bytes of `…/{frame}.u16`: little-endian, row by row.
 * Throws an Error when the bytes don't fill the picture exactly.
 * @param {ArrayBuffer} bytes @param {number} width @param {number} height
 * @returns {DepthPicture}
 */
export function decodeDepth(bytes, width, height) {
  if (!(width > 0 && height > 0) || bytes.byteLength !== 2 * width * height) {
    throw new Error(
      `The depth should be ${width} × ${height} pixels, but ${bytes.byteLength} bytes arrived.`,
    );
  }
  return { unit: "m", width, height, values: new Uint16Array(bytes) };
}
