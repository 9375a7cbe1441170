/**
 * The panes of a gallery and how they share the window.
 *
 * @import { BoxChoice } from "../paint/boxes.js"
 * @import { State } from "../state/types.js"
 * @import { Cursor } from "./stage.js"
 */
import { boxShares } from "../paint/boxes.js";
import { nearestReturn, returnsOf } from "../paint/sparse.js";
import { hasPhotos } from "../state/frames.js";
import { shortened } from "../state/labels.js";
import { currentFrame, visibleMethods } from "../state/selectors.js";
import { measuredSize } from "../state/targets.js";
import { spotOf } from "../state/window.js";
import { h } from "./dom.js";
import { gridLayout, largeLayout } from "./layout.js";
import { Pane } from "./pane.js";
import { placesOf } from "./places.js";

/** How far from the pointer a return of sparse truth is read, in pixels of the screen. */
const SNAP_PX = 12;
/** Height of a pane's label in rem; panes.css has the same number. */
const LABEL_REM = 1.75;

export class Grid {
  /** @type {Pane[]} */
  #panes = [];
  #signature = "";
  /** What the panes were arranged by, so that the browser lays the page out for a change of that only. */
  #arranged = "";
  /** Stages have their room before the next repaint, without asking for it while something else changes. */
  #rooms = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const stage = this.#panes.find((pane) => pane.stage.element === target)?.stage;
      if (stage) stage.room = contentRect;
    }
    if (this.#state) this.look(this.#state);
    this.#onRoom();
  });
  /** @type {State|null} */
  #state = null;

  /** @type {BoxChoice|null} the box that is being dragged */
  #drawn = null;

  /** The line between the two pictures of a split. */
  #divider = h("input", {
    class: "divider",
    type: "range",
    min: 0,
    max: 1,
    step: 0.01,
    "aria-label": "Where the picture is divided",
    dataset: { action: "divide" },
  });

  #onRoom;

  /** @param {HTMLElement} root @param {() => void} onRoom  The pictures lie elsewhere, because the stages have other room. */
  constructor(root, onRoom) {
    this.root = root;
    this.#onRoom = onRoom;
    new ResizeObserver(() => {
      this.#arranged = "";
      this.#arrange();
    }).observe(root);
  }

  panes() {
    return this.#panes;
  }

  /** Panes for a state: the photo first where frames have one, then the methods. @param {State} state */
  update(state) {
    this.#state = state;
    const methods = visibleMethods(state);
    const photo = hasPhotos(state.gallery);
    const wanted = JSON.stringify([state.gallery?.id, photo, methods]);
    if (wanted !== this.#signature) {
      this.#signature = wanted;
      this.#arranged = "";
      const { short } = shortened(methods.map(({ label }) => label));
      this.#panes = methods.map((method, i) => new Pane(method, i + 1, short[i]));
      if (photo) this.#panes.unshift(new Pane(null, 0));
      this.#rooms.disconnect();
      this.root.replaceChildren(...this.#panes.map((pane) => pane.element), this.#divider);
      for (const pane of this.#panes) this.#rooms.observe(pane.stage.element);
    }
    this.#arrange();
    this.look(state);
    return this.#panes;
  }

  /** Show the part of the pictures that the view names, in all panes the same. @param {State} state */
  look(state) {
    this.#state = state;
    const photo = this.photoSize();
    const width = this.main()?.stage.room.width;
    for (const { stage } of this.#panes)
      stage.look(state.view, photo, width && stage.room.width ? stage.room.width / width : 1);
  }

  /** Outline the pixels that count, in all panes. @param {State} state */
  outline({ view }) {
    const choice = this.#drawn ?? view.box;
    const size = this.measuredSize();
    const box = size && boxShares(choice, size);
    for (const { stage } of this.#panes) stage.outline(box, typeof choice === "string" ? choice : "own");
  }

  /** Outline a box that is being dragged, in place of the view's; null: no longer. @param {BoxChoice|null} box */
  draw(box) {
    this.#drawn = box;
    if (this.#state) this.outline(this.#state);
  }

  /** The pane that the scale of the window is meant for. @returns {Pane|undefined} */
  main() {
    const large = this.#panes.find((pane) => pane.element.dataset.place === "large");
    return large ?? this.#panes.find((pane) => pane.method) ?? this.#panes[0];
  }

  /**
   * The place of the nearest return near a place, where the truth on show has depth in few pixels; else the place
   * itself. `truth` is the id of its method.
   * @param {Cursor} at @param {string|undefined} truth @returns {Cursor}
   */
  snapped(at, truth) {
    const pane = this.#panes.find(({ id }) => id === truth);
    const picture = pane?.depthPicture();
    if (!pane || !picture || !returnsOf(picture)) return at;
    const pixel = pane.stage.pixelUnder(at);
    const found = pixel && nearestReturn(picture, ...pixel, SNAP_PX / pane.stage.scale());
    return found ? spotOf([found.x, found.y], pane.stage.photo, picture) : at;
  }

  /** Size of the upright photo of the frame on show; of what is painted where the gallery doesn't know it. */
  photoSize() {
    const frame = this.#state && currentFrame(this.#state);
    if (!frame) return null;
    if (frame.width && frame.height) return { width: frame.width, height: frame.height };
    const painted = this.#panes.find((pane) => pane.canvas.width > 1)?.canvas;
    return painted ? { width: painted.width, height: painted.height } : null;
  }

  /** Size of the depth that numbers are measured against: a box is of its pixels. */
  measuredSize() {
    const { gallery = null, view } = this.#state ?? {};
    return (view && gallery && measuredSize({ ...view, gallery })) ?? this.photoSize();
  }

  /** Width over height of every pane's picture. */
  aspect() {
    const size = this.photoSize();
    return size ? size.width / size.height : 1.5; // a usual photo, until one is there
  }

  #arrange() {
    if (!this.#state) return;
    const state = this.#state;
    const places = placesOf(
      state,
      this.#panes.map(({ id }) => id),
    );
    const { divide, opacity, columns: asked } = state.view;
    const wanted = JSON.stringify([places, divide, opacity, asked, this.aspect()]);
    if (wanted === this.#arranged) return;
    this.#arranged = wanted;
    this.#panes.forEach(({ element }, i) => (element.dataset.place = places[i]));
    this.#divider.value = String(divide);
    this.#divider.hidden = !places.includes("over");
    const { side, columns, paneWidth, large } = this.#shares(state, places);
    this.root.dataset.side = side;
    for (const [name, value] of Object.entries({
      columns,
      divide,
      opacity,
      aspect: this.aspect(),
      "pane-width": `${paneWidth}px`,
      "large-width": `${large}px`,
    }))
      this.root.style.setProperty(`--${name}`, String(value));
  }

  /** @param {State} state @param {ReturnType<typeof placesOf>} places */
  #shares(state, places) {
    const style = getComputedStyle(this.root);
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const room = {
      aspect: this.aspect(),
      width: this.root.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
      height: this.root.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
      label: LABEL_REM * rem,
    };
    this.root.style.setProperty("--label", `${room.label}px`);
    if (places[0] !== "grid")
      return largeLayout({ ...room, count: places.filter((place) => place === "strip").length });
    const photo = this.#panes[0]?.method === null;
    const count = this.#panes.length;
    const { photoWidth, ...grid } = gridLayout({ ...room, photo, count, columns: state.view.columns });
    if (photo && photoWidth) this.#panes[0].element.dataset.place = "photo";
    return { ...grid, large: photoWidth, side: "none" };
  }
}
