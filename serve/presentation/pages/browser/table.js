/** The rows of an answer, the first ones at first. */

import { fill, make } from "./dom.js";
import { areDrawable, numbersOf, shortName } from "./paths.js";
import { count, heading, number } from "./words.js";

const FIRST = 10;
const MORE = 100;

/** A table of the rows under the columns (name, type, unit). */
export function tableOf({ columns, rows }, clock) {
  const body = make("tbody");
  const more = make("button", { type: "button", class: "quiet", click: () => show(shown + MORE) });
  const numbers = areDrawable(columns) ? numbersOf(rows) : null;
  let shown = 0;
  const show = (many) => {
    body.append(...rows.slice(shown, many).map((row) => make("tr", {}, columns.map((column) => cell(column, row[column.name], clock, numbers)))));
    shown = Math.min(many, rows.length);
    more.hidden = shown === rows.length;
    fill(more, `Show more (${number(rows.length - shown)} left)`);
  };
  show(FIRST);
  const head = make("thead", {}, make("tr", {}, columns.map(headOf)));
  const caption = make("caption", {}, count(rows.length, "row", "rows"));
  return make("div", {}, make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Rows of the answer" }, make("table", {}, caption, head, body)), more);
}

/** A value as text: times in the mall's zone, numbers with separators, nothing as a dash. */
export function textOf(column, value, clock) {
  if (value === null || value === undefined) return "–";
  if (column.type === "time") return clock.dateAndTime(new Date(value));
  if (column.type === "id") return shortName(value);
  return typeof value === "number" ? number(value) : String(value);
}

function headOf(column) {
  const unit = column.unit ? make("span", { class: "unit" }, ` ${column.unit}`) : null;
  return make("th", { scope: "col", class: isFigure(column) ? "figure" : null }, heading(column), unit);
}

function cell(column, value, clock, numbers) {
  const isPerson = column.type === "id";
  const dot = isPerson && numbers ? make("span", { class: "dot", "aria-hidden": "true", style: { background: `var(--path-${(numbers.get(value) % 8) + 1})` } }) : null;
  return make("td", { class: isFigure(column) ? "figure" : null, title: isPerson ? String(value) : null }, dot, textOf(column, value, clock));
}

function isFigure(column) {
  return column.type === "number" || column.type === "integer";
}
