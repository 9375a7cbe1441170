/**
 * Bytes of the server's answers to depth pictures. Pure.
 *
 * @import { DepthPicture } from "../state/types.js"
 */
import { DEPTH_SCALE } from "../paint/depth.js";

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

/**
 * Depth picture from metres, as 16-bit files keep them: rounded to 1/256 m and at least 1; 0 where not above 0.
 * @param {Float32Array} metres @param {number} width @param {number} height
 * @returns {DepthPicture}
 */
export function quantizeDepth(metres, width, height) {
  const values = new Uint16Array(metres.length);
  for (let i = 0; i < metres.length; i++) {
    const metre = metres[i];
    if (metre > 0) values[i] = Math.min(65535, Math.max(1, Math.round(metre * DEPTH_SCALE)));
  }
  return { unit: "m", width, height, values };
}

/**
 * Float32 [H, W] from a NumPy .npy file (version 1 or 2, C order, little-endian).
 * Throws an Error for any other content.
 * @param {ArrayBuffer} bytes
 * @returns {{width: number, height: number, values: Float32Array}}
 */
export function parseNpy(bytes) {
  const head = new DataView(bytes);
  if (bytes.byteLength < 12 || head.getUint32(0) !== 0x934e554d || head.getUint16(4) !== 0x5059) {
    throw new Error("The server's answer is not a depth array (.npy).");
  }
  const wide = head.getUint8(6) > 1;
  const start = (wide ? 12 : 10) + (wide ? head.getUint32(8, true) : head.getUint16(8, true));
  const text = new TextDecoder("latin1").decode(bytes.slice(wide ? 12 : 10, start));
  const shape = /'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\)/.exec(text);
  if (!shape) throw new Error(`The server's depth array has an unexpected form: ${text.trim()}`);
  const [height, width] = [Number(shape[1]), Number(shape[2])];
  if (bytes.byteLength < start + 4 * width * height) throw new Error("The server's depth array is cut off.");
  return { width, height, values: new Float32Array(bytes.slice(start, start + 4 * width * height)) };
}
