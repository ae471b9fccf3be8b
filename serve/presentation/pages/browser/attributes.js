/** Attributes as `key:value`: one value for each key, because all that are given must hold. */

import { make } from "./dom.js";
import { title } from "./words.js";

const COLOURS = new Set(["black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown"]);

/** Whether the input takes pairs of key and value. */
export function isAttribute(input) {
  return input.maxOccurs !== 1 && Boolean(input.schema.enum?.every((one) => one.includes(":")));
}

/** A row of choices for each key; `value` is the list of pairs that are chosen. */
export function attributePicker(name, pairs) {
  const keys = Map.groupBy(pairs, (pair) => pair.split(":")[0]);
  const node = make("div", { class: "attributes" }, [...keys].map(([key, those]) => row(name, key, those)));
  return {
    node,
    get value() {
      return [...node.querySelectorAll("input:checked")].map((one) => one.value).filter(Boolean);
    },
    set value(wanted) {
      for (const one of node.querySelectorAll("input")) one.checked = one.value === "" || wanted.includes(one.value);
    },
  };
}

function row(name, key, pairs) {
  const group = `${name}-${key}`;
  const values = pairs.map((pair) => pair.slice(key.length + 1));
  const swatches = values.every((value) => COLOURS.has(value));
  const choices = values.map((value, index) => choice(group, pairs[index], value, swatches ? "swatch" : "word"));
  return make("fieldset", {}, make("legend", {}, title(key)), make("div", { class: "choices" }, choice(group, "", "any", "word", true), choices));
}

function choice(group, value, text, look, checked = false) {
  const input = make("input", { type: "radio", name: group, value, checked, "aria-label": text });
  return make("label", { class: look, title: title(text), "data-colour": look === "swatch" ? text : null }, input, make("span", { "aria-hidden": "true" }, look === "word" ? text : ""));
}
