/**
 * The visitor's photos as a gallery: photos are its frames, models its methods. Pure.
 *
 * @import { Frame, Gallery, Method, Model } from "../state/types.js"
 *
 * @typedef {object} OwnPhoto
 * @property {string} id
 * @property {string} name
 * @property {number} width   0 × 0 until known
 * @property {number} height
 * @property {number|null} fx  focal length in pixels, where the visitor has stated it
 * @property {Model[]} models  that run on it, or have run
 */

export const UPLOAD_GALLERY = "your-photos";

/** @param {readonly OwnPhoto[]} photos @returns {Gallery} */
export function ownGallery(photos) {
  const byName = new Map(photos.flatMap(({ models }) => models).map((model) => [model.name, model]));
  const models = [...byName.values()].sort((a, b) => a.rank - b.rank);
  return {
    id: UPLOAD_GALLERY,
    title: "Your photos",
    depth_range: {
      min_m: Math.min(0.001, ...models.map((model) => model.min_depth_m)),
      max_m: models.length ? Math.max(...models.map((model) => model.max_depth_m)) : 80,
    },
    methods: models.map((model) => methodOfModel(model, models)),
    frames: photos.map(frameOf),
  };
}

/** Another focal length makes other pictures. @param {OwnPhoto} photo @returns {Frame} */
function frameOf({ id, name, width, height, fx }) {
  return { id, title: name, width, height, has_image: true, version: fx === null ? "" : `fx ${fx}` };
}

/** Whether the depth of a model can be corrected for the focal length of a photo. @param {Model} model */
export const takesFocal = (model) => model.train_fx_px !== null;

/**
 * A model as a method of the gallery. Its label names the model where other models have the same label.
 * "camera not known": its depth can't be corrected for the focal length of a photo.
 * @param {Model} model @param {Model[]} all
 * @returns {Method}
 */
export function methodOfModel(model, all) {
  const alone = all.filter((other) => other.label === model.label).length === 1;
  const notes = [model.untrained && "untrained", !takesFocal(model) && "camera not known"].filter(Boolean);
  return {
    id: model.name,
    label: `${model.label}${alone ? "" : ` · ${model.name}`}${notes.length ? ` (${notes.join(", ")})` : ""}`,
    family: model.family,
    model: model.name,
    unit: "m",
    precision_m: null,
    saturated_m: null,
  };
}
