/**
 * What a mode is: one way in which a pane shows its frame. Nothing here runs.
 *
 * The page asks the mode that a pane shows and never looks at its name, so a new mode is one file beside this one
 * and one entry in index.js.
 *
 * @import { Method, Picture, Scale, State } from "../state/types.js"
 *
 * @typedef {object} Reading  What a pane says at one pixel.
 * @property {number|null} metres  For scripts: NaN = no data, null = the mode doesn't show metres.
 * @property {string} text
 *
 * @typedef {object} Legend
 * @property {string} [bar]  Name of the colour bar (`data-scale` in the template) that belongs to the mode.
 * @property {string} [what]  What the colours of the bar mean, for screen readers.
 * @property {Scale} [scale]  of that bar
 * @property {[string, string]} [ends]  What the first and the last colours mean, in a word: "near", "far".
 * @property {string} [unit]  of that scale, in words: "metres", or another one, which then stands beside the bar
 * @property {readonly number[]} [steps]  Values to write beside the bar, where round ones would not do.
 * @property {boolean} [active]  The bar stands back while its mode is off. Of modes that claim the same bar, the
 *   last active one has it.
 * @property {string} [note]  Words beside the bars.
 */

/**
 * What a mode paints from.
 * @template {Picture} P
 * @template L
 * @typedef {object} Given
 * @property {(Method|null)[]} methods  As `needs` named them: first the pane's own, then what it is compared with.
 * @property {P[]} pictures  Their pictures of one frame, in the same order.
 * @property {L} look
 */

/**
 * @template {Picture} P  Pictures that the mode works on.
 * @template L  What else it depends on; plain data, because the pane compares it to see whether to paint again.
 * @typedef {object} Mode
 * @property {string} name  Names the mode in the page's own books; no two modes share one.
 * @property {string} hook  What `data-mode` of a pane says, for scripts and styles.
 * @property {string} words  What a screen reader hears that the pane shows.
 * @property {{term: string, text: string}} [help]
 * @property {(state: State, method: Method|null) => boolean} suits  Whether the view asks for this mode in the
 *   pane of a method (of the photo: null).
 * @property {(state: State, method: Method|null) => (Method|null)[]} needs  Methods of which the pictures must be loaded.
 * @property {(state: State) => L} look
 * @property {string} [without]  Begins the message when the mode can't be shown: "No difference".
 * @property {(given: Given<any, L>) => string|null} [refusal]  Why these pictures can't be shown in this mode.
 * @property {(canvas: HTMLCanvasElement|null, given: Given<P, L>) => [string, string]} paint  Paints at the picture's
 *   own resolution, and returns two notes for beside the label, the more important first. Without a canvas it only
 *   computes what it will soon be asked for; results are kept by `paint/derived.js` and `paint/painter.js`.
 * @property {(given: Given<P, L>) => void} [prepare]  Computes what `paint` takes long for, but not its pixels, which need
 *   more room.
 * @property {(given: Given<P, L>, x: number, y: number) => Reading} read  at a pixel of the picture
 * @property {(given: Given<P, L>, x: number, y: number, rgb: number[]) => string[]} [inside]  What is written into a
 *   pixel of the picture, line by line, once it is large enough; `rgb` is the colour that it has on the screen.
 * @property {(ids: string[]) => string} title  What to call a saved picture, from the ids of `given.methods`.
 * @property {(state: State) => Legend|null} legend
 */
export {};
