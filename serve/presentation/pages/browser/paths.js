/** Paths of people as lines on a plan. */

import { colour, pathColours } from "./drawing.js";

const PLACE = ["person", "floor", "taken_at", "x_m", "y_m"];
/** More people than this share one line per colour, so that a crowd still draws quickly. */
const MOST_LINES = 80;

/** Whether rows under these columns can be drawn. */
export function areDrawable(columns) {
  const names = new Set(columns.map((column) => column.name));
  return PLACE.every((name) => names.has(name));
}

/** The floors that the rows are on. */
export function floorsOf(rows) {
  return new Set(rows.map((row) => row.floor));
}

/** The first eight signs of an id are its time; its last six tell people of one day apart. */
export function shortName(person) {
  return `…${String(person).slice(-6)}`;
}

/**
 * Plotly traces of the rows on one floor: the ways, dotted where nobody saw the person, a dot where each begins and an arrow
 * where it ends. With `dimmed` the ways are faint, for what is shown on top.
 */
export function tracesOf(rows, floor, clock, dimmed) {
  const number = numbersOf(rows);
  const colours = pathColours();
  const colourOf = (person) => colours[number.get(person) % colours.length];
  const stays = staysOf(rows).filter((stay) => stay[0].floor === floor);
  const ways = waysOf(stays);
  const group = number.size > MOST_LINES ? (way) => colourOf(way[0][0].person) : (way) => way[0][0].person;
  const lines = [...Map.groupBy(ways, group).values()].flatMap((those) => {
    const [ink, width] = [colourOf(those[0][0][0].person), number.size > 12 ? 1.5 : 2.4];
    return [line(those.flat(), ink, width, clock), ...unseen(those, ink, width)];
  });
  if (dimmed) return lines.map((one) => ({ ...one, opacity: 0.18 }));
  return stays.length ? [...lines, starts(ways, colourOf), ends(ways, colourOf)] : [];
}

/** Where the people of the rows are on a floor at a moment, in between by straight, even walking: a trace of dots. */
export function placesAt(rows, floor, moment) {
  const [number, colours] = [numbersOf(rows), pathColours()];
  const here = staysOf(rows).filter((stay) => stay[0].floor === floor).map((stay) => placeAt(stay, moment)).filter((place) => place !== null);
  const look = { symbol: "circle", size: 13, color: here.map((one) => colours[number.get(one.person) % colours.length]), line: { width: 2, color: colour("card") } };
  return { ...marks(here, look), hoverinfo: "text", hovertext: here.map((one) => `person ${shortName(one.person)}`) };
}

function placeAt(stay, moment) {
  const next = stay.findIndex((row) => Date.parse(row.taken_at) >= moment);
  if (next < 0 || (next === 0 && Date.parse(stay[0].taken_at) > moment)) return null;
  const [from, to] = [stay[Math.max(next - 1, 0)], stay[next]];
  const [begin, end] = [Date.parse(from.taken_at), Date.parse(to.taken_at)];
  const share = end > begin ? (moment - begin) / (end - begin) : 1;
  return { person: to.person, x_m: from.x_m + share * (to.x_m - from.x_m), y_m: from.y_m + share * (to.y_m - from.y_m) };
}

/** Each person's number, in the order of the rows: it gives the colour, `--path-1` to `--path-8`. */
export function numbersOf(rows) {
  const number = new Map();
  for (const row of rows) if (!number.has(row.person)) number.set(row.person, number.size);
  return number;
}

/** The rows of each person's stays on a floor; rows arrive in order. */
function staysOf(rows) {
  const stays = [];
  let [last, key] = [[], null];
  for (const row of rows) {
    const own = `${row.person} ${row.floor} ${row.stay ?? ""}`;
    if (own !== key) stays.push((last = []));
    last.push(row);
    key = own;
  }
  return stays;
}

/** Stays of one person on one floor, one after the other: in between, nobody saw the person. */
function waysOf(stays) {
  const ways = [];
  for (const stay of stays) {
    const before = ways.at(-1)?.at(-1)[0];
    if (before?.person === stay[0].person && before.stay + 1 === stay[0].stay) ways.at(-1).push(stay);
    else ways.push([stay]);
  }
  return ways;
}

function line(stays, ink, width, clock) {
  // A row without a place breaks the line between two stays.
  const points = stays.flatMap((stay) => [...stay, null]).slice(0, -1);
  return {
    type: "scatter",
    mode: "lines",
    x: points.map((row) => row?.x_m ?? null),
    y: points.map((row) => row?.y_m ?? null),
    customdata: points.map((row) => row && [shortName(row.person), clock.time(wholeSecond(row.taken_at))]),
    hovertemplate: "<b>%{customdata[1]}</b><br>person %{customdata[0]}<br>%{x:.1f} m, %{y:.1f} m<extra></extra>",
    line: { color: ink, width, shape: "linear" },
    opacity: 0.85,
  };
}

/** A dotted line from where each way was lost from sight to where it was seen again; none if all was seen. */
function unseen(ways, ink, width) {
  const points = ways.flatMap((way) => way.slice(1).flatMap((stay, number) => [way[number].at(-1), stay[0], null])).slice(0, -1);
  if (!points.length) return [];
  const line = { color: ink, width: width * 0.7, dash: "2px,5px" };
  return [{ type: "scatter", mode: "lines", x: points.map((row) => row?.x_m ?? null), y: points.map((row) => row?.y_m ?? null), line, opacity: 0.55, hoverinfo: "skip" }];
}

function starts(ways, colourOf) {
  const first = ways.map((way) => way[0][0]);
  return marks(first, { symbol: "circle", size: 7, color: first.map((row) => colourOf(row.person)) });
}

function ends(ways, colourOf) {
  const moving = ways.map((way) => lastStep(way.at(-1))).filter((step) => step !== null);
  const last = moving.map(([, to]) => to);
  const angle = moving.map(([from, to]) => (Math.atan2(to.x_m - from.x_m, to.y_m - from.y_m) * 180) / Math.PI);
  return marks(last, { symbol: "arrow", size: 11, angle, color: last.map((row) => colourOf(row.person)) });
}

function marks(rows, marker) {
  return { type: "scatter", mode: "markers", x: rows.map((row) => row.x_m), y: rows.map((row) => row.y_m), marker: { opacity: 1, ...marker }, hoverinfo: "skip" };
}

/** The last row and the nearest one before it that lies elsewhere; null for who stood still. */
function lastStep(stay) {
  const to = stay.at(-1);
  const from = stay.findLast((row) => Math.hypot(row.x_m - to.x_m, row.y_m - to.y_m) > 0.3);
  return from ? [from, to] : null;
}

function wholeSecond(text) {
  return Math.round(Date.parse(text) / 1000) * 1000;
}
