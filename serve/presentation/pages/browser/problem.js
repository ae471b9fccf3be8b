/** What went wrong, as the service tells it (RFC 9457), and in plain words where it cannot tell. */

export class Problem extends Error {
  /** `document` is the problem document; `status` the HTTP status, 0 when nobody answered. */
  constructor(document, status) {
    super(document.detail || document.title || "It did not work");
    this.title = document.title || "It did not work";
    this.word = String(document.type ?? "").split(":").pop();
    this.parameter = document.parameter ?? null;
    this.document = document;
    this.status = status;
  }

  /** Whether the same request may work a little later. */
  get passes() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The problem of a response that is not ok. */
export async function problemOf(response) {
  try {
    return new Problem(await response.json(), response.status);
  } catch {
    return new Problem({ title: "It did not work", detail: `the service answered ${response.status} without saying why` }, response.status);
  }
}

export function unreachable() {
  return new Problem({ type: "unreachable", title: "Nobody answers", detail: "the service cannot be reached; is the network up?" }, 0);
}
