/**
 * What a model believes about the depth of one pixel, from the server.
 *
 * @import { Distribution } from "../state/types.js"
 */
import { photoBody, requestPatiently } from "./http.js";
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
  const call = { method: "POST", signal, ...photoBody(photo) };
  const response = await requestPatiently(`/dpm?${query}`, call, { onWait });
  return response.json();
}
