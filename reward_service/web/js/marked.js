// Shows a text with its marks, a legend that turns kinds on and off, and links between places.

import { el, fill } from "./dom.js";
import { KINDS } from "./marks.js";

/** The marked text and its legend; `hidden` is a set of kinds that the reader turned off. */
export function markedText(marks, hidden) {
  const text = el("div", { class: "marked prose", tabindex: "-1" });
  const draw = () => fill(text, ...segments(marks, hidden));
  draw();
  return { text, legend: legendOf(marks, hidden, draw) };
}

function legendOf(marks, hidden, changed) {
  const present = KINDS.filter((kind) => marks.count(kind.id) > 0);
  if (present.length === 0) return null;
  const entries = present.map((kind) => {
    const box = el("input", {
      type: "checkbox",
      checked: !hidden.has(kind.id),
      change: () => {
        if (box.checked) hidden.delete(kind.id); else hidden.add(kind.id);
        changed();
      },
    });
    const sample = el("span", { class: `k-${kind.id}` }, kind.label);
    return el("label", { class: "kind", title: kind.about }, box, sample, el("span", { class: "n" }, marks.count(kind.id)));
  });
  return el("fieldset", { class: "legend" }, el("legend", { class: "unseen" }, "Marks"), entries);
}

/** The text cut at every edge of a mark; a piece has the classes of all marks over it. */
function segments(marks, hidden) {
  const shown = marks.marks.filter((mark) => !hidden.has(mark.kind));
  const text = marks.answer;
  if (!text) return [el("p", { class: "quiet" }, "There is no answer.")];
  const edges = new Set([0, text.length]);
  for (const mark of shown) edges.add(mark.start).add(mark.end);
  for (const note of marks.notes) edges.add(note.at);
  const places = [...edges].sort((a, b) => a - b);
  const opening = byPlace(shown, (mark) => mark.start);
  const notes = byPlace(marks.notes, (note) => note.at);
  let open = [];
  const pieces = [];
  places.forEach((start, index) => {
    for (const note of notes.get(start) ?? []) pieces.push(noteOf(note));
    const end = places[index + 1];
    if (end === undefined) return;
    open = [...open.filter((mark) => mark.end > start), ...(opening.get(start) ?? [])];
    pieces.push(open.length ? piece(text.slice(start, end), open) : text.slice(start, end));
  });
  return pieces;
}

function byPlace(items, place) {
  const map = new Map();
  for (const item of items) map.set(place(item), [...(map.get(place(item)) ?? []), item]);
  return map;
}

function piece(text, over) {
  const kinds = [...new Set(over.map((mark) => `k-${mark.kind}`))].join(" ");
  const links = [...new Set(over.flatMap((mark) => mark.links))].join(" ");
  const title = [...new Set(over.map((mark) => mark.title).filter(Boolean))].join("; ");
  return el("span", { class: kinds, "data-links": links || null, title: title || null }, text);
}

function noteOf(note) {
  const attributes = { type: "button", class: `note ${note.tone}`, "data-link": note.link, "aria-label": note.title, title: note.title };
  return el("button", attributes, note.text);
}

/**
 * Lets the parts of `roots` that share a link light up together: on hover, on focus, and to stay on click.
 * Elements name their links in `data-links` (places) or `data-link` (what one can press).
 */
export function linkUp(...roots) {
  let pinned = null;
  const linked = () => roots.flatMap((root) => [...root.querySelectorAll("[data-links], [data-link]")]);
  const show = (links) => {
    for (const element of linked()) element.classList.toggle("lit", linksOf(element).some((link) => links.includes(link)));
  };
  // With nothing under the mouse: what the keyboard is at, else what was pressed.
  const rest = () => {
    const focused = linked().find((element) => element.matches(":focus-visible"));
    show(focused ? linksOf(focused) : pinned ? [pinned] : []);
  };
  const pin = (link) => {
    pinned = link;
    for (const each of linked()) if (each.hasAttribute("aria-pressed")) each.setAttribute("aria-pressed", String(each.dataset.link === link));
    rest();
  };
  const near = (event) => {
    const element = event.target.closest("[data-links], [data-link]");
    if (element) show(linksOf(element)); else rest();
  };
  const press = (event) => {
    const button = event.target.closest("[data-link]");
    const element = button ?? event.target.closest("[data-links]");
    // Somebody who selects words in the text presses nothing.
    if (!element || (!button && String(getSelection()))) return;
    const link = linksOf(element)[0];
    const toggles = !button || button.hasAttribute("aria-pressed");
    pin(toggles && pinned === link ? null : link);
    if (pinned) bringIntoView(linked(), pinned, element);
  };
  for (const root of roots) {
    root.addEventListener("mouseover", near);
    root.addEventListener("focusin", near);
    root.addEventListener("mouseleave", rest);
    root.addEventListener("focusout", () => setTimeout(rest));
    root.addEventListener("click", press);
    root.addEventListener("keydown", (event) => { if (event.key === "Escape" && pinned) pin(null); });
  }
}

function linksOf(element) {
  return (element.dataset.link ?? element.dataset.links ?? "").split(" ").filter(Boolean);
}

/** The other end of a link: from a list to the place in the text, from the text to the list. */
function bringIntoView(linked, link, from) {
  const inText = (element) => element.closest(".marked") !== null;
  const isNote = (element) => element.classList.contains("note");
  const all = linked.filter((element) => element !== from && linksOf(element).includes(link));
  let ends = all.filter((element) => (inText(from) ? !inText(element) : inText(element) && !isNote(element)));
  // From one of two sentences that contradict each other to the other one.
  if (isNote(from) && link.startsWith("p")) ends = all.filter(isNote);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  ends[0]?.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}
