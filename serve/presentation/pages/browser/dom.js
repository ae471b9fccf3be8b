/** Elements. Whatever comes from outside goes in as text, so it can never become markup. */

/**
 * A new element. A function among the attributes listens to the event of that name, `style` is an object of
 * properties, true and false switch an attribute, null leaves it out. Children are nodes or texts; null is skipped.
 */
export function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) set(node, key, value);
  return fill(node, ...children);
}

/** Replaces what is in the node; returns the node. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/** The element with this id, which the page must have. */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`the page has no #${id}`);
  return node;
}

function set(node, key, value) {
  if (typeof value === "function") node.addEventListener(key, value);
  else if (key === "style") for (const [name, one] of Object.entries(value)) node.style.setProperty(name, String(one));
  else if (typeof value === "boolean") node.toggleAttribute(key, value);
  else if (value !== null && value !== undefined) node.setAttribute(key, String(value));
}
