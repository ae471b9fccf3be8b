/** The reader's API key: kept for this tab only, and never left in the address bar. */

const NAME = "mall-key";

/** The key of `#key=..`, which is then removed from the address, else the kept one, else null. */
export function find() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const given = hash.get("key");
  if (given === null) return sessionStorage.getItem(NAME);
  hash.delete("key");
  history.replaceState(null, "", hash.size ? `#${hash}` : location.pathname);
  keep(given.trim());
  return given.trim();
}

export function keep(key) {
  sessionStorage.setItem(NAME, key);
}

export function forget() {
  sessionStorage.removeItem(NAME);
}
