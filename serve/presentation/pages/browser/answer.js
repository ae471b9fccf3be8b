/** An answer on the page: its figures, its rows, its files and its passport. */

import { make } from "./dom.js";
import { passportOf, verdictOf } from "./passport.js";
import { areDrawable } from "./paths.js";
import { tableOf, textOf } from "./table.js";
import { heading, number } from "./words.js";

/** The answer as an element. `onFile(format)` is called for a file; `hasPlace` says whether the plan lies on Earth. */
export function answerOf({ title, answer, clock, hasPlace, onFile }) {
  const { result, passport } = answer;
  const window = [passport.window.from, passport.window.to].map((text) => Math.round(Date.parse(text) / 1000) * 1000);
  const head = make("header", {},
    make("h2", {}, title),
    make("p", { class: "about" }, answer.inputs.at ? clock.dateAndTime(Date.parse(answer.inputs.at)) : clock.span(...window), " ", verdictOf(passport)));
  const formats = ["csv", ...(areDrawable(result.columns) && hasPlace ? ["geojson"] : []), "json"];
  const files = make("p", { class: "files" }, formats.map((format) => fileButton(format, onFile)));
  const isPart = (answer.links ?? []).some((link) => link.rel === "next");
  const part = isPart ? make("p", { class: "part" }, `Only the first ${number(result.rows.length)} rows are shown. The files have them all; a shorter time or one section has fewer.`) : null;
  const basis = make("details", { class: "basis", open: true }, make("summary", {}, "What this answer rests on"), passportOf(passport, clock));
  return [head, figuresOf(result, passport, clock), part, files, result.kind === "scalar" ? null : tableOf(result, clock), basis];
}

/** The figures to see at once: those of a single row, else how many people and rows there are. */
function figuresOf(result, passport, clock) {
  if (result.kind === "scalar" && result.rows.length === 1) {
    const [row] = result.rows;
    const shown = result.columns.filter((column) => column.type === "number" || column.type === "integer");
    const why = passport.suppressed[0]?.reason;
    return figures(shown.map((column) => [heading(column), row[column.name] === null ? null : textOf(column, row[column.name], clock), column.unit, why]));
  }
  const hasPeople = result.columns.some((column) => column.name === "person");
  const people = new Set(result.rows.map((row) => row.person)).size;
  return figures([hasPeople ? [people === 1 ? "person" : "people", number(people), null] : ["rows", number(result.rows.length), null]]);
}

function figures(listed) {
  return make("div", { class: "figures" }, listed.map(([name, value, unit, why]) => {
    const text = value ?? (why ? "hidden" : "–");
    const note = value === null && why ? ` (${why})` : "";
    const figure = make("span", { class: value === null ? "value none" : "value" }, text, unit && value !== null ? make("span", { class: "unit" }, ` ${unit}`) : null);
    return make("div", { class: "big" }, figure, make("span", { class: "name" }, name.toLowerCase() + note));
  }));
}

function fileButton(format, onFile) {
  const name = { csv: "CSV", geojson: "GeoJSON", json: "JSON" }[format];
  return make("button", { type: "button", class: "quiet", "aria-label": `Download ${name}`, click: () => onFile(format) }, `↓ ${name}`);
}
