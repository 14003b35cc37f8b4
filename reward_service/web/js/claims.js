// What the answer is held against: the claims of the reference, the passages, and its own sentences.

import { el } from "./dom.js";
import { count } from "./words.js";

const CLAIMS = {
  entailment: { sign: "✓", tone: "good", word: "covered" },
  neutral: { sign: "○", tone: "none", word: "not covered" },
  contradiction: { sign: "✕", tone: "bad", word: "contradicted" },
};

/** The lists beside a marked text; null where there is nothing to list. */
export function heldAgainst(marks, passages, faithfulness) {
  const lists = [claimList(marks.claims), pairList(marks.pairs), passageList(passages, faithfulness)].filter(Boolean);
  return lists.length ? el("div", { class: "against" }, lists) : null;
}

function claimList(claims) {
  if (claims.length === 0) return null;
  const covered = claims.filter((claim) => claim.verdict === "entailment").length;
  return el("section", {},
    el("h3", {}, "Claims of the reference ", el("span", { class: "quiet" }, `${covered} of ${claims.length} covered`)),
    el("ol", { class: "claims" }, claims.map((claim) => el("li", {}, claimButton(claim)))));
}

function claimButton(claim) {
  const look = CLAIMS[claim.verdict] ?? CLAIMS.neutral;
  return el("button", { type: "button", class: `claim ${look.tone}`, "data-link": claim.link, "aria-pressed": "false" },
    el("span", { class: "number", "aria-hidden": "true" }, claim.number),
    el("span", { class: "prose" }, claim.claim,
      el("small", {}, el("span", { class: "sign", "aria-hidden": "true" }, look.sign), ` ${look.word}${because(claim)}`),
      claim.found || !claim.support ? null : el("small", {}, `by: ${claim.support}`)));
}

function because(claim) {
  if (claim.verdict === "entailment") return `, P ${claim.entailment.toFixed(2)}`;
  if (claim.verdict !== "contradiction") return claim.closest ? `, P ${claim.entailment.toFixed(2)} by the closest sentences` : "";
  if (claim.differs) return `: says “${claim.differs.said}” for “${claim.differs.for}” (${claim.differs.in})`;
  if (claim.denied_by) return `: denied by “${claim.denied_by}”`;
  return `, P ${claim.contradiction.toFixed(2)}`;
}

function pairList(pairs) {
  if (pairs.length === 0) return null;
  return el("section", {},
    el("h3", {}, "Contradicts itself ", el("span", { class: "quiet" }, count(pairs.length, "pair"))),
    el("ol", { class: "claims" }, pairs.map((pair) => el("li", {},
      el("button", { type: "button", class: "claim bad", "data-link": pair.link, "aria-pressed": "false" },
        el("span", { class: "number", "aria-hidden": "true" }, pair.letter),
        el("span", { class: "prose" }, pair.first, el("span", { class: "versus" }, "against"), pair.second,
          el("small", {}, `P ${pair.contradiction.toFixed(2)} in both directions`)))))));
}

function passageList(passages, faithfulness) {
  if (passages.length === 0) return null;
  const sentences = faithfulness?.sentences ?? [];
  const supported = sentences.filter((sentence) => sentence.verdict === "supported").length;
  const summary = sentences.length ? `${supported} of ${count(sentences.length, "sentence")} rest on them` : "";
  return el("section", {},
    el("h3", {}, "Passages ", el("span", { class: "quiet" }, summary)),
    el("ol", { class: "claims" }, passages.map((passage, index) => el("li", {},
      el("button", { type: "button", class: "claim none", "data-link": `t${index}`, "aria-pressed": "false" },
        el("span", { class: "number", "aria-hidden": "true" }, index + 1),
        el("span", { class: "prose passage" }, passage))))));
}
