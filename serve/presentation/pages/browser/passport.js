/** The passport of an answer, in words: what it rests on, and what it does not know. */

import { make } from "./dom.js";
import { cameraTime, count, duration, number, reason, title } from "./words.js";

/** What the answer is based on. */
export function passportOf(passport, clock) {
  const entries = [
    ["Time asked", spanOf(passport.window, clock)],
    ["Cameras", camerasOf(passport.cameras)],
    ["Video used", cameraTime(passport.camera_hours)],
    ["Gaps", gapsOf(passport.gaps, clock)],
    ["Undecided people", passport.unknown === null ? null : unknownOf(passport.unknown)],
    ["Not shown", suppressedOf(passport.suppressed)],
    ...Object.entries(passport.versions).map(([what, versions]) => [`Version of the ${title(what).toLowerCase()}`, versions.join(", ") || "–"]),
    ["Computed", clock.dateAndTime(Math.floor(Date.parse(passport.computed_at) / 1000) * 1000)],
  ];
  return make("dl", { class: "passport" }, entries.filter(([, value]) => value !== null).map(entry));
}

/** One line: whether all there is to know went into the answer. */
export function verdictOf(passport) {
  const gaps = passport.gaps.length;
  const text = gaps ? `Complete where there is video · ${count(gaps, "gap", "gaps")}` : "Complete";
  return make("span", { class: gaps ? "verdict partly" : "verdict" }, text);
}

function entry([name, value]) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, value));
}

function spanOf(window, clock) {
  return clock.span(wholeSecond(window.from), wholeSecond(window.to));
}

function camerasOf(cameras) {
  if (cameras.length <= 6) return `${number(cameras.length)} (${cameras.join(", ")})`;
  return make("details", {}, make("summary", {}, number(cameras.length)), cameras.join(", "));
}

function gapsOf(gaps, clock) {
  if (!gaps.length) return "none";
  const reasons = [...Map.groupBy(gaps, (gap) => gap.reason)];
  return reasons.map(([word, those]) => {
    const cameras = new Set(those.map((gap) => gap.camera)).size;
    const seconds = those.reduce((sum, gap) => sum + (Date.parse(gap.to) - Date.parse(gap.from)) / 1000, 0);
    const summary = make("summary", {}, `${title(reason(word))}: ${count(cameras, "camera", "cameras")}, ${duration(seconds)} in all`);
    return make("details", {}, summary, make("ul", {}, those.map((gap) => make("li", {}, `${gap.camera}: ${spanOf(gap, clock)}`))));
  });
}

function unknownOf(people) {
  return `${count(people, "person", "people")} could not be told apart by what was asked for`;
}

function suppressedOf(suppressed) {
  if (!suppressed.length) return null;
  const reasons = [...new Set(suppressed.map((one) => one.reason))];
  return `${count(suppressed.length, "row", "rows")}: ${reasons.join(", ")}`;
}

function wholeSecond(text) {
  return Math.round(Date.parse(text) / 1000) * 1000;
}
