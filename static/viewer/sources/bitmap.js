/**
 * Picture files as the browser decodes them.
 *
 * @import { ColorPicture } from "../state/types.js"
 */
import { ApiError } from "./http.js";

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

/** A picture of a kind that the browser knows as a PNG, which every server knows; null for another. @param {Blob} blob */
export async function asPng(blob) {
  try {
    const bitmap = await bitmapOf(blob);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
    return await canvas.convertToBlob({ type: "image/png" });
  } catch {
    return null;
  }
}

/** Pixels of a picture file. @param {Blob} blob @returns {Promise<ColorPicture>} */
export async function colorsOf(blob) {
  const bitmap = await bitmapOf(blob);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (!context) throw new ApiError("This browser gave the page no canvas to read the picture with.");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { unit: "rgb", width, height, pixels: context.getImageData(0, 0, width, height).data };
}
