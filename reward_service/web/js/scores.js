// Scores as bars: each reward with its range, what it adds to the total, and what led to it.

import { el } from "./dom.js";
import { tree } from "./tree.js";
import { gateInWords, plain, rewardName, signed } from "./words.js";

/** Rows in the order of the recipe: the parts of a reward follow it, one step in. */
export function rowsOf(names, layers, catalogue) {
  const rows = [];
  const seen = new Set();
  const walk = (name, depth, parent) => {
    if (seen.has(name) || !layers[name]) return;
    seen.add(name);
    rows.push({ name, depth, parent, layer: layers[name], info: infoOf(name, catalogue) });
    // Under a reward that could not be scored its parts stand on their own.
    const inside = layers[name].score === null ? depth : depth + 1;
    for (const part of partsOf(name, catalogue)) walk(part, inside, name);
  };
  for (const name of names) walk(name, 0, null);
  return rows;
}

function recipeOf(name, catalogue) {
  const [whole] = name.split("/");
  const recipe = catalogue.get(whole)?.recipe;
  return recipe?.name === name ? recipe : recipe?.nested?.find((nested) => nested.name === name);
}

function partsOf(name, catalogue) {
  const recipe = recipeOf(name, catalogue);
  return recipe ? Object.keys(recipe.sum ?? {}) : [];
}

/** Range and documentation; of a nested recipe those of the reward that it is made after. */
function infoOf(name, catalogue) {
  return catalogue.get(name) ?? catalogue.get(name.split("/").at(-1)) ?? null;
}

/** One table for one answer, or for two with their differences. */
export function scoreTable(sides, names, catalogue) {
  const rows = rowsOf(names, sides[0].layers, catalogue);
  const pair = sides.length > 1;
  const scored = rows.filter((row) => sides.some((side) => side.layers[row.name]?.score !== null));
  const missing = rows.filter((row) => !scored.includes(row));
  return el("div", { class: pair ? "scores pair" : "scores" },
    el("h2", {}, "Parts"),
    scored.map((row) => scoreRow(row, sides)),
    missing.length ? el("h3", { class: "unscored-title" }, "Could not be scored") : null,
    missing.length ? el("ul", { class: "unscored" }, missing.map((row) => el("li", { "data-reward": row.name },
      el("b", {}, rewardName(row.name)), " – ", reasonInWords(row.layer.reason)))) : null);
}

/** `robust_coherence_reward: nli_coherence_reward: no reference was given`, in words. */
export function reasonInWords(reason) {
  const last = (reason ?? "").split(/(?:[a-z0-9_/]+_reward|match_format_[a-z]+): /).at(-1);
  return last || "no reason was given";
}

function scoreRow(row, sides) {
  const { name, info } = row;
  const layers = sides.map((side) => side.layers[name]);
  const details = el("details", { class: "score", "data-reward": name });
  details.style.setProperty("--depth", row.depth);
  const bars = layers.map((layer, index) => el("span", { class: "measure" },
    sides.length > 1 ? el("span", { class: "tag" }, "AB"[index]) : null,
    bar(layer.score, info),
    el("span", { class: "value", "data-value": layer.score ?? "" }, layer.score === null ? "none" : signed(layer.score))));
  const gates = sides.map((side) => gateOf(row, side));
  details.append(el("summary", {},
    el("span", { class: "name" }, rewardName(name), [...new Set(gates.filter(Boolean))].map(gateTag)),
    el("span", { class: "bars" }, bars),
    sides.length > 1 ? delta(layers) : added(row, sides[0])));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(explanation(row, sides));
  });
  return details;
}

/** The text of the gate by which this part decided the reward above it; null where it did not. */
function gateOf({ name, parent }, side) {
  const decided = parent && side.layers[parent]?.decided_by;
  return decided && decided !== "sum" && decided.startsWith(`${name} ≤`) ? decided : null;
}

function gateTag(text) {
  return el("span", { class: "gate", title: `${gateInWords(text)} decides the reward above` }, "decided");
}

function delta([a, b]) {
  const known = a.score !== null && b.score !== null;
  const difference = known ? b.score - a.score : null;
  const tone = !known || Math.abs(difference) < 0.005 ? "" : difference > 0 ? "up" : "down";
  return el("span", { class: `delta ${tone}`, title: "B less A" }, known ? signed(difference) : "–");
}

/** What a part adds to the sum of the reward above it. */
function added({ name, parent }, side) {
  const above = parent ? side.layers[parent] : null;
  if (above?.decided_by !== "sum" || above.parts?.[name] === undefined) return el("span", { class: "adds" });
  return el("span", { class: "adds", title: `adds this to ${rewardName(parent)}` }, signed(above.parts[name]));
}

/** A bar over the reward's range, from zero to the score. */
export function bar(score, info) {
  const element = el("span", { class: "bar", "aria-hidden": "true" });
  if (!info || !(info.high > info.low)) return element;
  const at = (value) => Math.min(1, Math.max(0, (value - info.low) / (info.high - info.low)));
  const zero = at(0);
  element.append(el("i", { class: "zero" }));
  element.style.setProperty("--zero", zero);
  element.title = `${plain(info.low)} … ${plain(info.high)}`;
  if (score !== null && score !== undefined) {
    const value = at(score);
    element.style.setProperty("--from", Math.min(zero, value));
    element.style.setProperty("--to", Math.max(zero, value));
    element.append(el("b", { class: score < 0 ? "below" : "above" }));
  }
  return element;
}

function explanation({ name, layer, info }, sides) {
  return el("div", { class: "explanation" },
    el("p", { class: "doc" }, withCode(info?.doc ?? "")),
    el("p", { class: "quiet" }, el("code", {}, name), info ? ` · range ${plain(info.low)} … ${plain(info.high)}` : ""),
    info?.deprecated ? el("p", { class: "notice" }, info.deprecated) : null,
    sides.map((side, index) => el("div", { class: "basis" },
      sides.length > 1 ? el("span", { class: "tag" }, "AB"[index]) : null,
      basis(sides.length > 1 ? side.layers[name] : layer))));
}

/** Words between backticks become code. */
function withCode(text) {
  // A docstring is broken into lines; only its empty lines part paragraphs.
  return text.replace(/([^\n])\n(?!\n)/g, "$1 ").split("`").map((piece, index) => (index % 2 ? el("code", {}, piece) : piece));
}

function basis(layer) {
  const facts = {};
  if (layer.reason) facts.reason = layer.reason;
  if (layer.decided_by) facts.decided_by = layer.decided_by === "sum" ? "the sum of its parts" : gateInWords(layer.decided_by);
  if (layer.value !== null && layer.value !== layer.score) facts.value = layer.value;
  if (layer.parts) facts.adds = Object.fromEntries(Object.entries(layer.parts).map(([part, value]) => [rewardName(part), value]));
  return tree({ ...facts, ...layer.evidence });
}
