// What is to be marked in an answer, gathered from the evidence of its scores and the reasons of its check.

import { Finder, Offsets } from "./text.js";
import { plain, spoken } from "./words.js";

/** The kinds of marks, in the order of the legend. */
export const KINDS = [
  { id: "covered", label: "covers a claim", about: "entails a claim of the reference" },
  { id: "contradiction", label: "contradiction", about: "contradicts a claim, a passage, or another sentence" },
  { id: "supported", label: "in a passage", about: "entailed by a passage" },
  { id: "unsupported", label: "in no passage", about: "a claim that no passage entails" },
  { id: "unknown", label: "unknown name", about: "a name, date or number that is in no passage" },
  { id: "term", label: "term", about: "a term of the domain, where it first comes" },
  { id: "connective", label: "connective", about: "joins sentences" },
  { id: "depth", label: "example, date, explanation", about: "ties a concept to something" },
  { id: "hollow", label: "hollow phrase", about: "says little" },
  { id: "defect", label: "broken", about: "a loop, a cut-off end, broken characters" },
];

/**
 * A mark: `{kind, start, end, title, links}`; `links` are the ids of what it belongs to (`c3`, `p1`, `r0`).
 * Start and end are offsets of JavaScript into the answer.
 */
export class Marks {
  constructor(answer) {
    this.answer = answer;
    this.offsets = new Offsets(answer);
    this.finder = new Finder(answer);
    this.marks = [];
    this.notes = [];
    this.claims = [];
    this.pairs = [];
  }

  add(kind, place, title, ...links) {
    if (place && place.end > place.start) this.marks.push({ kind, ...place, title, links });
    return place;
  }

  /** A small sign behind a place, such as the number of a claim. */
  note(place, text, link, title, tone) {
    if (place) this.notes.push({ at: place.end, text, link, title, tone });
  }

  span(found) {
    if (!Number.isInteger(found?.start) || !Number.isInteger(found?.end)) return null;
    return { start: this.offsets.unit(found.start), end: this.offsets.unit(found.end) };
  }

  find(sentence) {
    return this.finder.find(sentence);
  }

  /** How many marks there are of a kind. */
  count(kind) {
    return this.marks.filter((mark) => mark.kind === kind).length;
  }
}

/** The marks of a scored answer: `layers` of `/score` with evidence. */
export function marksOf(answer, layers) {
  const marks = new Marks(answer);
  const evidence = (name) => layers?.[name]?.evidence ?? {};
  claims(marks, evidence("nli_coherence_reward").claims ?? evidence("nli_coherence_smooth_reward").claims ?? []);
  contradictions(marks, evidence("self_consistency_reward").contradictions ?? []);
  passages(marks, evidence("faithfulness_reward"));
  phrases(marks, evidence("structural_coherence_reward"), evidence("interconnection_depth_reward"));
  defects(marks, evidence("degeneration_reward"));
  return marks;
}

function claims(marks, read) {
  read.forEach((claim, index) => {
    const link = `c${index}`;
    const number = String(index + 1);
    const entry = { ...claim, link, number, found: false };
    if (claim.verdict === "entailment") {
      const place = marks.add("covered", marks.find(claim.support), `covers claim ${number}`, link);
      marks.note(place, number, link, `covers claim ${number}`, "good");
      entry.found = place !== null;
    } else if (claim.verdict === "contradiction") {
      const place = marks.add("contradiction", marks.find(claim.against), `contradicts claim ${number}`, link);
      marks.note(place, number, link, `contradicts claim ${number}`, "bad");
      const denied = marks.find(claim.denied_by);
      if (denied && denied.start !== place?.start) marks.add("contradiction", denied, `denies it`, link);
      entry.found = place !== null;
    } else {
      entry.found = marks.add("closest", marks.find(claim.closest), "", link) !== null;
    }
    marks.claims.push(entry);
  });
}

function contradictions(marks, pairs) {
  pairs.forEach((pair, index) => {
    const link = `p${index}`;
    const letter = String.fromCharCode(97 + (index % 26));
    const title = `contradict each other, P ${pair.contradiction.toFixed(2)}`;
    const first = marks.add("contradiction", marks.find(pair.first), title, link);
    const second = marks.add("contradiction", marks.find(pair.second), title, link);
    marks.note(first, letter, link, `contradicted by the other ${letter}`, "bad");
    marks.note(second, letter, link, `contradicts the other ${letter}`, "bad");
    marks.pairs.push({ ...pair, link, letter });
  });
}

const PASSAGE_KINDS = { supported: "supported", unsupported: "unsupported", contradicted: "contradiction" };

function passages(marks, { sentences = [], unknown = [] }) {
  sentences.forEach((sentence, index) => {
    const where = Number.isInteger(sentence.passage) ? `passage ${sentence.passage + 1}` : "no passage";
    const titles = { supported: `entailed by ${where}`, unsupported: "in no passage", contradicted: `contradicts ${where}` };
    const links = [`s${index}`, ...(Number.isInteger(sentence.passage) ? [`t${sentence.passage}`] : [])];
    const place = marks.span(sentence) ?? marks.find(sentence.sentence);
    marks.add(PASSAGE_KINDS[sentence.verdict] ?? "unsupported", place, titles[sentence.verdict] ?? "", ...links);
  });
  for (const each of unknown) marks.add("unknown", marks.span(each), `a ${spoken(each.kind)} that is in no passage`);
}

function phrases(marks, structure, depth) {
  const roles = new Map((structure.terms ?? []).map((term) => [term.entry, term.role]));
  for (const term of depth.concepts ?? structure.terms ?? []) {
    const role = roles.has(term.entry) ? ` (${roles.get(term.entry)})` : "";
    marks.add("term", marks.span(term), `term: ${term.entry}${role}`);
  }
  for (const each of structure.connectives ?? []) marks.add("connective", marks.span(each), `connective: ${each.category}`);
  for (const each of depth.buzzwords ?? []) marks.add("hollow", marks.span(each), "a hollow phrase");
  for (const each of [...(depth.depth_markers ?? []), ...(depth.explanations ?? [])]) {
    marks.add("depth", marks.span(each), spoken(each.category));
  }
}

function defects(marks, { loops, cut_off: cutOff, encoding }) {
  if (loops?.worst && loops.share > 0) {
    marks.add("defect", marks.span(loops.worst), `a loop: ${plain(loops.share * 100, 0)} % of the answer repeats itself`);
  }
  if (cutOff?.certainty > 0) marks.add("defect", marks.span(cutOff), `cut off: ${cutOff.because}`);
  for (const place of encoding?.places ?? []) marks.add("defect", marks.span(place), spoken(place.kind));
}

/** Adds the reasons of a check, each under the link `r0`, `r1`, …, at every place that it or its evidence names. */
export function addReasons(marks, reasons, answer) {
  if (answer !== marks.answer) return;
  reasons.forEach((reason, index) => {
    for (const [start, end] of placesOf(reason)) marks.add("reason", marks.span({ start, end }), reason.message, `r${index}`);
  });
}

function placesOf(reason) {
  const places = new Map();
  const note = (start, end) => places.set(`${start} ${end}`, [start, end]);
  const walk = (value) => {
    if (value === null || typeof value !== "object") return;
    if (Number.isInteger(value.start) && Number.isInteger(value.end)) note(value.start, value.end);
    for (const [key, inner] of Object.entries(value)) {
      if (key.endsWith("_span") && Array.isArray(inner)) note(...inner); else walk(inner);
    }
  };
  if (reason.span) note(...reason.span);
  walk(reason.evidence);
  return places.values();
}
