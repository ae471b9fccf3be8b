/** The panel of a job: how far it is, how long it will take, and the way out. */

import { fill, make } from "./dom.js";
import { isOver } from "./events.js";
import { cameraTime, duration, number } from "./words.js";

const TITLES = {
  accepted: "Waiting for its turn",
  running: "Watching the video",
  successful: "Found out",
  failed: "It could not be found out",
  dismissed: "Cancelled",
};

export class JobPanel {
  #clock;
  #parts;

  /** `onCancel` and `onAgain` are called when the reader wants so. */
  constructor({ clock, onCancel, onAgain }) {
    this.#clock = clock;
    const bar = make("progress", { max: 100, "aria-label": "Progress of the job" });
    this.#parts = {
      title: make("h2"),
      message: make("p", { class: "message", role: "status" }),
      bar,
      percent: make("span", { class: "percent", "aria-hidden": "true" }),
      facts: make("dl", { class: "facts" }),
      cancel: make("button", { type: "button", class: "quiet", click: onCancel }, "Cancel"),
      again: make("button", { type: "button", class: "primary", click: onAgain, hidden: true }, "Ask again"),
    };
    const { title, message, percent, facts, cancel, again } = this.#parts;
    const lead = (this.#parts.lead = make("p", { class: "soft" }, "This part was filmed but not looked at yet. The answer comes by itself; you may close the page and come back."));
    this.node = make("div", { class: "job" }, title, lead, make("div", { class: "bar" }, bar, percent), message, facts, make("p", { class: "actions" }, cancel, again));
  }

  /** Shows how the job stands. */
  show(job) {
    const { title, lead, message, bar, percent, facts, cancel, again } = this.#parts;
    this.node.dataset.status = job.status;
    say(title, TITLES[job.status] ?? job.status);
    say(message, job.status === "dismissed" ? "You can ask for it again; what was done already stays done." : job.message ?? "");
    lead.hidden = isOver(job);
    const done = job.status === "successful" ? 100 : Math.min(99, job.progress ?? 0);
    bar.value = done;
    say(percent, `${number(done)} %`);
    fill(facts, this.#facts(job).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
    cancel.hidden = isOver(job);
    again.hidden = !["failed", "dismissed"].includes(job.status);
  }

  #facts(job) {
    const facts = [];
    if (typeof job.camera_hours === "number") facts.push(["Video", `${cameraTime(job.camera_hours_done ?? 0)} of ${cameraTime(job.camera_hours)}`]);
    if (!isOver(job)) facts.push(["Time left", this.#left(job)]);
    if (job.started) facts.push(["Running for", duration((Date.parse(job.finished ?? job.updated ?? job.started) - Date.parse(job.started)) / 1000)]);
    return facts;
  }

  #left(job) {
    if (typeof job.eta_s !== "number") return "not known yet";
    if (job.eta_s < 1) return "almost done";
    return `about ${duration(job.eta_s)}, until ${this.#clock.time(new Date(Math.ceil((Date.now() / 1000 + job.eta_s) / 60) * 60_000))}`;
  }
}

/** Changes a text only when it differs, so that screen readers do not repeat it. */
function say(node, text) {
  if (node.textContent !== text) fill(node, text);
}
