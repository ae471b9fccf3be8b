/**
 * One field of the form for each kind of input. A field has `name`, `kind`, `node`, a `value` (a text, a list of texts or
 * null) that can be read and set, and `complain(text)`, which says beside it what is wrong; null takes that back.
 */

import { attributePicker, isAttribute } from "./attributes.js";
import { fill, make } from "./dom.js";
import { title } from "./words.js";

const KINDS = { "date-time": time, section, floor };

/** The field for an input of a process description. */
export function fieldFor(name, input, { site, clock }) {
  const kind = KINDS[input.schema.format] ?? (isAttribute(input) ? attributes : input.schema.enum ? choice : text);
  return kind(name, input, { site, clock });
}

/** Times are typed as the mall's clocks show them. A moment that was set is sent exactly, also in the hour that occurs twice. */
function time(name, input, { clock }) {
  const control = make("input", { type: "datetime-local", step: 1, required: isRequired(input) });
  let exact = { wall: null, moment: null };
  return labelled(name, input, control, {
    kind: "time",
    get moment() {
      if (!control.value) return null;
      return control.value === exact.wall ? exact.moment : clock.moment(control.value);
    },
    get value() {
      if (!control.value) return null;
      return control.value === exact.wall ? exact.moment.toISOString() : control.value;
    },
    set value(given) {
      const hasOffset = typeof given === "string" && /(Z|[+-]\d\d:\d\d)$/.test(given);
      const moment = given instanceof Date ? given : given && (hasOffset ? new Date(given) : clock.moment(given));
      control.value = moment ? clock.wall(moment) : "";
      exact = { wall: control.value, moment };
    },
  });
}

function section(name, input, { site }) {
  const groups = site.floors.map((floor) => {
    const options = site.sections.filter((one) => one.floor === floor.id).map((one) => make("option", { value: one.id }, one.name));
    return make("optgroup", { label: floor.name }, options);
  });
  const first = isRequired(input) ? make("option", { value: "" }, "Choose…") : make("option", { value: "" }, "Anywhere");
  return simple(name, input, make("select", { required: isRequired(input) }, first, groups), "section");
}

function floor(name, input, { site }) {
  const options = site.floors.map((one) => make("option", { value: one.id }, one.name));
  const first = make("option", { value: "" }, isRequired(input) ? "Choose…" : "All floors");
  return simple(name, input, make("select", { required: isRequired(input) }, first, options), "floor");
}

function choice(name, input) {
  const options = input.schema.enum.map((one) => make("option", { value: one }, title(one)));
  return simple(name, input, make("select", { required: isRequired(input) }, make("option", { value: "" }, "Any"), options), "choice");
}

function text(name, input) {
  const isNumber = ["number", "integer"].includes(input.schema.type);
  const more = isNumber ? { type: "number", step: input.schema.type === "integer" ? 1 : "any" } : { type: "text", maxlength: 200 };
  return simple(name, input, make("input", { ...more, required: isRequired(input) }), isNumber ? "number" : "text");
}

function attributes(name, input) {
  const picker = attributePicker(name, input.schema.enum);
  const error = complaint(name);
  const node = make("div", { class: "field" }, picker.node, error);
  return Object.defineProperties({ name, kind: "attribute", node, complain: (text) => say(error, text) }, {
    value: { get: () => picker.value, set: (given) => (picker.value = [given ?? []].flat()) },
  });
}

function simple(name, input, control, kind) {
  return labelled(name, input, control, {
    kind,
    get value() {
      return control.value || null;
    },
    set value(given) {
      control.value = given ?? "";
    },
  });
}

function labelled(name, input, control, field) {
  const error = complaint(name);
  const hint = make("span", { class: "hint", id: `hint-${name}` }, input.description ?? "");
  control.id = `field-${name}`;
  control.name = name;
  control.setAttribute("aria-describedby", `${hint.id} ${error.id}`);
  const label = make("label", { for: control.id }, title(input.title ?? name), isRequired(input) ? null : make("span", { class: "optional" }, " optional"));
  const node = make("div", { class: "field" }, make("div", { class: "label" }, label, hint), control, error);
  const complain = (text) => {
    say(error, text);
    control.setAttribute("aria-invalid", String(Boolean(text)));
    if (text) control.focus();
  };
  return Object.assign(Object.create(null, Object.getOwnPropertyDescriptors(field)), { name, node, complain });
}

function complaint(name) {
  return make("p", { class: "complaint", id: `complaint-${name}`, role: "alert", hidden: true });
}

function say(node, text) {
  fill(node, text ?? "");
  node.hidden = !text;
}

function isRequired(input) {
  return (input.minOccurs ?? 1) > 0;
}
