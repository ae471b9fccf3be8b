/** Figures and names in words. */

const NUMBER = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });

export function number(value) {
  return NUMBER.format(value);
}

/** 1 person, 2 people. */
export function count(many, one, more) {
  return `${NUMBER.format(many)} ${many === 1 ? one : more}`;
}

/** `people_in_hall` as People in hall. */
export function title(name) {
  const text = String(name).replaceAll(/[_-]/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A column as a heading: its unit stands beside it, so the suffix that repeats it goes. */
export function heading(column) {
  const suffix = column.unit ? `_${column.unit}` : "";
  return title(suffix && column.name.endsWith(suffix) ? column.name.slice(0, -suffix.length) : column.name);
}

/** Seconds as people say them: 40 s, 3 min, 1 h 20 min. */
export function duration(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest ? ` ${rest} min` : ""}`;
}

/** Camera-hours; the small ones in camera-minutes. */
export function cameraTime(hours) {
  const tenths = (value) => Math.round(value * 10) / 10;
  if (hours < 1) return count(tenths(hours * 60), "camera-minute", "camera-minutes");
  return count(tenths(hours), "camera-hour", "camera-hours");
}

const REASONS = {
  "no-video": "no video was recorded",
  corrupt: "the video cannot be read",
  deleted: "the video was deleted",
  "kills-its-worker": "the video cannot be processed",
  "not-calibrated": "the camera is not calibrated",
  "out-of-retention": "the video is past its time of keeping",
};

/** Why there is a gap; what stands in brackets behind the word is told as it is. */
export function reason(text) {
  const [word, more] = text.split(/ \((.*)\)$/);
  const known = REASONS[word] ?? title(word).toLowerCase();
  return more ? `${known}, ${more}` : known;
}
