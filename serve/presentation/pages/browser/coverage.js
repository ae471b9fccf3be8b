/** What is recorded, extracted, missing and dark, per camera and hour; a click on an hour fills it into the form. */

import { daysOf, showDays } from "./days.js";
import { fill, make } from "./dom.js";
import { hull, total, windowsOf, within } from "./windows.js";
import { duration, reason } from "./words.js";

const MINUTE = 60_000;
const STEPS = [1, 5, 15, 60].map((minutes) => minutes * MINUTE);
const MOST_CELLS = 26;
const FEWEST_CELLS = 6;
const FIRST_CAMERAS = 40;
const KINDS = { covered: "extracted", working: "being extracted", missing: "not extracted yet" };

export class CoverageStrip {
  #clock;
  #parts;
  #cameras = [];
  #day = null;
  #days = [];
  #cells = [];
  #span = null;
  #window = null;
  #anchor = null;
  #all = false;

  /** `onPick` gets the two moments of the hours that are clicked. */
  constructor({ node, clock, onPick }) {
    [this.#clock, this.onPick] = [clock, onPick];
    this.#parts = {
      days: make("div", { class: "days", role: "group", "aria-label": "Day" }),
      title: make("p", { class: "day", role: "status" }),
      grid: make("div", { class: "strip", role: "grid", "aria-label": "Coverage per camera and hour", keydown: (event) => this.#move(event) }),
      more: make("button", { type: "button", class: "quiet", click: () => this.#showAll() }),
    };
    const { days, title, grid, more } = this.#parts;
    fill(node, days, title, make("div", { class: "scroll" }, grid), more, legend());
  }

  /** Shows the coverage document. */
  show(document) {
    this.#cameras = document.cameras.map((camera) => ({
      name: camera.camera,
      recorded: windowsOf(camera.recorded),
      covered: windowsOf(camera.covered),
      missing: windowsOf(camera.missing),
      working: windowsOf(camera.working),
      gaps: windowsOf(camera.gaps),
    }));
    this.#days = daysOf(this.#cameras, this.#clock);
    if (!this.#days.some((one) => one.day === this.#day)) this.#day = this.#days.at(-1)?.day ?? null;
    this.#draw();
  }

  /** The newest stretch of up to an hour that is extracted, else recorded: a sensible time to ask about. Null if none. */
  get newest() {
    const known = this.#cameras.flatMap((camera) => camera.covered);
    const whole = hull(known.length ? known : this.#cameras.flatMap((camera) => camera.recorded));
    if (whole === null) return null;
    const last = Math.ceil(whole.end / (60 * MINUTE)) * 60 * MINUTE;
    return [new Date(Math.max(whole.start, last - 60 * MINUTE)), new Date(whole.end)];
  }

  /** Marks the time that the form holds, and turns to its day; null marks nothing. */
  mark(window) {
    this.#window = window && { start: +window[0], end: +window[1] };
    const day = window && this.#clock.day(window[0]);
    if (day && day !== this.#day && this.#days.some((one) => one.day === day)) this.#choose(day);
    else this.#drawMark();
  }

  #choose(day) {
    this.#day = day;
    this.#draw();
  }

  #showAll() {
    this.#all = true;
    this.#draw();
  }

  #draw() {
    const { days, title, grid, more } = this.#parts;
    showDays(days, this.#days, this.#day, this.#clock, (day) => this.#choose(day));
    const day = this.#days.find((one) => one.day === this.#day);
    fill(title, day ? this.#clock.date(day.start) : "Nothing is recorded yet. Videos come in with: mall ingest FILE --camera C --start T");
    grid.hidden = !day;
    if (!day) return;
    this.#span = this.#spanOf(day);
    this.#cells = cellsOf(this.#span);
    const cameras = this.#all ? this.#cameras : this.#cameras.slice(0, FIRST_CAMERAS);
    grid.style.setProperty("--cells", this.#cells.length);
    fill(grid, this.#scale(), cameras.map((camera, index) => this.#row(camera, index)));
    more.hidden = cameras.length === this.#cameras.length;
    fill(more, `Show all ${this.#cameras.length} cameras`);
    this.#drawMark();
  }

  /** The time of the day that was recorded, by the hour; a short one in the cells that fit it. */
  #spanOf(day) {
    const recorded = hull(this.#cameras.flatMap((camera) => within(camera.recorded, day.start, day.end)));
    const step = STEPS.find((one) => recorded !== null && recorded.end - recorded.start <= one * (MOST_CELLS - 2));
    if (recorded === null || step === undefined) return { ...day, step: STEPS.at(-1) };
    const start = Math.floor(recorded.start / step) * step;
    const end = Math.max(Math.ceil(recorded.end / step) * step, start + FEWEST_CELLS * step);
    return { start, end, step };
  }

  #scale() {
    const every = Math.ceil(this.#cells.length / 12);
    const times = this.#cells.map((cell, index) => make("span", { role: "columnheader" }, index % every ? "" : this.#clock.time(cell.start)));
    return make("div", { role: "row", class: "scale" }, make("span", { role: "columnheader", class: "camera" }, make("span", { class: "unseen" }, "Camera")), make("span", { class: "track", role: "presentation" }, times));
  }

  #row(camera, index) {
    const { start, end } = this.#span;
    const pieces = ["missing", "covered", "working"].flatMap((kind) => within(camera[kind], start, end).map((one) => this.#piece(one, kind)));
    const gaps = within(camera.gaps, start, end).map((one) => this.#piece(one, one.reason === "no-video" ? "dark" : "gap"));
    const cells = this.#cells.map((cell, column) => {
      const first = index === 0 && column === 0;
      return make("button", { type: "button", role: "gridcell", tabindex: first ? 0 : -1, class: "cell", "aria-label": this.#tell(camera, cell), title: this.#tell(camera, cell), click: (event) => this.#pick(cell, event.shiftKey) });
    });
    return make("div", { role: "row", class: "row" }, make("span", { role: "rowheader", class: "camera", title: camera.name }, camera.name), make("div", { class: "track", role: "presentation" }, gaps, pieces, cells));
  }

  #piece(window, kind) {
    return make("span", { class: `piece ${kind}`, "aria-hidden": "true", style: this.#place(window) });
  }

  #place(window) {
    const { start, end } = this.#span;
    return { left: `${((window.start - start) / (end - start)) * 100}%`, width: `${((window.end - window.start) / (end - start)) * 100}%` };
  }

  #tell(camera, cell) {
    const long = (kind) => total(within(camera[kind], cell.start, cell.end)) / 1000;
    const told = Object.entries(KINDS).filter(([kind]) => long(kind) > 0).map(([kind, word]) => `${duration(long(kind))} ${word}`);
    const why = new Set(within(camera.gaps, cell.start, cell.end).map((gap) => reason(gap.reason)));
    return `${camera.name}, ${this.#clock.time(cell.start)} to ${this.#clock.time(cell.end)}: ${[...told, ...why].join(", ") || "no video was recorded"}`;
  }

  /** Picks a cell, or with shift all from the last picked one on; only the part of it that was recorded. */
  #pick(cell, extend) {
    const other = extend && this.#anchor ? this.#anchor : cell;
    if (!extend) this.#anchor = cell;
    const [start, end] = [Math.min(cell.start, other.start), Math.max(cell.end, other.end)];
    const part = hull(this.#cameras.flatMap((camera) => within(camera.recorded, start, end))) ?? { start, end };
    this.onPick(new Date(part.start), new Date(part.end));
  }

  #move(event) {
    const cells = [...this.#parts.grid.querySelectorAll(".cell")];
    const at = cells.indexOf(document.activeElement);
    const wide = this.#cells.length;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + wide, ArrowUp: at - wide, Home: at - (at % wide), End: at - (at % wide) + wide - 1 }[event.key];
    if (at < 0 || !cells[to]) return;
    event.preventDefault();
    cells[at].tabIndex = -1;
    cells[to].tabIndex = 0;
    cells[to].focus();
  }

  #drawMark() {
    const grid = this.#parts.grid;
    grid.querySelector(".mark")?.remove();
    if (this.#window === null || this.#span === null) return;
    const [part] = within([{ ...this.#window, end: Math.max(this.#window.end, this.#window.start + 1) }], this.#span.start, this.#span.end);
    if (part) grid.append(make("div", { class: "mark", role: "presentation" }, make("span", { style: this.#place(part) })));
  }
}

function cellsOf({ start, end, step }) {
  return Array.from({ length: Math.round((end - start) / step) }, (_, index) => ({ start: start + index * step, end: start + (index + 1) * step }));
}

function legend() {
  const entries = [["covered", "extracted"], ["working", "being extracted"], ["missing", "recorded, not extracted yet"], ["gap", "cannot be used"], ["dark", "no video"]];
  return make("ul", { class: "legend" }, entries.map(([kind, text]) => make("li", {}, make("span", { class: `piece ${kind}`, "aria-hidden": "true" }), text)));
}
