/** A job as it goes on: by Server-Sent Events, opened again where they break off; each stream begins with how it stands. */

const ENDS = new Set(["successful", "failed", "dismissed"]);
const BREATH_MS = 300;
const PAUSE_MS = 1500;
const LONGEST_PAUSE_MS = 20_000;

/** Whether nothing more will happen to the job. */
export function isOver(job) {
  return ENDS.has(job.status);
}

/** Every new status of the job, up to the last one. Raises Problem when the job cannot be followed. */
export async function* follow(service, job, signal) {
  let [current, pause] = [job, PAUSE_MS];
  yield current;
  while (!isOver(current) && !signal.aborted) {
    try {
      for await (const status of statuses(await service.events(job.jobID, signal))) {
        yield (current = status);
        pause = PAUSE_MS;
      }
      if (!isOver(current)) await sleep(BREATH_MS, signal); // a stream lives only so long; the next one goes on
    } catch (problem) {
      if (signal.aborted) return;
      if (!problem.passes && !(problem instanceof TypeError)) throw problem; // TypeError: the stream was cut
      await sleep(pause, signal);
      pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
    }
  }
}

async function* statuses(stream) {
  for await (const event of eventsOf(stream)) if (event.name === "status") yield JSON.parse(event.data);
}

/** The events of a stream (HTML, section 9.2.6): name and data; comments are skipped. */
export async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let text = "";
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      const blocks = (text + value).replaceAll("\r\n", "\n").split("\n\n");
      text = blocks.pop();
      for (const block of blocks) if (/^data/m.test(block)) yield eventOf(block);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function eventOf(block) {
  const fields = block.split("\n").map((line) => /^(\w+): ?(.*)$/.exec(line)).filter(Boolean);
  const all = (name) => fields.filter((field) => field[1] === name).map((field) => field[2]);
  return { name: all("event").at(-1) ?? "message", data: all("data").join("\n") };
}

function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
