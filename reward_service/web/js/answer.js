// The view "Answer": one answer, or two, scored while the reader waits.

import { cancelled, inWords } from "./api.js";
import { byId, el, fill } from "./dom.js";
import { connect, resultOf, TOTAL } from "./result.js";

/** Reads the tags of the reasoning, so it says nothing of an answer that has none. */
const FORMAT = /^match_format_/;
const TAGS = /<\/?think>/;
/** A variant of another reward, for training. */
const SMOOTH = /_smooth_reward$/;
/** A reader at a page waits longer than a chat: what is late is better than what is refused. */
const DEADLINE_S = 20;
const WAIT_S = DEADLINE_S + 5;

/** Fields of the form by what the server calls them. */
const FIELDS = [
  [/^items\.0\.prompt|^question/, "question"],
  [/^items\.0\.completion/, "answer"],
  [/^items\.1\.completion/, "other"],
  [/^items\.\d+\.reference/, "reference"],
  [/^items\.\d+\.context|^context/, "passages"],
  [/^policy/, "policy"],
];

export class AnswerView {
  constructor(api, server) {
    this.api = api;
    this.server = server;
    this.running = null;
    this.hidden = new Set(["depth"]);
    this.form = byId("answer-form");
    this.fields = Object.fromEntries(["question", "answer", "other", "reference", "passages", "policy"].map((id) => [id, byId(id)]));
    this.pair = byId("pair");
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.submit(); }
      if (event.key === "Escape") this.cancel();
    });
    this.pair.addEventListener("change", () => this.#showPair());
    byId("cancel").addEventListener("click", () => this.cancel());
  }

  /** Fill the form from elsewhere and score it. */
  open({ question, answer, reference, passages }) {
    this.fields.question.value = question;
    this.fields.answer.value = answer;
    this.fields.reference.value = reference ?? "";
    this.fields.passages.value = (passages ?? []).join("\n---\n");
    byId("passages-field").open = (passages ?? []).length > 0;
    this.pair.checked = false;
    this.#showPair();
    this.submit();
  }

  cancel() {
    this.running?.abort();
  }

  async submit() {
    this.cancel();
    this.#clearErrors();
    if (!this.#complete()) return;
    const running = new AbortController();
    this.running = running;
    this.#busy(true);
    try {
      const started = performance.now();
      await this.#score(running.signal);
      this.#say(`Scored in ${((performance.now() - started) / 1000).toFixed(2)} s`);
    } catch (error) {
      if (this.running !== running) return;
      if (cancelled(error)) this.#say("Cancelled"); else this.#tell(error);
    } finally {
      if (this.running === running) this.#busy(false);
    }
  }

  async #score(signal) {
    await this.server.known();
    const asked = this.#read();
    const rewards = this.#rewards(asked);
    const body = { items: asked.items, rewards, detail: "evidence", lane: "live", deadline_s: DEADLINE_S };
    const scored = await this.api.post("score", body, { signal, seconds: WAIT_S });
    // After the scores, not beside them: by then the server remembers all that a check reads.
    const checks = await Promise.all(asked.checks.map((check) => this.#check(check, signal)));
    signal.throwIfAborted();
    const sides = scored.results.map((result, index) => ({ result, check: checks[index], passages: asked.passages }));
    const { catalogue, units } = this.server;
    const shown = resultOf(sides, rewards, { catalogue, units, hidden: this.hidden, fingerprint: scored.fingerprint });
    fill(byId("answer-result"), shown);
    connect(shown);
  }

  /** A check that fails leaves the scores standing; a field that is wrong is told as one. */
  async #check(check, signal) {
    try {
      return await this.api.post("check", check, { signal, seconds: WAIT_S });
    } catch (error) {
      if (cancelled(error) || error.status === 422 || error.status === 401) throw error;
      return error;
    }
  }

  #read() {
    const text = (id) => this.fields[id].value;
    const reference = text("reference").trim() ? text("reference") : null;
    const passages = text("passages").split(/^[ \t]*-{3,}[ \t]*$/m).map((passage) => passage.trim()).filter(Boolean);
    const context = passages.length ? passages : null;
    const answers = this.pair.checked ? [text("answer"), text("other")] : [text("answer")];
    return {
      passages,
      items: answers.map((completion) => ({ prompt: text("question"), completion, reference, context })),
      checks: answers.map((answer) => ({ question: text("question"), answer, context, policy: text("policy") || "default", deadline_s: DEADLINE_S })),
    };
  }

  /** The total, and every reward function that says something of such an answer. */
  #rewards({ items }) {
    const tagged = items.some((item) => TAGS.test(item.completion));
    const functions = [...this.server.catalogue.values()].filter(({ name, kind, low, high, deprecated }) =>
      kind === "function" && low < high && !deprecated && !SMOOTH.test(name) && (tagged || !FORMAT.test(name)));
    const names = functions.map(({ name }) => name);
    return this.server.catalogue.has(TOTAL) ? [TOTAL, ...names] : names;
  }

  #complete() {
    const wanted = [["question", "Write the question first."], ["answer", "Write the answer first."]];
    if (this.pair.checked) wanted.push(["other", "Write the other answer first, or compare with none."]);
    const empty = wanted.filter(([id]) => !this.fields[id].value.trim());
    empty.forEach(([id, message]) => this.#mark(id, message));
    if (empty.length) this.fields[empty[0][0]].focus();
    return empty.length === 0;
  }

  #tell(error) {
    this.#say("");
    const field = FIELDS.find(([path]) => path.test(error.where ?? ""))?.[1];
    if (field) {
      this.#mark(field, fieldWords(error));
      if (field === "passages") byId("passages-field").open = true;
      this.fields[field].focus();
      return;
    }
    fill(byId("answer-error-box"), el("p", { class: "notice bad" }, inWords(error), " ",
      el("button", { type: "button", click: () => this.submit() }, "Try again")));
  }

  #mark(id, message) {
    this.fields[id].setAttribute("aria-invalid", "true");
    const place = byId(`${id}-error`);
    place.textContent = message;
    place.hidden = false;
  }

  #clearErrors() {
    fill(byId("answer-error-box"));
    for (const [id, field] of Object.entries(this.fields)) {
      field.removeAttribute("aria-invalid");
      byId(`${id}-error`).hidden = true;
    }
  }

  #busy(busy) {
    byId("cancel").hidden = !busy;
    byId("answer-result").classList.toggle("stale", busy);
    if (busy) this.#say("Scoring …");
  }

  #say(text) {
    byId("answer-status").textContent = text;
  }

  #showPair() {
    byId("other-field").hidden = !this.pair.checked;
    for (const tag of this.form.querySelectorAll(".only-pair")) tag.hidden = !this.pair.checked;
  }
}

/** The message without the field's path, which the page shows by its place. */
function fieldWords(error) {
  const message = error.message.startsWith(error.where) ? error.message.slice(error.where.length).replace(/^[:\s]+/, "") : error.message;
  return message.charAt(0).toUpperCase() + message.slice(1);
}
