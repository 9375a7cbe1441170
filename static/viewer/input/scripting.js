/**
 * `window.tiekd`, for the console and for users' scripts: the view to read and to set, and depth in metres.
 *
 * @import { Gallery, Picture, State } from "../state/types.js"
 * @import { View } from "../state/fields.js"
 * @import { Store } from "../state/store.js"
 * @import { Settled } from "../sources/frame-cache.js"
 */
import { depthAt } from "../paint/depth.js";
import { pictureKey } from "../sources/wishes.js";
import { agreeing } from "../state/comparison.js";
import { DEFAULT_VIEW, ENTRIES, FIELDS, fitted, staying } from "../state/fields.js";
import { currentFrame } from "../state/selectors.js";

const NAMES = ENTRIES.map(([name]) => name);

/**
 * @param {Store} store
 * @param {(key: string) => Settled<Picture>|null} peek  pictures by key
 */
export function scriptingOf(store, peek) {
  const change = (/** @type {object} */ values) => assign(store, values);
  const view = viewObject(() => store.get().view, change);
  return Object.freeze({
    get view() {
      return view;
    },
    set view(values) {
      change(values);
    },
    /**
     * Depth of a method in the frame on show, in metres. Null where its picture has no such pixel, no data there,
     * no metres, or is not loaded.
     * @param {string} method  id, or row of the zoo
     * @param {number} x  column of the method's own picture, from 0
     * @param {number} y  row, from 0
     */
    value: (method, x, y) => depthOf(store.get(), peek, method, x, y),
  });
}

/** An object with one property for each field. Its prototype answers for all others. @param {() => View} get @param {(change: object) => void} change @returns {View} */
function viewObject(get, change) {
  const guard = new Proxy(
    {},
    {
      set(_target, name) {
        throw unknown(String(name));
      },
    },
  );
  const properties = NAMES.map((name) => [
    name,
    {
      enumerable: true,
      get: () => Object.freeze(structuredClone(get()[name])),
      set: (/** @type {unknown} */ value) => change({ [name]: value }),
    },
  ]);
  return Object.create(guard, Object.fromEntries(properties));
}

/** @param {Store} store @param {object} values */
function assign(store, values) {
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new TypeError(
      `tiekd.view can't be ${textOf(values)}. Assign an object with fields of the view, such as { index: 3 }.`,
    );
  }
  for (const [name, value] of Object.entries(values)) check(name, value);
  const change = /** @type {Partial<View>} */ (structuredClone(values));
  const { view, gallery } = store.get();
  if (change.gallery !== undefined && change.gallery !== view.gallery) {
    const next = { ...DEFAULT_VIEW, ...staying(view, "gallery"), ...change };
    return store.dispatch({ type: "view/restore", view: next });
  }
  if (gallery) checkFit(change, view, gallery, fitted(agreeing(view, change), gallery));
  store.dispatch({ type: "view/set", change });
}

/** @param {string} name @param {unknown} value */
function check(name, value) {
  const entry = ENTRIES.find(([known]) => known === name);
  if (!entry) throw unknown(name);
  const [, { format, parse, initial }] = entry;
  const same = (/** @type {unknown} */ other) => textOf(other) === textOf(value);
  let read;
  try {
    const text = format(value);
    read = parse(text, new Map([[entry[1].key, text]]));
  } catch {
    // a value of another type, which has no text
  }
  const isValue = value !== undefined && !Number.isNaN(value);
  // Null is the gallery of a page that has none yet: that is not for choice.
  const isChoice = name !== "gallery" || value !== null;
  if (!isValue || !isChoice || !(same(read) || same(initial))) throw impossible(name, value);
}

/**
 * A value that stays as it was is no wish: other fields may carry it along, as a mode does with `diff`.
 * @param {Partial<View>} change @param {View} before @param {Gallery} gallery @param {View} view  what the gallery makes of it
 */
function checkFit(change, before, gallery, view) {
  const stranger = change.targets?.find((name) => !methodOf(gallery, name));
  if (stranger !== undefined) throw impossible("targets", stranger);
  for (const [name, { format }] of ENTRIES) {
    if (change[name] === undefined || name === "targets") continue;
    const text = format(change[name]);
    if (text === format(view[name]) || text === format(before[name])) continue;
    const error = impossible(name, change[name]);
    error.message += ` This gallery would make it ${JSON.stringify(view[name])}.`;
    throw error;
  }
}

/** @param {keyof View|string} name @param {unknown} value */
function impossible(name, value) {
  const { allowed } = FIELDS[/** @type {keyof View} */ (name)];
  return new RangeError(`${name} can't be ${textOf(value)} here. Allowed: ${allowed}.`);
}

/** A value in words, also one that JSON doesn't know. @param {unknown} value */
function textOf(value) {
  if (typeof value === "bigint") return `${value}n`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value); // it holds itself, or a BigInt
  }
}

/** @param {string} name */
function unknown(name) {
  const near = NAMES.filter((known) => isNear(name.toLowerCase(), known.toLowerCase()));
  const advice = near.length ? `Did you mean ${near.join(" or ")}?` : `Fields: ${NAMES.join(", ")}.`;
  return new TypeError(`The view has no field "${name}". ${advice}`);
}

/** Whether one name begins with the other, or a letter or two are wrong. @param {string} a @param {string} b */
function isNear(a, b) {
  if (a && (b.startsWith(a) || a.startsWith(b))) return true;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1]));
    row = next;
  }
  return row[b.length] <= Math.min(2, b.length / 2);
}

/** @param {Gallery} gallery @param {string} name */
const methodOf = (gallery, name) => gallery.methods.find(({ id, model }) => id === name || model === name);

/** @param {State} state @param {(key: string) => Settled<Picture>|null} peek @param {string} name @param {number} x @param {number} y */
function depthOf(state, peek, name, x, y) {
  const { gallery } = state;
  const frame = currentFrame(state);
  const method = gallery && methodOf(gallery, name);
  if (!frame || !method) return null;
  const outcome = peek(pictureKey(gallery, method.id, frame));
  if (outcome?.state !== "done" || outcome.value.unit !== "m") return null;
  const { width, height } = outcome.value;
  const inside = Number.isInteger(x) && Number.isInteger(y) && x >= 0 && y >= 0 && x < width && y < height;
  const metres = inside ? depthAt(outcome.value, x, y) : NaN;
  return Number.isNaN(metres) ? null : metres;
}
