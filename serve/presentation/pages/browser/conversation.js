/** One question from asking to its answer, also when that must be found out first. */

import { follow } from "./events.js";

export class Conversation {
  #service;
  #show;
  #going = null;
  #job = null;

  /** `show` has what is to be seen: `busy(bool)`, `answer(question, answer)`, `job(question, job)`, `problem(problem)`. */
  constructor(service, show) {
    [this.#service, this.#show] = [service, show];
  }

  /** Asks. With `order` what is not known is found out, else it is a problem. */
  async ask(question, inputs, { order }) {
    await this.#run(async (signal) => {
      const { answer, job } = await this.#service.ask(question.id, inputs, { order, signal });
      if (answer) this.#show.answer(question, answer);
      else await this.#follow(question, job, signal);
    });
  }

  /** Goes on with a job that was ordered before. */
  async resume(question, id) {
    await this.#run(async (signal) => this.#follow(question, await this.#service.job(id, signal), signal));
  }

  /** Cancels the job; that it is over comes as its last event. */
  async cancel() {
    if (this.#job === null) return;
    try {
      this.#show.job(this.#job.question, await this.#service.dismiss(this.#job.id));
    } catch (problem) {
      this.#show.problem(problem);
    }
  }

  async #follow(question, job, signal) {
    this.#job = { question, id: job.jobID };
    let last = job;
    for await (last of follow(this.#service, job, signal)) this.#show.job(question, last);
    this.#job = null;
    if (last.status === "successful") this.#show.answer(question, await this.#service.results(last.jobID, signal));
  }

  /** One at a time: a new question ends the looking at the one before, not its job. */
  async #run(talk) {
    this.#going?.abort();
    const going = (this.#going = new AbortController());
    this.#show.busy(true);
    try {
      await talk(going.signal);
    } catch (problem) {
      if (!going.signal.aborted) this.#show.problem(problem);
    } finally {
      if (this.#going === going) this.#show.busy(false);
    }
  }
}
