/**
 * What a model believes about the depth of one pixel, from the server.
 *
 * @import { Distribution } from "../state/types.js"
 */
import { requestPatiently } from "./http.js";
import { untilWarm } from "./models.js";

/**
 * @param {Blob} photo
 * @param {object} wanted
 * @param {string} wanted.model
 * @param {[number, number]} wanted.pixel  x and y in the upright photo
 * @param {{signal: AbortSignal, onWait: (message: string) => void}} how
 * @returns {Promise<Distribution>}
 */
export async function askDistribution(photo, { model, pixel: [x, y] }, { signal, onWait }) {
  await untilWarm(model, { signal, onWait });
  const query = new URLSearchParams({ model, view: "distribution", x: String(x), y: String(y) });
  const call = { method: "POST", signal, ...bodyOf(photo) };
  const response = await requestPatiently(`/dpm?${query}`, call, { onWait });
  return response.json();
}

/**
 * The photo as raw bytes where its type is known: the server recognises the same bytes and doesn't run the model
 * twice. Otherwise as a form.
 * @param {Blob} photo
 */
function bodyOf(photo) {
  if (photo.type.startsWith("image/")) return { body: photo, headers: { "Content-Type": photo.type } };
  const form = new FormData();
  form.set("image", photo, "photo");
  return { body: form };
}
