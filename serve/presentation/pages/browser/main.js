/** The page: lets the reader in, then puts its parts together. */

import * as address from "./address.js";
import { answerOf } from "./answer.js";
import { Clock } from "./clock.js";
import { Conversation } from "./conversation.js";
import { CoverageStrip } from "./coverage.js";
import { byId, fill, make } from "./dom.js";
import { isOver } from "./events.js";
import { QuestionForm } from "./form.js";
import { JobPanel } from "./job.js";
import * as keys from "./key.js";
import { areDrawable } from "./paths.js";
import { Plan } from "./plan.js";
import { Replay } from "./replay.js";
import { save } from "./saving.js";
import { Service } from "./service.js";
import { cameraTime } from "./words.js";

/** Shows the gate; `why` says what was wrong with the key before. */
function showGate(why = null) {
  byId("gate").hidden = false;
  byId("desk").hidden = true;
  byId("forget").hidden = true;
  fill(byId("gate-complaint"), why ?? "");
  byId("gate-complaint").hidden = !why;
  byId("key").focus();
}

async function enter(key) {
  const service = new Service(key);
  try {
    const [site, questions, coverage] = await Promise.all([service.site(), service.questions(), service.coverage()]);
    keys.keep(key);
    await open(service, site, questions, coverage);
  } catch (problem) {
    if (problem.word === "unknown-key") keys.forget();
    showGate(problem.message);
  }
}

async function open(service, site, questions, coverage) {
  const clock = new Clock(site.time_zone);
  byId("gate").hidden = true;
  byId("desk").hidden = false;
  byId("forget").hidden = false;
  fill(byId("site"), site.site);
  const strip = new CoverageStrip({ node: byId("coverage"), clock, onPick: (from, to) => (form.window = [from, to]) });
  const plan = new Plan({ node: byId("plan"), tabs: byId("floors"), site, clock, onSection: (id) => (form.section = id) });
  const replay = new Replay({ node: byId("replay"), clock, onMoment: (moment) => plan.showMoment(moment) });
  const form = new QuestionForm({
    node: byId("form"), questions, service, places: { site, clock },
    onAsk: (question, inputs) => ask(question, inputs, { order: true }),
    onChange: () => (strip.mark(form.window), plan.mark(form.section)),
  });
  const refresh = async () => strip.show(await service.coverage());
  const show = screen({ service, site, clock, form, plan, replay, refresh, onAgain: () => ask(form.question, form.inputs, { order: true }), onCancel: () => talk.cancel() });
  const talk = new Conversation(service, show);

  function ask(question, inputs, options) {
    address.write(question.id, inputs);
    return talk.ask(question, inputs, options);
  }

  strip.show(coverage);
  const asked = address.read();
  const known = asked && questions.find((one) => one.id === asked.question);
  form.inputs = known ? asked.inputs : {};
  await form.choose(known ? known.id : (questions.find(drawsPaths) ?? questions[0]).id);
  if (!known && strip.newest) form.window = strip.newest;
  await plan.open();
  // A link only asks; it never makes anybody pay for an extraction.
  if (known) await (asked.job ? talk.resume(form.question, asked.job) : talk.ask(form.question, form.inputs, { order: false }));
}

/** The page opens with a question whose answer can be seen on the plan. */
function drawsPaths(question) {
  return question.keywords?.includes("paths");
}

/** On a narrow screen what is new lies below: go there. */
function bringIntoView(node) {
  if (matchMedia("(max-width: 60rem)").matches) node.scrollIntoView({ block: "start", behavior: "smooth" });
}

/** What a conversation shows, and where. */
function screen({ service, site, clock, form, plan, replay, refresh, onAgain, onCancel }) {
  const node = byId("answer");
  let [panel, status] = [null, null];
  const showPaths = (rows) => {
    replay.show(rows);
    plan.showPaths(rows);
  };
  const place = (...parts) => {
    node.hidden = false;
    fill(node, ...parts);
  };
  return {
    busy: (busy) => (form.isBusy = busy),

    answer(question, answer) {
      panel = null;
      const onFile = (format) => save(service.file(answer.question, format, answer.inputs)).catch((problem) => form.complain(problem));
      place(answerOf({ title: question.title, answer, clock, hasPlace: site.georeference !== null, onFile }));
      const hasPaths = areDrawable(answer.result.columns);
      showPaths(hasPaths ? answer.result.rows : []);
      bringIntoView(hasPaths ? byId("plan-title") : node);
      fill(byId("news"), `${question.title}: the answer is here`);
      address.write(question.id, form.inputs);
    },

    job(question, job) {
      if (panel === null) {
        panel = new JobPanel({ clock, onCancel, onAgain });
        place(panel.node);
        showPaths([]);
        bringIntoView(node);
      }
      panel.show(job);
      if (job.status !== status) refresh().catch(() => {}); // what was shown before stays
      status = job.status;
      form.isBusy = false; // another question may be asked meanwhile
      address.write(question.id, form.inputs, isOver(job) ? null : job.jobID);
      if (isOver(job)) panel = null;
    },

    problem(problem) {
      panel = null;
      if (problem.word === "unknown-key") return showGate(problem.message);
      if (problem.word !== "not-extracted") return form.complain(problem);
      const lead = `${cameraTime(problem.document.camera_hours)} of it were filmed but not looked at yet, so there is no whole answer, and a part is never shown as one.`;
      place(make("h2", {}, problem.title), make("p", { class: "soft" }, lead), make("p", { class: "actions" }, make("button", { type: "button", class: "primary", click: onAgain }, "Find out, then answer")));
    },
  };
}

byId("gate-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = byId("key").value.trim();
  if (key) enter(key);
});
byId("forget").addEventListener("click", () => {
  keys.forget();
  location.assign(location.pathname);
});

const key = keys.find();
if (key) enter(key);
else showGate();
