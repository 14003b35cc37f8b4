// The view "Reviews": kept checks, and what a person decides about them.

import { cancelled, inWords } from "./api.js";
import { byId, el, fill } from "./dom.js";
import { reviewDetail } from "./review.js";
import { verdictPill } from "./verdict.js";
import { beginning, count, spoken, when } from "./words.js";

const PER_PAGE = 30;

export class ReviewsView {
  constructor(api, server) {
    this.title = "Reviews";
    this.api = api;
    this.server = server;
    this.reviews = [];
    this.next = null;
    this.total = 0;
    this.current = null;
    this.loading = null;
    this.list = el("ol", { class: "review-list" });
    this.summary = el("p", { class: "quiet", role: "status" });
    this.more = el("button", { type: "button", hidden: true, click: () => this.#load(true) }, "Show more");
    this.detail = el("div", { class: "review-detail", tabindex: "-1", "aria-label": "The check" });
    this.form = byId("reviews-filter");
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.#load(); });
    this.form.addEventListener("change", () => this.#load());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  async show(id) {
    try {
      await this.server.known();
    } catch (error) {
      this.#problem(error);
      return;
    }
    if (!this.form.hasChildNodes()) {
      this.#filters();
      fill(byId("reviews-body"), el("div", { class: "review-side" }, this.summary, this.list, this.more), this.detail);
    }
    if (this.reviews.length === 0 || !id) await this.#load();
    if (id) await this.#open(id); else this.#close();
  }

  #filters() {
    const codes = [...this.server.units.keys()].sort();
    const select = (label, name, options) => el("label", {}, label, el("select", { name }, options.map(([value, text]) => el("option", { value }, text))));
    fill(this.form,
      select("Verdict", "verdict", [["", "review or fail"], ["review", "review"], ["fail", "fail"], ["pass", "pass"], ["all", "all"]]),
      select("State", "state", [["", "open"], ["accepted", "accepted"], ["rejected", "rejected"], ["all", "all"]]),
      select("Policy", "policy", [["", "all"], ...this.server.policies.map(({ name }) => [name, name])]),
      select("Reason", "code", [["", "all"], ...codes.map((code) => [code, spoken(code)])]),
      el("label", {}, "From", el("input", { type: "date", name: "since" })),
      el("label", {}, "To", el("input", { type: "date", name: "until" })),
      el("label", { class: "grow" }, "Text", el("input", { type: "search", name: "contains", maxlength: 200 })),
      el("button", { type: "submit" }, "Search"));
  }

  #query() {
    const asked = Object.fromEntries(new FormData(this.form));
    if (asked.since) asked.since = new Date(`${asked.since}T00:00`).toISOString();
    // Up to the end of the last day.
    if (asked.until) {
      const next = new Date(`${asked.until}T00:00`);
      next.setDate(next.getDate() + 1);
      asked.until = next.toISOString();
    }
    return { ...asked, limit: PER_PAGE };
  }

  async #load(further = false) {
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    const query = this.#query();
    if (further && this.next) query.cursor = this.next;
    try {
      const found = await this.api.get("reviews", { query, signal: loading.signal });
      this.reviews = further ? [...this.reviews, ...found.reviews] : found.reviews;
      this.next = found.next;
      this.total = found.total;
      fill(byId("reviews-problem"));
      this.#draw();
    } catch (error) {
      if (!cancelled(error)) this.#problem(error);
    }
  }

  #problem(error) {
    const none = error.code === "records_unavailable";
    byId("reviews-body").hidden = this.form.hidden = none;
    fill(byId("reviews-problem"), el("div", { class: "notice bad" },
      none ? el("p", {}, "No reviews: this server keeps no checks, or its database is away. Start it with ", el("code", {}, "REWARD_RECORD_CHECKS=true"), " to keep them.") : null,
      el("p", {}, inWords(error)),
      el("button", { type: "button", click: () => { byId("reviews-body").hidden = this.form.hidden = false; this.show(this.current?.id ?? ""); } }, "Try again")));
  }

  #draw() {
    byId("reviews-body").hidden = this.form.hidden = false;
    this.summary.textContent = this.total ? `${count(this.reviews.length, "check")} of ${this.total.toLocaleString("en")}` : "No check is kept that this filter lets through.";
    fill(this.list, this.reviews.map((review) => el("li", {}, this.#entry(review))));
    this.more.hidden = this.next === null;
  }

  #entry(review) {
    const reasons = [...new Set(review.reasons.map((reason) => spoken(reason.code)))];
    const current = this.current?.id === review.id;
    return el("a", { href: `#/reviews/${encodeURIComponent(review.id)}`, class: "entry", "aria-current": current ? "true" : null, "data-id": review.id },
      el("span", { class: "line" }, verdictPill(review.verdict), review.state === "open" ? null : el("span", { class: `state ${review.state}` }, review.state),
        el("time", { datetime: review.created_at, class: "quiet" }, when(review.created_at))),
      el("span", { class: "prose text" }, beginning(review.question ?? `question ${review.question_hash?.slice(0, 12) ?? ""}`, 100)),
      reasons.length ? el("small", {}, reasons.join(", ")) : null);
  }

  async #open(id) {
    try {
      this.current = this.reviews.find((review) => review.id === id) ?? (await this.api.get(`reviews/${encodeURIComponent(id)}`));
    } catch (error) {
      this.current = null;
      this.#close();
      byId("reviews-body").classList.add("opened");
      fill(this.detail, this.#back(), el("p", { class: "notice bad" }, error.status === 404 ? "This check is not kept (any more)." : inWords(error)));
      return;
    }
    this.#mark();
    byId("reviews-body").classList.add("opened");
    fill(this.detail, this.#back(), reviewDetail(this.current, this.server.units, (state, note) => this.#decide(state, note)));
  }

  #close() {
    this.current = null;
    this.#mark();
    byId("reviews-body").classList.remove("opened");
    fill(this.detail, this.total ? el("p", { class: "quiet empty" }, "Choose a check, or press ", el("kbd", {}, "j"), ".") : null);
  }

  /** Where list and check don't fit beside each other, the way back. */
  #back() {
    return el("p", { class: "back" }, el("a", { href: "#/reviews" }, "‹ All checks"));
  }

  #mark() {
    for (const link of this.list.querySelectorAll("a")) {
      if (link.dataset.id === this.current?.id) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
  }

  async #decide(state, note) {
    const { id } = this.current;
    const place = byId("decision-problem");
    fill(place);
    try {
      const decided = await this.api.post(`reviews/${encodeURIComponent(id)}`, { state, note: note.trim() || null });
      this.reviews = this.reviews.map((review) => (review.id === id ? decided : review));
      if (this.current?.id !== id) return;
      this.current = decided;
      this.#draw();
      fill(this.detail, this.#back(), reviewDetail(decided, this.server.units, (next, text) => this.#decide(next, text)));
      this.detail.focus({ preventScroll: true });
    } catch (error) {
      fill(place, el("p", { class: "notice bad" }, inWords(error)));
    }
  }

  #key(event) {
    const typing = event.target.closest?.("input, textarea, select, dialog[open]");
    if (byId("view-reviews").hidden || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") this.#step(1);
    else if (event.key === "k") this.#step(-1);
    else if (event.key === "a" || event.key === "r") byId("view-reviews").querySelector(`[data-key="${event.key}"]`)?.click();
    else return;
    event.preventDefault();
  }

  #step(by) {
    if (this.reviews.length === 0) return;
    const at = this.reviews.findIndex((review) => review.id === this.current?.id);
    const to = this.reviews[Math.min(this.reviews.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    location.hash = `#/reviews/${encodeURIComponent(to.id)}`;
    this.list.querySelector(`[data-id="${CSS.escape(to.id)}"]`)?.scrollIntoView({ block: "nearest" });
  }
}
