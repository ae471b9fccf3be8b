/** Windows of time as `{start, end}` in epoch milliseconds, half-open. */

/** A list of `{from, to}` texts as windows. */
export function windowsOf(listed) {
  return (listed ?? []).map(({ from, to, ...more }) => ({ start: Date.parse(from), end: Date.parse(to), ...more }));
}

/** The parts of the windows inside `[start, end)`. */
export function within(windows, start, end) {
  const parts = windows.map((one) => ({ ...one, start: Math.max(one.start, start), end: Math.min(one.end, end) }));
  return parts.filter((one) => one.start < one.end);
}

/** Their summed length in milliseconds. */
export function total(windows) {
  return windows.reduce((sum, one) => sum + one.end - one.start, 0);
}

/** The smallest window that holds them all, or null. */
export function hull(windows) {
  if (!windows.length) return null;
  return { start: Math.min(...windows.map((one) => one.start)), end: Math.max(...windows.map((one) => one.end)) };
}
