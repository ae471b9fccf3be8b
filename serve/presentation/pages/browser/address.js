/** The page's address holds what was asked, so that it can be kept and sent on; never the key. */

/** The question, its inputs and the job of the address; null without a question. */
export function read() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const [question, job] = [hash.get("question"), hash.get("job")];
  hash.delete("question");
  hash.delete("job");
  const inputs = Object.fromEntries([...new Set(hash.keys())].map((name) => [name, oneOrAll(hash.getAll(name))]));
  return question === null ? null : { question, inputs, job };
}

export function write(question, inputs, job = null) {
  const hash = new URLSearchParams({ question });
  for (const [name, value] of Object.entries(inputs)) for (const one of [value].flat()) hash.append(name, one);
  if (job !== null) hash.set("job", job);
  history.replaceState(null, "", `#${hash}`);
}

function oneOrAll(values) {
  return values.length === 1 ? values[0] : values;
}
