/** plotly.js, loaded when the first plan is drawn, and the page's colours for it. */

let loading = null;

/** Plotly, once it is here. */
export function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.body.dataset.plotly;
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => reject(new Error("the drawing library did not load")));
    document.head.append(script);
  });
  return loading;
}

/** The colour that the style sheet calls `--name`. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The eight colours of paths: Okabe and Ito (2008), told apart by colour-blind readers too. */
export function pathColours() {
  return Array.from({ length: 8 }, (_, index) => colour(`path-${index + 1}`));
}

/** Calls back when the reader's system turns dark or light. */
export function onTheme(redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
