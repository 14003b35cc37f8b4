// Scores the rows of a file in small requests, keeps what is scored, and can be stopped and continued.

import { cancelled } from "./api.js";

const AT_ONCE = 12;
const DEADLINE_S = 600;

export class Run {
  /** rows: of `readFile`; changed(): is called after each request. */
  constructor(api, rows, rewards, limits, changed) {
    this.api = api;
    this.rows = rows;
    this.rewards = rewards;
    this.limits = limits;
    this.changed = changed;
    /** Of each row `{rewards, unscorable}`, or null while it waits. */
    this.results = rows.map(() => null);
    this.fingerprints = new Set();
    this.error = null;
    this.running = null;
    this.spentMs = 0;
    this.donePerRun = 0;
  }

  get done() {
    return this.results.filter((result) => result !== null).length;
  }

  get finished() {
    return this.done === this.rows.length;
  }

  /** Rows per second of scoring; null before the first are done. */
  get speed() {
    return this.donePerRun > 0 && this.spentMs > 0 ? this.donePerRun / (this.spentMs / 1000) : null;
  }

  cancel() {
    this.running?.abort();
  }

  /** Score what is not scored yet; an error stops it and is kept in `error`. */
  async start() {
    if (this.running) return;
    this.running = new AbortController();
    this.error = null;
    this.changed();
    try {
      while (!this.finished) await this.#next(this.running.signal);
    } catch (error) {
      if (!cancelled(error)) this.error = error;
    } finally {
      this.running = null;
      this.changed();
    }
  }

  async #next(signal) {
    const chunk = this.#chunk();
    const body = { items: chunk.map(({ item }) => item), rewards: this.rewards, lane: "evaluation", deadline_s: DEADLINE_S };
    const started = performance.now();
    let answered;
    try {
      answered = await this.api.post("score", body, { signal, seconds: DEADLINE_S + 10 });
    } catch (error) {
      const refused = /^items\.(\d+)(?:\.|$)/.exec(error.where ?? "");
      const at = refused && chunk[Number(refused[1])];
      if (!at) throw error;
      // The row is at fault, not the request: it is noted, and the others go on.
      this.results[at.index] = this.#refused(error.message.replace(/^items\.\d+\./, ""));
      this.changed();
      return;
    }
    answered.results.forEach((result, i) => { this.results[chunk[i].index] = { rewards: result.rewards, unscorable: result.unscorable }; });
    this.fingerprints.add(answered.fingerprint);
    this.spentMs += performance.now() - started;
    this.donePerRun += chunk.length;
    this.changed();
  }

  #refused(reason) {
    return {
      rewards: Object.fromEntries(this.rewards.map((name) => [name, null])),
      unscorable: Object.fromEntries(this.rewards.map((name) => [name, reason])),
    };
  }

  /** The next rows that fit one request; ids are left to the server, so that equal ones of a file do no harm. */
  #chunk() {
    const most = Math.min(AT_ONCE, this.limits?.max_items ?? AT_ONCE);
    const room = (this.limits?.max_body_bytes ?? Infinity) * 0.9;
    const chunk = [];
    let bytes = 1000;
    for (let index = 0; index < this.rows.length && chunk.length < most; index += 1) {
      if (this.results[index] !== null) continue;
      const { question, answer, reference, context } = this.rows[index];
      const item = { prompt: question, completion: answer, reference, context };
      bytes += new Blob([JSON.stringify(item)]).size;
      if (bytes > room && chunk.length > 0) break;
      chunk.push({ index, item });
    }
    return chunk;
  }
}
