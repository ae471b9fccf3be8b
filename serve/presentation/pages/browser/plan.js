/** The floor plan: outline, sections and what cameras see, one floor at a time, with paths on top. */

import { fill, make } from "./dom.js";
import { colour, onTheme, plotly } from "./drawing.js";
import { floorsOf, placesAt, tracesOf } from "./paths.js";

const MARGIN_M = 0.8;

export class Plan {
  #site;
  #clock;
  #node;
  #tabs;
  #floor;
  #rows = [];
  #section = null;
  #moment = null;

  /** Draws into `node`; `tabs` holds the choice of the floor. `onSection` is told the section that is clicked. */
  constructor({ node, tabs, site, clock, onSection }) {
    [this.#node, this.#tabs, this.#site, this.#clock] = [node, tabs, site, clock];
    this.#floor = site.floors[0]?.id ?? 0;
    this.onSection = onSection;
    onTheme(() => this.#draw());
    this.#choices();
  }

  async open() {
    await this.#draw();
    this.#node.on("plotly_click", ({ points }) => points[0]?.data.section && this.onSection(points[0].data.section));
  }

  /** Shows the paths of these rows, on the first floor that has some. */
  showPaths(rows) {
    [this.#rows, this.#moment] = [rows, null];
    const used = floorsOf(rows);
    if (used.size && !used.has(this.#floor)) this.#floor = [...used][0];
    this.#choices();
    return this.#draw();
  }

  /** Shows where everybody is at a moment, over faint paths; with null the paths alone. */
  async showMoment(moment) {
    const isNew = (moment === null) !== (this.#moment === null);
    this.#moment = moment;
    if (isNew) return this.#draw();
    if (moment === null) return;
    const { x, y, marker, hovertext } = placesAt(this.#rows, this.#floor, moment);
    const last = this.#node.data.length - 1;
    await (await plotly()).restyle(this.#node, { x: [x], y: [y], "marker.color": [marker.color], hovertext: [hovertext] }, [last]);
  }

  /** Marks a section, and turns to its floor; null marks none. */
  mark(id) {
    if (id === this.#section) return;
    this.#section = id;
    const section = this.#site.sections.find((one) => one.id === id);
    if (section) this.#floor = section.floor;
    this.#choices();
    this.#draw();
  }

  #choose(floor) {
    this.#floor = floor;
    this.#choices();
    this.#tabs.querySelector("[aria-checked=true]")?.focus();
    return this.#draw();
  }

  #choices() {
    const floors = this.#site.floors;
    this.#tabs.hidden = floors.length < 2;
    fill(this.#tabs, floors.map((floor, index) => {
      const chosen = floor.id === this.#floor;
      const move = (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        this.#choose(floors[(index + step + floors.length) % floors.length].id);
      };
      const attributes = { type: "button", role: "radio", "aria-checked": String(chosen), tabindex: chosen ? 0 : -1 };
      return make("button", { ...attributes, click: () => this.#choose(floor.id), keydown: move }, floor.name);
    }));
  }

  async #draw() {
    const Plotly = await plotly();
    const floor = this.#site.floors.find((one) => one.id === this.#floor);
    if (!floor) return;
    const here = (one) => one.floor === floor.id;
    const sections = this.#site.sections.filter(here);
    const cameras = this.#site.cameras.filter(here);
    const isReplay = this.#moment !== null;
    const people = isReplay ? [placesAt(this.#rows, floor.id, this.#moment)] : [];
    const traces = [...sections.map(area), camerasOf(cameras), ...tracesOf(this.#rows, floor.id, this.#clock, isReplay), ...people];
    this.#node.style.setProperty("--aspect", aspectOf(floor));
    await Plotly.react(this.#node, traces, layoutOf(floor, sections, cameras, this.#section), config());
  }
}

/** An unseen area over a section, for its name on hover and for clicks. */
function area(section) {
  const ring = [...section.polygon, section.polygon[0]];
  return {
    type: "scatter", mode: "lines", fill: "toself", hoveron: "fills", section: section.id, name: section.name,
    x: ring.map(([x]) => x), y: ring.map(([, y]) => y), text: escaped(section.name), hoverinfo: "text",
    line: { width: 0 }, fillcolor: "rgba(0,0,0,0)",
  };
}

function camerasOf(cameras) {
  const placed = cameras.filter((camera) => camera.near);
  return {
    type: "scatter", mode: "markers+text", cliponaxis: false, x: placed.map((one) => one.near[0]), y: placed.map((one) => one.near[1]),
    text: placed.map((one) => escaped(one.id)), textposition: "top center", textfont: { size: 10, color: colour("camera") },
    hovertext: placed.map((one) => `camera ${escaped(one.id)}`), hoverinfo: "text",
    marker: { size: 9, symbol: "diamond", color: colour("camera"), line: { width: 1.5, color: colour("card") } },
  };
}

function layoutOf(floor, sections, cameras, marked) {
  const [left, right] = extent(floor.outline, 0);
  const [low, high] = extent(floor.outline, 1);
  const axis = { showgrid: false, zeroline: false, ticks: "", tickfont: { size: 10, color: colour("faint") }, ticksuffix: " m", nticks: 8 };
  return {
    xaxis: { ...axis, range: [left - MARGIN_M, right + MARGIN_M], constrain: "domain" },
    yaxis: { ...axis, range: [low - MARGIN_M, high + MARGIN_M], scaleanchor: "x", constrain: "domain" },
    shapes: shapesOf(floor, sections, cameras, marked),
    annotations: sections.map(nameOf),
    margin: { l: 38, r: 6, t: 6, b: 26 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", color: colour("ink") },
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink"), size: 12 } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("faint"), activecolor: colour("accent") },
    hovermode: "closest", showlegend: false, uirevision: `floor ${floor.id}`,
    dragmode: isTouch() ? false : "pan",
  };
}

function shapesOf(floor, sections, cameras, marked) {
  const shape = (points, more) => ({ type: "path", path: outline(points), layer: "below", line: { width: 0 }, ...more });
  return [
    shape(floor.outline, { fillcolor: colour("floor") }),
    ...cameras.filter((one) => one.sees.length > 2).map((one) => shape(one.sees, { fillcolor: colour("view"), opacity: 0.07 })),
    ...sections.map((one) => shape(one.polygon, sectionLook(one.id === marked))),
    beyond(floor.outline),
    shape(floor.outline, { line: { color: colour("wall"), width: 1.5 } }),
  ];
}

/** What cameras seem to see beyond the walls is covered: views are convex, floors need not be. */
function beyond(points) {
  const [[left, right], [low, high]] = [extent(points, 0), extent(points, 1)];
  const around = outline([[left, low], [right, low], [right, high], [left, high]]);
  return { type: "path", path: `${around} ${outline(points)}`, fillrule: "evenodd", fillcolor: colour("card"), layer: "below", line: { width: 0 } };
}

function sectionLook(isMarked) {
  if (isMarked) return { fillcolor: colour("marked"), line: { color: colour("accent"), width: 2 } };
  return { fillcolor: colour("section"), opacity: 0.8 };
}

/** The name in the upper left corner, where the fewest paths cross it. */
function nameOf(section) {
  const [x, y] = [extent(section.polygon, 0)[0], extent(section.polygon, 1)[1]];
  const place = { x, y, xanchor: "left", yanchor: "top", xshift: 2, yshift: 0, align: "left", showarrow: false };
  return { ...place, text: escaped(section.name), font: { size: isTouch() ? 9 : 11, color: colour("section-name") } };
}

function config() {
  const buttons = [["zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"]];
  return { displayModeBar: isTouch() ? false : "hover", modeBarButtons: buttons, displaylogo: false, responsive: true, scrollZoom: false };
}

function isTouch() {
  return matchMedia("(pointer: coarse)").matches;
}

/** Plotly reads a little markup in texts. */
function escaped(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function aspectOf(floor) {
  const [left, right] = extent(floor.outline, 0);
  const [low, high] = extent(floor.outline, 1);
  return (high - low + 2 * MARGIN_M) / (right - left + 2 * MARGIN_M);
}

function outline(points) {
  return `M ${points.map(([x, y]) => `${Number(x)},${Number(y)}`).join(" L ")} Z`;
}

function extent(points, axis) {
  const values = points.map((point) => point[axis]);
  return [Math.min(...values), Math.max(...values)];
}
