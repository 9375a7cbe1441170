/**
 * The panes of a gallery and how they share the window.
 *
 * @import { State } from "../state/types.js"
 */
import { hasPhotos } from "../state/frames.js";
import { shortened } from "../state/labels.js";
import { canBeScored, currentFrame, visibleMethods } from "../state/selectors.js";
import { layout } from "./layout.js";
import { Pane } from "./pane.js";

/** Height of a pane's label in rem; panes.css has the same number. */
const LABEL_REM = 1.75;
/** Height of the line of numbers below it, where a gallery has any. */
const SCORES_REM = 1.125;

export class Grid {
  /** @type {Pane[]} */
  #panes = [];
  #signature = "";
  /** Stages have their room before the next repaint, without asking for it while something else changes. */
  #rooms = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const stage = this.#panes.find((pane) => pane.stage.element === target)?.stage;
      if (stage) stage.room = contentRect;
    }
    if (this.#state) this.look(this.#state);
  });
  /** @type {State|null} */
  #state = null;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    new ResizeObserver(() => this.#arrange()).observe(root);
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
      const { short } = shortened(methods.map(({ label }) => label));
      this.#panes = methods.map((method, i) => new Pane(method, i + 1, short[i]));
      if (photo) this.#panes.unshift(new Pane(null, 0));
      this.#rooms.disconnect();
      this.root.replaceChildren(...this.#panes.map((pane) => pane.element));
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

  /** The pane that the scale of the window is meant for. @returns {Pane|undefined} */
  main() {
    return this.#panes.find((pane) => pane.method) ?? this.#panes[0];
  }

  /** Size of the upright photo of the frame on show; of what is painted where the gallery doesn't know it. */
  photoSize() {
    const frame = this.#state && currentFrame(this.#state);
    if (!frame) return null;
    if (frame.width && frame.height) return { width: frame.width, height: frame.height };
    const painted = this.#panes.find((pane) => pane.canvas.width > 1)?.canvas;
    return painted ? { width: painted.width, height: painted.height } : null;
  }

  /** Width over height of every pane's picture. */
  aspect() {
    const size = this.photoSize();
    return size ? size.width / size.height : 1.5; // a usual photo, until one is there
  }

  #arrange() {
    if (!this.#state) return;
    const style = getComputedStyle(this.root);
    const scored = canBeScored(this.#state);
    this.root.dataset.scored = String(scored);
    const label =
      (LABEL_REM + (scored ? SCORES_REM : 0)) *
      parseFloat(getComputedStyle(document.documentElement).fontSize);
    const { columns, paneWidth } = layout({
      count: this.#panes.length,
      aspect: this.aspect(),
      width: this.root.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
      height: this.root.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
      label,
      columns: this.#state.view.columns,
    });
    this.root.style.setProperty("--columns", String(columns));
    this.root.style.setProperty("--pane-width", `${paneWidth}px`);
    this.root.style.setProperty("--aspect", String(this.aspect()));
  }
}
