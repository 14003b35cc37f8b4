// What the page knows of the server: rewards, policies, limits, and whether it is ready.

import { byId, el, fill } from "./dom.js";
import { count } from "./words.js";

const AGAIN_MS = 2000;

export class Server {
  constructor(api) {
    this.api = api;
    this.catalogue = new Map();
    this.units = new Map();
    this.policies = [];
    this.info = null;
    this.fetching = null;
    this.watching = false;
  }

  /** Once the rewards are known; fetched again where that failed before. */
  known() {
    this.fetching ??= this.#fetch().catch((error) => { this.fetching = null; throw error; });
    return this.fetching;
  }

  async #fetch() {
    const [rewards, policies] = await Promise.all([this.api.get("rewards"), this.#policies()]);
    this.catalogue = new Map(rewards.rewards.map((reward) => [reward.name, reward]));
    this.policies = policies;
    for (const policy of policies) for (const rule of policy.rules) this.units.set(rule.code, rule.unit);
    this.#offerPolicies();
  }

  async #policies() {
    try {
      return (await this.api.get("policies")).policies;
    } catch (error) {
      if (error.status === 404) return [];
      throw error;
    }
  }

  #offerPolicies() {
    const select = byId("policy");
    const chosen = select.value;
    if (this.policies.length === 0) return;
    fill(select, this.policies.map((policy) => el("option", { value: policy.name, title: policy.doc }, policy.name)));
    select.value = this.policies.some((policy) => policy.name === chosen) ? chosen : this.policies[0].name;
  }

  /** Watch until the models are loaded, and say how far the server is. */
  async watch() {
    if (this.watching || this.info) return;
    this.watching = true;
    while (!(await this.#look())) await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
    this.watching = false;
  }

  /** Whether there is no more to wait for. */
  async #look() {
    try {
      this.info = await this.api.get("info");
      await this.known();
    } catch (error) {
      if (error.status === 401) this.#say("away", "no key");
      else if (error.status === 0) this.#say("away", "can’t be reached");
      else this.#say("loading", error.code === "not_ready" ? "loading models" : "not ready");
      return error.status === 401;
    }
    this.#say("ready", "ready");
    this.#about();
    return true;
  }

  #say(state, words) {
    fill(byId("server"), el("span", { class: `light ${state}`, "aria-hidden": "true" }), el("span", { class: "unseen" }, "Server: "), words);
  }

  #about() {
    const { version, pack, fingerprint, models, limits } = this.info;
    const names = models.map((model) => model.name.split("/").at(-1)).join(", ");
    byId("about").textContent = `Touchstone ${version} · ${pack} models: ${names} · fingerprint ${fingerprint} · `
      + `up to ${count(limits.max_text_chars, "character")} a text`;
  }
}
