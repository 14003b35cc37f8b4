// One kept check: its texts, its reasons, and what a person decides.

import { el } from "./dom.js";
import { linkUp, markedText } from "./marked.js";
import { addReasons, Marks } from "./marks.js";
import { reasonList, verdictPill } from "./verdict.js";
import { rewardName, signed, when } from "./words.js";

const MOST_NOTE = 4000;

/** `decide(state, note)` is called when the reader has decided. */
export function reviewDetail(review, units, decide) {
  const marks = new Marks(review.answer ?? "");
  addReasons(marks, review.reasons, review.answer);
  const article = el("article", { "data-review": review.id, "data-state": review.state },
    el("p", { class: "line" }, verdictPill(review.verdict), el("span", { class: `state ${review.state}` }, review.state),
      el("span", { class: "quiet" }, `${when(review.created_at)} · policy ${review.policy}`)),
    review.answer === null ? hashes(review) : texts(review, marks),
    el("section", {}, el("h3", {}, "Reasons"), reasonList(review.reasons, units) ?? el("p", { class: "quiet" }, "None: the check passed.")),
    decision(review, decide),
    scores(review.scores),
    el("p", { class: "quiet fingerprint" }, "Check ", el("code", {}, review.id), " · fingerprint ", el("code", {}, review.fingerprint)));
  linkUp(article);
  return article;
}

function texts(review, marks) {
  return [
    el("section", {}, el("h3", {}, "Question"), el("p", { class: "prose text" }, review.question ?? "")),
    el("section", {}, el("h3", {}, "Answer"), markedText(marks, new Set()).text),
    review.context?.length ? el("details", {}, el("summary", {}, `Passages (${review.context.length})`),
      el("ol", { class: "passages" }, review.context.map((passage) => el("li", { class: "prose text" }, passage)))) : null,
  ];
}

function hashes(review) {
  return el("section", {},
    el("p", { class: "notice" }, "This server keeps hashes of the texts, not the texts themselves: what was asked and answered can’t be shown."),
    el("dl", { class: "understood" },
      el("div", {}, el("dt", {}, "question"), el("dd", {}, el("code", {}, review.question_hash ?? "–"))),
      el("div", {}, el("dt", {}, "answer"), el("dd", {}, el("code", {}, review.answer_hash ?? "–")))));
}

function decision(review, decide) {
  const note = el("textarea", { id: "note", rows: 2, maxlength: MOST_NOTE });
  note.value = review.note ?? "";
  const button = (state, label, key) => el("button", {
    type: "button", "data-key": key, "data-decide": state, "aria-pressed": String(review.state === state), click: () => decide(state, note.value),
  }, label, key ? [" ", el("kbd", {}, key)] : null);
  return el("section", { class: "decision" },
    el("h3", {}, "Decision"),
    el("div", { class: "field" }, el("label", { for: "note" }, "Note ", el("span", { class: "quiet" }, "optional")), note),
    el("div", { class: "row buttons" }, button("accepted", "Accept", "a"), button("rejected", "Reject", "r"),
      review.state === "open" ? null : button("open", "Take back", null),
      review.decided_at ? el("span", { class: "quiet" }, `decided ${when(review.decided_at)}`) : null),
    el("div", { id: "decision-problem", role: "alert" }));
}

function scores(values) {
  const entries = Object.entries(values);
  if (entries.length === 0) return null;
  return el("details", {}, el("summary", {}, "Scores"),
    el("dl", { class: "understood" }, entries.map(([name, value]) => el("div", {}, el("dt", {}, rewardName(name)), el("dd", {}, value === null ? "none" : signed(value))))));
}
