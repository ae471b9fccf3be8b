/** The service over HTTP, asked with the reader's key. Every failure is a Problem. */

import { problemOf, unreachable } from "./problem.js";

/** Rows of an answer that a page can draw and list; its files have them all. */
const ROWS = 20_000;

export class Service {
  #key;

  constructor(key) {
    this.#key = key;
  }

  site = () => this.#json("/site");
  questions = async () => (await this.#json("/processes")).processes;
  question = (id) => this.#json(`/processes/${encodeURIComponent(id)}`);
  coverage = () => this.#json("/coverage");
  job = (id, signal) => this.#json(`/jobs/${encodeURIComponent(id)}`, { signal });
  results = (id, signal) => this.#json(`/jobs/${encodeURIComponent(id)}/results`, { signal });
  dismiss = (id) => this.#json(`/jobs/${encodeURIComponent(id)}`, { method: "DELETE" });

  /** The answer, `{answer}`, or its first rows; or, when it must be found out first and `order` is true, `{job}`. */
  async ask(question, inputs, { order, signal }) {
    const headers = { "Content-Type": "application/json", ...(order ? { Prefer: "respond-async" } : {}) };
    const body = JSON.stringify({ inputs: { ...inputs, limit: ROWS } });
    const path = `/processes/${encodeURIComponent(question)}/execution`;
    const response = await this.#fetch(path, { method: "POST", headers, body, signal });
    const document = await response.json();
    return response.status === 201 ? { job: document } : { answer: document };
  }

  /** The open stream of a job's events. */
  async events(id, signal) {
    const headers = { Accept: "text/event-stream" };
    return (await this.#fetch(`/jobs/${encodeURIComponent(id)}/events`, { headers, signal })).body;
  }

  /** The answer as a file: its bytes and its name. */
  async file(question, format, inputs) {
    const query = new URLSearchParams(Object.entries(inputs).flatMap(([name, value]) => [value].flat().map((one) => [name, one])));
    const response = await this.#fetch(`/questions/${encodeURIComponent(question)}.${format}?${query}`);
    const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
    return { blob: await response.blob(), name: name ?? `${question}.${format}` };
  }

  async #json(path, options = {}) {
    return (await this.#fetch(path, options)).json();
  }

  async #fetch(path, options = {}) {
    const headers = { Accept: "application/json", ...options.headers, Authorization: `Bearer ${this.#key}` };
    let response;
    try {
      response = await fetch(path, { ...options, headers, cache: "no-store" });
    } catch (error) {
      throw error.name === "AbortError" ? error : unreachable();
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}
