/**
 * The menu of the visitor's photo on show: its focal length, and removing it. It exists only beside own photos.
 *
 * @import { OwnPhoto } from "../sources/own-gallery.js"
 */
import { methodOfModel, takesFocal } from "../sources/own-gallery.js";
import { find, h, setText } from "./dom.js";

const ABOUT_FOCAL =
  "In pixels of this photo. It makes depth metric for your camera. Empty: as for the camera of the training data.";

export class PhotoMenu {
  #root = find("#photo-menu", HTMLElement);
  #button = find("[data-action=photo-menu]", HTMLElement);
  #title = h("h2");
  #focal = h("input", {
    class: "number",
    type: "number",
    min: 0,
    step: "any",
    "aria-describedby": "about-focal",
  });
  #all = h("input", { type: "checkbox" });
  #forAll = h("label", { class: "check" }, this.#all, "for all my photos");
  #note = h("p", { class: "dim" });
  #removeAll = button("remove-photos", "");

  /** @param {(fx: number|null, all: boolean) => void} onFocal */
  constructor(onFocal) {
    this.#root.addEventListener("toggle", () => {
      this.#button.setAttribute("aria-expanded", String(this.#root.matches(":popover-open")));
      delete this.#removeAll.dataset.sure;
    });
    const state = () => {
      const fx = Number(this.#focal.value);
      if (this.#focal.validity.valid && fx >= 0) onFocal(fx > 0 ? fx : null, this.#all.checked);
    };
    this.#focal.addEventListener("change", state);
    this.#all.addEventListener("change", () => this.#all.checked && state());
    this.#root.replaceChildren(
      this.#title,
      h("label", { class: "field" }, h("span", {}, "Focal length"), this.#focal, h("span", {}, "px")),
      h("p", { class: "dim", id: "about-focal" }, ABOUT_FOCAL),
      this.#forAll,
      this.#note,
      h("div", { class: "photo-actions" }, button("remove-photo", "Remove this photo"), this.#removeAll),
    );
  }

  /** @param {OwnPhoto|null} photo  null: the frame on show is none @param {number} count  of photos */
  update(photo, count) {
    this.#button.hidden = photo === null;
    if (!photo) return this.#root.hidePopover();
    const { name, width, height, fx, models } = photo;
    setText(this.#button, fx === null ? "Photo …" : `Photo · fx ${fx}`);
    setText(this.#title, width ? `${name} · ${width} × ${height}` : name);
    if (document.activeElement !== this.#focal) this.#focal.value = fx === null ? "" : String(fx);
    this.#forAll.hidden = this.#removeAll.hidden = count < 2;
    if (this.#removeAll.dataset.sure !== "true") setText(this.#removeAll, `Remove all ${count} photos`);
    const blind = models
      .filter((model) => !takesFocal(model))
      .map((model) => methodOfModel(model, models).label);
    this.#note.hidden = blind.length === 0;
    setText(this.#note, `Not used by ${blind.join(", ")}: the camera of the training is not known.`);
  }

  /** Open above its button, or close. */
  toggle() {
    this.#root.togglePopover();
    if (!this.#root.matches(":popover-open")) return;
    const { right, top } = this.#button.getBoundingClientRect();
    const left = Math.min(right, innerWidth - 8) - this.#root.offsetWidth;
    this.#root.style.left = `${Math.max(8, left)}px`;
    this.#root.style.top = `${Math.max(8, top - this.#root.offsetHeight - 4)}px`;
    this.#focal.focus();
  }

  close() {
    this.#root.hidePopover();
  }
}

/** @param {string} action @param {string} text */
function button(action, text) {
  return h("button", { class: "button", type: "button", dataset: { action } }, text);
}
