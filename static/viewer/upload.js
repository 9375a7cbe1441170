/**
 * The visitor's own photos as one more gallery: every loaded model runs on every photo. Photos and depths stay
 * in this page and are gone with it.
 *
 * @import { Family, Gallery, Method, Model, Picture } from "./types.js"
 * @import { Source } from "./sources.js"
 */
import { parseNpy, quantizeDepth } from "./depth.js";
import { requestPatiently } from "./http.js";
import { untilWarm, usableModels } from "./models.js";
import { bitmapOf } from "./sources.js";

export const UPLOAD_GALLERY = "your-photos";

/** Requests under way at once; more would only queue in the server. */
const PARALLEL = 2;

const METHOD_LABELS = Object.freeze({
  teacher: "Teacher",
  baseline: "Baseline",
  tiekd: "TIE-KD",
  tiekd_dpm: "TIE-KD (DPM)",
  tiekd_depth: "TIE-KD (depth)",
  reskd_ssim: "Res-KD (SSIM)",
  reskd_mse: "Res-KD (MSE)",
  reskd_si: "Res-KD (SI)",
  reskd_ssim_si: "Res-KD (SSIM+SI)",
  reskd_ssim_mse: "Res-KD (SSIM+MSE)",
});

/** As galleries of the server list them. @type {Family[]} */
const FAMILY_ORDER = ["teacher", "tiekd", "tiekd_dpm", "tiekd_depth", "baseline", "reskd"];

/** @param {Model} model @returns {Family} */
const familyOf = ({ method }) => (method.startsWith("reskd") ? "reskd" : /** @type {Family} */ (method));

/** @param {Model} model @param {Model[]} all  labels name the model where its kind alone would not tell @returns {Method} */
export function methodOfModel(model, all) {
  const family = familyOf(model);
  const kind = METHOD_LABELS[/** @type {keyof typeof METHOD_LABELS} */ (model.method)] ?? model.method;
  const alone = all.filter((other) => other.method === model.method).length === 1;
  const label = `${kind}${alone ? "" : ` · ${model.name}`}${model.untrained ? " (untrained)" : ""}`;
  return {
    id: model.name,
    label,
    family,
    model: model.name,
    unit: "m",
    precision_m: null,
    saturated_m: null,
  };
}

/**
 * @typedef {object} Upload
 * @property {Blob} blob
 * @property {string} name
 * @property {{width: number, height: number}} size
 * @property {Model[]} models  that run on it
 * @property {Map<string, Promise<Picture>>} depths  by model name
 * @property {Map<string, string>} progress  by model name: what is going on
 */

/** @param {() => void} onProgress  called whenever a model starts, waits or ends */
export function uploadSource(onProgress) {
  /** @type {Upload[]} */
  const uploads = [];
  /** @type {(() => Promise<void>)[]} */
  const queue = [];
  let running = 0;

  function pump() {
    while (running < PARALLEL && queue.length) {
      running++;
      queue
        .shift()?.()
        .finally(() => {
          running--;
          pump();
        });
    }
  }

  /** @param {Upload} upload @param {string} model @returns {Promise<Picture>} */
  function enqueue(upload, model) {
    upload.progress.set(model, "Waiting for its turn …");
    const depth = new Promise((resolve, reject) => {
      queue.push(() => predict(upload, model).then(resolve, reject));
    });
    depth
      .catch(() => {})
      .finally(() => {
        upload.progress.delete(model);
        onProgress();
      });
    pump();
    return depth;
  }

  /** @param {Upload} upload @param {string} model @returns {Promise<Picture>} */
  async function predict(upload, model) {
    const say = (/** @type {string} */ words) => {
      upload.progress.set(model, words);
      onProgress();
    };
    await untilWarm(model, { onWait: say });
    say("Estimating depth …");
    const body = new FormData();
    body.set("image", upload.blob, upload.name);
    const url = `/predict?model=${encodeURIComponent(model)}&format=npy`;
    const response = await requestPatiently(url, { method: "POST", body }, { onWait: say });
    const { values, width, height } = parseNpy(await response.arrayBuffer());
    if (!upload.size.width) upload.size = { width, height };
    return quantizeDepth(values, width, height);
  }

  /** @param {string} frameId */
  const uploadOf = (frameId) => uploads[Number(frameId.slice("photo-".length)) - 1];

  /** @type {Source} */
  const source = {
    async list() {
      const { id, title, frames, methods } = describe(uploads);
      return [{ id, title, n_frames: frames.length, methods: methods.map((method) => method.id) }];
    },
    open: async () => describe(uploads),
    picture: (_gallery, method, frame) => {
      const { depths } = uploadOf(frame.id);
      return (
        depths.get(method.id) ??
        Promise.reject(new Error("This server had no such model when the photo came in."))
      );
    },
    photo: async (_gallery, frame) => uploadOf(frame.id).blob,
  };

  return {
    source,
    /** What a pane may say while its depth is under way. @param {string} frameId @param {string} model */
    progress: (frameId, model) => uploadOf(frameId)?.progress.get(model) ?? null,
    /** Ask a model again after a failure. @param {string} frameId @param {string} model */
    retry(frameId, model) {
      const upload = uploadOf(frameId);
      upload.depths.set(model, enqueue(upload, model));
    },
    /**
     * Take a photo in and start every model on it. Returns the number of its frame.
     * @param {File} file
     */
    async add(file) {
      const models = await usableModels();
      if (!models.length) throw new Error("This server has no model to run on a photo.");
      const size = await bitmapOf(file).then(
        (bitmap) => {
          const { width, height } = bitmap;
          bitmap.close();
          return { width, height };
        },
        () => ({ width: 0, height: 0 }), // the server may know a kind of picture that the browser doesn't
      );
      /** @type {Upload} */
      const upload = {
        blob: file,
        name: file.name || "photo",
        size,
        models,
        depths: new Map(),
        progress: new Map(),
      };
      uploads.push(upload);
      for (const { name } of models) upload.depths.set(name, enqueue(upload, name));
      return uploads.length - 1;
    },
  };
}

/** @param {Upload[]} uploads @returns {Gallery} */
function describe(uploads) {
  const byName = new Map(uploads.flatMap((upload) => upload.models).map((model) => [model.name, model]));
  const rank = (/** @type {Model} */ model) => FAMILY_ORDER.indexOf(familyOf(model));
  const models = [...byName.values()].sort((a, b) => rank(a) - rank(b));
  return {
    id: UPLOAD_GALLERY,
    title: "Your photos",
    depth_range: {
      min_m: Math.min(0.001, ...models.map((model) => model.min_depth_m)),
      max_m: models.length ? Math.max(...models.map((model) => model.max_depth_m)) : 80,
    },
    methods: models.map((model) => methodOfModel(model, models)),
    frames: uploads.map((upload, i) => ({
      id: `photo-${i + 1}`,
      title: upload.name,
      ...upload.size,
      has_image: true,
    })),
  };
}
