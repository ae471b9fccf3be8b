/** The archive day by day: how much was recorded, and how much of that is extracted. */

import { fill, make } from "./dom.js";
import { hull, total, within } from "./windows.js";
import { cameraTime } from "./words.js";

const HOUR = 3_600_000;
const MOST_DAYS = 62;

/** The local days on which the cameras recorded, each `{day, start, end, recorded, covered}`, lengths in hours. */
export function daysOf(cameras, clock) {
  const whole = hull(cameras.flatMap((camera) => camera.recorded));
  if (whole === null) return [];
  const days = [];
  for (let day = clock.day(whole.start); +clock.moment(day) < whole.end; day = clock.after(day)) {
    const [start, end] = [+clock.moment(day), +clock.moment(clock.after(day))];
    const hours = (kind) => cameras.reduce((sum, camera) => sum + total(within(camera[kind], start, end)), 0) / HOUR;
    days.push({ day, start, end, recorded: hours("recorded"), covered: hours("covered") });
  }
  return days.slice(-MOST_DAYS);
}

/** One bar a day, as high as much was recorded, as full as much is extracted. */
export function showDays(node, days, chosen, clock, onChoose) {
  const most = Math.max(...days.map((one) => one.recorded), 0.001);
  node.hidden = days.length < 2;
  fill(node, days.map((one) => {
    const style = { "--height": one.recorded / most, "--share": one.recorded ? one.covered / one.recorded : 0 };
    const label = `${clock.date(one.start)}: ${cameraTime(one.recorded)} recorded, ${cameraTime(one.covered)} extracted`;
    const bar = make("span", { class: "amount", style });
    const number = make("span", { class: "number" }, String(Number(one.day.slice(8))));
    const attributes = { type: "button", "aria-pressed": String(one.day === chosen), "aria-label": label, title: label };
    return make("button", { ...attributes, click: () => onChoose(one.day) }, bar, number);
  }));
  const pressed = node.querySelector("[aria-pressed=true]");
  if (pressed) node.scrollLeft = pressed.offsetLeft - node.clientWidth / 2; // scrollIntoView would move the page too
}
