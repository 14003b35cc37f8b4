// The result of one answer, or of two side by side.

import { heldAgainst } from "./claims.js";
import { el } from "./dom.js";
import { linkUp, markedText } from "./marked.js";
import { addReasons, marksOf } from "./marks.js";
import { bar, reasonInWords, scoreTable } from "./scores.js";
import { gateInWords, plain, rewardName, signed } from "./words.js";
import { verdictOf } from "./verdict.js";

export const TOTAL = "full_coherence_reward";

/**
 * `sides`: one or two of `{result, check, passages}`, a result of `/score` and an answer of `/check` (or the
 * error in its place); `rewards`: the names that were asked for.
 */
export function resultOf(sides, rewards, { catalogue, units, hidden, fingerprint }) {
  const pair = sides.length > 1;
  const names = rewards.filter((name) => sides[0].result.layers?.[name]);
  const layers = sides.map((side) => side.result);
  const columns = sides.map((side, index) => column(side, pair ? "AB"[index] : null, hidden));
  return el("div", { class: pair ? "results pair" : "results" },
    el("div", { class: "overview" },
      el("div", { class: "heads" },
        sides.map((side, index) => headline(side, pair ? "AB"[index] : null, catalogue, units)),
        pair ? difference(sides) : null),
      scoreTable(layers, names, catalogue)),
    el("div", { class: "texts" }, columns),
    el("p", { class: "quiet fingerprint" }, "Scored under fingerprint ", el("code", {}, fingerprint)));
}

function headline({ result, check }, letter, catalogue, units) {
  const layer = result.layers?.[TOTAL];
  const total = layer?.score ?? null;
  const head = el("section", { class: "head", "data-total": total ?? "", "aria-label": letter ? `Result of answer ${letter}` : "Result" });
  const tag = letter ? el("span", { class: "tag" }, letter) : null;
  if (total === null) {
    head.append(el("p", { class: "total none" }, tag, verdictOf(check, units, { large: true })),
      el("p", { class: "quiet" }, layer?.reason ? `No total: ${reasonInWords(layer.reason)}.` : "This server has no total."));
    return head;
  }
  const info = catalogue.get(TOTAL);
  head.append(
    el("p", { class: "total" }, tag,
      el("output", { class: total < 0 ? "low" : "" }, signed(total)),
      el("span", { class: "about" }, rewardName(TOTAL), el("br"),
        el("span", { class: "quiet" }, info ? `of ${plain(info.low)} … ${plain(info.high)}` : ""))),
    bar(total, info),
    el("p", { class: "decided" }, decision(layer, result.layers)),
    verdictOf(check, units));
  return head;
}

/** How the total came about; a gate that hands on another combined reward is followed down. */
function decision(layer, layers) {
  if (layer.decided_by === "sum") return "The weighted sum of its parts.";
  const [name] = layer.decided_by.split(" ≤ ");
  const below = layers[name]?.decided_by;
  const because = below && below !== "sum" ? `, which a gate decided in turn: ${gateInWords(below)}` : "";
  return `Decided by a gate: ${gateInWords(layer.decided_by)}${because}. Its other parts did not count.`;
}

function difference(sides) {
  const [a, b] = sides.map((side) => side.result.layers?.[TOTAL]?.score ?? null);
  if (a === null || b === null) return null;
  return el("p", { class: "difference" }, "B is ",
    el("b", {}, a === b ? "equal to A" : `${plain(Math.abs(b - a))} ${b > a ? "above" : "below"} A`), " in total.");
}

function column({ result, check, passages }, letter, hidden) {
  const marks = marksOf(result.answer ?? "", result.layers);
  if (!(check instanceof Error)) addReasons(marks, check.reasons, check.answer);
  const shown = markedText(marks, hidden);
  const faithfulness = result.layers?.faithfulness_reward?.evidence;
  return el("article", { class: "column", "aria-label": letter ? `Answer ${letter}, marked` : "The answer, marked" },
    letter ? el("h2", {}, el("span", { class: "tag" }, letter), " Answer") : el("h2", {}, "The answer as it was read"),
    shown.legend,
    el("div", { class: "reading" }, el("div", {}, shown.text, reasoning(result.reasoning)), heldAgainst(marks, passages, faithfulness)));
}

function reasoning(text) {
  if (!text) return null;
  return el("details", { class: "reasoning" },
    el("summary", {}, "Reasoning ", el("span", { class: "quiet" }, "no reward of content reads it")),
    el("div", { class: "prose text" }, text));
}

/** Make what shares a link light up; in a pair each side only with itself. */
export function connect(root) {
  const columns = [...root.querySelectorAll(".column")];
  const heads = [...root.querySelectorAll(".head")];
  if (columns.length === 1) linkUp(root);
  else columns.forEach((column, index) => linkUp(column, heads[index]));
}
