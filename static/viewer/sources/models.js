/**
 * The models of the server. Asking `/api/models` until one is warm keeps 503s for real trouble.
 *
 * @import { Model } from "../state/types.js"
 */
import { ApiError, pause, requestJson } from "./http.js";

const ASK_AGAIN_MS = 1000;
const GIVE_UP_MS = 180_000;

/** Models that can run now or soon, in the order in which pages list them. @returns {Promise<Model[]>} */
export async function usableModels() {
  /** @type {{models: Omit<Model, "rank">[], families: string[]}} */
  const { models, families } = await requestJson("/api/models");
  return models
    .filter((model) => !model.error)
    .map((model) => ({ ...model, rank: families.indexOf(model.family) }))
    .sort((a, b) => a.rank - b.rank);
}

/**
 * Until a model is warm; throws an ApiError when this server doesn't have it. After long enough the request
 * that follows may tell what is wrong.
 * @param {string} name @param {{signal?: AbortSignal, onWait: (message: string) => void}} how
 */
export async function untilWarm(name, { signal, onWait }) {
  const end = performance.now() + GIVE_UP_MS;
  while (performance.now() < end) {
    const model = (await usableModels()).find((candidate) => candidate.name === name);
    if (!model) throw new ApiError("This server doesn't run this model.");
    if (model.loaded) return;
    onWait("The model is still loading …");
    await pause(ASK_AGAIN_MS, signal);
  }
}
