/**
 * Picture files as the browser decodes them.
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
