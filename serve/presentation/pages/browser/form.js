/** The form, made from the catalogue: it fits every question that the service describes. */

import { fill, make } from "./dom.js";
import { fieldFor } from "./fields.js";

/** The kind of field that a problem without a parameter is about. */
const ABOUT = { "bad-window": "time", "no-video": "time", "over-budget": "time", "unknown-section": "section" };

const HALF_AN_HOUR = 1_800_000;

export class QuestionForm {
  #service;
  #places;
  #fields = [];
  #parts;
  #remembered = {};
  #lastWindow = null;
  #choosing = null;
  #wanted = null;

  /** `places` are site and clock; `onAsk` gets question and inputs, `onChange` nothing. */
  constructor({ node, questions, service, places, onAsk, onChange }) {
    [this.#service, this.#places, this.onAsk, this.onChange] = [service, places, onAsk, onChange];
    this.question = null;
    this.#parts = {
      choices: make("div", { class: "questions" }, questions.map((one) => this.#choice(one))),
      description: make("div", { class: "description" }),
      fields: make("div", { class: "fields" }),
      trouble: make("div", { class: "trouble", role: "alert", hidden: true }),
      submit: make("button", { class: "primary", type: "submit" }, "Ask"),
    };
    const { choices, description, fields, trouble, submit } = this.#parts;
    const legend = make("legend", { class: "unseen" }, "Question");
    const form = make("form", { novalidate: true, submit: (event) => this.#ask(event), change: () => this.#changed() },
      make("fieldset", {}, legend, choices), description, fields, trouble, make("div", { class: "send" }, submit),
      make("p", { class: "zone" }, `Times are the mall’s own: ${places.clock.zone.replaceAll("_", " ")}. A window does not include its end.`));
    fill(node, form);
  }

  /** Turns to a question; what was filled in stays where the new question has the same input. */
  choose(question) {
    this.#choosing = this.#turnTo(question);
    return this.#choosing;
  }

  async #turnTo(question) {
    this.#wanted = question;
    const description = await this.#service.question(question);
    if (this.#wanted !== question) return; // another one was chosen meanwhile
    this.#remember();
    this.question = { id: question, title: description.title, description: description.description };
    this.#fields = Object.entries(description.inputs).map(([name, input]) => fieldFor(name, input, this.#places));
    for (const field of this.#fields) field.value = this.#remembered[field.name] ?? null;
    if (this.window === null && this.#lastWindow !== null) this.window = this.#lastWindow;
    for (const one of this.#parts.choices.querySelectorAll("input")) one.checked = one.value === question;
    fill(this.#parts.description, shortened(description.description));
    fill(this.#parts.fields, this.#fields.map((field) => field.node));
    this.#parts.fields.dataset.question = question;
    this.complain(null);
    this.#changed();
  }

  /** What is filled in, as the service takes it. */
  get inputs() {
    const filled = this.#fields.map((field) => [field.name, field.value]).filter(([, value]) => value !== null && value.length);
    return Object.fromEntries(filled);
  }

  /** Fills fields in by name; others stay. */
  set inputs(values) {
    Object.assign(this.#remembered, values);
    for (const field of this.#fields) if (field.name in values) field.value = values[field.name];
    this.#changed();
  }

  /** The time that is filled in: `[from, to]`, the same twice for a question about a moment; null while it is not. */
  get window() {
    const moments = this.#of("time").map((field) => field.moment);
    return moments.length && moments.every(Boolean) ? [moments[0], moments.at(-1)] : null;
  }

  /** Fills a window into whatever times the question has: a moment gets the middle, a window around a moment an hour. */
  set window([from, to]) {
    const times = this.#of("time");
    const around = +from === +to ? HALF_AN_HOUR : 0;
    const ends = { first: new Date(+from - around), last: new Date(+to + around) };
    if (times.length === 1) this.inputs = { [times[0].name]: new Date((+from + +to) / 2) };
    if (times.length > 1) this.inputs = { [times[0].name]: ends.first, [times.at(-1).name]: ends.last };
  }

  get section() {
    return this.#of("section")[0]?.value ?? null;
  }

  set section(id) {
    const field = this.#of("section")[0];
    if (field) this.inputs = { [field.name]: id };
  }

  /** Says what is wrong, beside the field that it is about; null takes everything back. */
  complain(problem) {
    for (const field of this.#fields) field.complain(null);
    this.#parts.trouble.hidden = true;
    if (problem === null) return;
    const field = this.#fields.find((one) => one.name === problem.parameter) ?? this.#of(ABOUT[problem.word]).at(-1);
    const words = sentence(this.#places.clock.reworded(problem.message));
    if (field) return field.complain(words);
    fill(this.#parts.trouble, make("strong", {}, problem.title), make("p", {}, words));
    this.#parts.trouble.hidden = false;
  }

  /** Whether an answer is under way. */
  set isBusy(busy) {
    this.#parts.submit.setAttribute("aria-busy", String(busy));
    fill(this.#parts.submit, busy ? "Asking…" : "Ask");
  }

  #of(kind) {
    return this.#fields.filter((field) => field.kind === kind);
  }

  #remember() {
    for (const field of this.#fields) this.#remembered[field.name] = field.kind === "time" ? field.moment : field.value;
  }

  #choice(question) {
    const input = make("input", { type: "radio", name: "question", value: question.id, change: () => this.choose(question.id).catch((problem) => this.complain(problem)) });
    return make("label", { class: "question" }, input, make("span", {}, question.title));
  }

  #changed() {
    this.#remember();
    this.#lastWindow = this.window ?? this.#lastWindow;
    this.onChange();
  }

  async #ask(event) {
    event.preventDefault();
    await this.#choosing; // never the question before, whose fields may still be seen
    this.complain(null);
    const empty = this.#fields.find((field) => field.node.querySelector(":invalid") !== null);
    if (empty) return empty.complain("This is needed to answer the question.");
    this.onAsk(this.question, this.inputs);
  }
}

/** The first sentence, with the others behind it. */
function shortened(text) {
  const [, first, rest] = /^(.+?[.:;])(?:\s+(.*))?$/s.exec(text) ?? [null, text, null];
  return rest ? make("details", {}, make("summary", {}, first.replace(/[:;]$/, ".")), rest) : first;
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? "" : "."}`;
}
