// Evidence of any shape as nested lists that a person can read.

import { el } from "./dom.js";
import { capital, plain, spoken } from "./words.js";

const MANY = 12;
const SHORT = 40;

export function tree(value) {
  if (Array.isArray(value)) return value.length ? many(value) : leaf("none");
  if (value !== null && typeof value === "object") return pairs(value);
  return leaf(value);
}

function pairs(object) {
  const entries = Object.entries(object).filter(([key, value]) => value !== null && key !== "start" && key !== "end");
  return el("dl", { class: "tree" }, entries.map(([key, value]) =>
    el("div", { class: isLong(value) ? "long" : "" }, el("dt", {}, capital(spoken(key))), el("dd", {}, tree(value)))));
}

/** Whether it wants a line of its own. */
function isLong(value) {
  return typeof value === "object" || String(value).length > SHORT;
}

function many(values) {
  const flat = values.every((value) => value === null || typeof value !== "object");
  if (flat && values.every((value) => String(value).length <= SHORT)) return leaf(values.map(inWords).join(", "));
  const named = values.every((value) => typeof value?.text === "string" && typeof value?.entry === "string");
  if (named) return leaf(values.map((value) => (value.text.toLowerCase() === value.entry ? value.text : `${value.text} (${value.entry})`)).join(", "));
  const items = (some) => some.map((value) => el("li", {}, tree(value)));
  const list = el("ol", { class: "tree" }, items(values.slice(0, MANY)));
  if (values.length <= MANY) return list;
  const more = el("button", { type: "button", class: "quiet-button", click: () => {
    list.append(...items(values.slice(MANY)));
    more.remove();
  } }, `Show ${values.length - MANY} more`);
  return el("div", {}, list, more);
}

function leaf(value) {
  return el("span", { class: typeof value === "string" ? "said" : "" }, inWords(value));
}

function inWords(value) {
  if (value === null || value === undefined) return "none";
  if (typeof value === "number") return plain(value, 3);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}
