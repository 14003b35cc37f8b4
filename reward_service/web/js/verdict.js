// The verdict of a live check, with its reasons.

import { el } from "./dom.js";
import { inWords } from "./api.js";
import { plain, spoken } from "./words.js";

const SIGNS = { pass: "✓", review: "?", fail: "✕" };
const SENTENCES = {
  pass: "Nothing found that speaks against it",
  review: "A person should look at it",
  fail: "It should not be sent",
};

export function verdictPill(verdict) {
  return el("span", { class: `pill ${verdict}` }, el("span", { "aria-hidden": "true" }, `${SIGNS[verdict] ?? ""} `), verdict);
}

/**
 * The verdict and its reasons, each a button that leads to its place in the text.
 * `units` is a map from a reason's code to what its measure counts; `check` may be an error.
 */
export function verdictOf(check, units, { large = false } = {}) {
  if (check instanceof Error) {
    return el("p", { class: "notice" }, "No verdict. ", inWords(check));
  }
  const kept = check.record_id ? [" · ", el("a", { href: `#/reviews/${encodeURIComponent(check.record_id)}` }, "kept")] : [];
  return el("div", { class: large ? "verdict large" : "verdict", "data-verdict": check.verdict },
    el("p", { class: "line" },
      verdictPill(check.verdict),
      el("span", {}, SENTENCES[check.verdict] ?? ""),
      el("span", { class: "quiet" }, `policy ${check.policy}`, ...kept)),
    reasonList(check.reasons, units));
}

/** Reasons as a list; those with a span are buttons. */
export function reasonList(reasons, units) {
  if (reasons.length === 0) return null;
  const items = reasons.map((reason, index) => {
    const unit = units.get(reason.code);
    const measure = `${spoken(reason.code)}: ${plain(reason.measure)}${unit ? `, ${unit}` : ""}`;
    const body = [
      el("span", { class: `dot dot-${reason.outcome}`, title: reason.outcome }, el("span", { class: "unseen" }, `${reason.outcome}: `)),
      el("span", { class: "message" }, reason.message || spoken(reason.code), el("small", {}, measure)),
    ];
    const link = `r${index}`;
    return el("li", {}, reason.span
      ? el("button", { type: "button", class: "reason", "data-link": link, "aria-pressed": "false" }, body)
      : el("div", { class: "reason" }, body));
  });
  return el("ul", { class: "reasons" }, items);
}
