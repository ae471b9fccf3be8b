/** The answer's time once more: a slider over it, and a button that lets it pass. */

import { fill, make } from "./dom.js";

const WHOLE_MS = 30_000;
const FRAME_MS = 80;
const STEPS = 1000;

export class Replay {
  #node;
  #clock;
  #slider;
  #button;
  #time;
  #span = null;
  #playing = false;

  /** `onMoment` gets the moment to show, in epoch milliseconds, or null when all paths are to be seen whole. */
  constructor({ node, clock, onMoment }) {
    [this.#node, this.#clock, this.onMoment] = [node, clock, onMoment];
    this.#button = make("button", { type: "button", class: "quiet", click: () => this.#toggle() });
    this.#slider = make("input", { type: "range", min: 0, max: STEPS, "aria-label": "Moment", input: () => this.#moved() });
    this.#time = make("output");
    fill(node, this.#button, this.#slider, this.#time);
    this.show([]);
  }

  /** Offers the time of these rows; nothing when they are of one moment or none. */
  show(rows) {
    this.#playing = false;
    const times = rows.map((row) => Date.parse(row.taken_at));
    const [start, end] = times.reduce(([low, high], time) => [Math.min(low, time), Math.max(high, time)], [Infinity, -Infinity]);
    this.#span = end > start ? { start, end } : null;
    this.#node.hidden = this.#span === null;
    this.#slider.value = STEPS;
    this.#tell();
  }

  #toggle() {
    this.#playing = !this.#playing;
    if (this.#playing && this.#isAtEnd) this.#slider.value = 0;
    this.#tell();
    if (this.#playing) this.#play(performance.now());
  }

  /** Lets the whole span pass in half a minute, however long it is. */
  #play(before) {
    if (!this.#playing) return;
    setTimeout(async () => {
      const now = performance.now();
      this.#slider.valueAsNumber += (STEPS * (now - before)) / WHOLE_MS;
      if (this.#isAtEnd) this.#playing = false;
      await this.#tell();
      this.#play(now);
    }, FRAME_MS);
  }

  #moved() {
    this.#playing = false;
    this.#tell();
  }

  get #isAtEnd() {
    return this.#slider.valueAsNumber >= STEPS;
  }

  async #tell() {
    fill(this.#button, this.#playing ? "❚❚ Pause" : "▶ Play");
    if (this.#span === null) return;
    const { start, end } = this.#span;
    const moment = start + ((end - start) * this.#slider.valueAsNumber) / STEPS;
    const time = this.#clock.wall(Math.floor(moment / 1000) * 1000).slice(11);
    fill(this.#time, time);
    this.#slider.setAttribute("aria-valuetext", time);
    await this.onMoment(this.#isAtEnd ? null : moment);
  }
}
