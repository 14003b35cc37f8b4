// The view "File": many rows, scored in the evaluation lane.

import { inWords } from "./api.js";
import { writeCsv } from "./csv.js";
import { byId, el, fill } from "./dom.js";
import { asText, BadFile, COLUMNS, readFile } from "./rows.js";
import { Run } from "./run.js";
import { Table } from "./table.js";
import { count, rewardName } from "./words.js";

const DEFAULT = "full_coherence_reward";
const BAD_SHOWN = 10;
const TEMPORARY_MS = 60000;

export class FileView {
  constructor(api, server, openInAnswer) {
    this.title = "File";
    this.api = api;
    this.server = server;
    this.openInAnswer = openInAnswer;
    this.file = null;
    this.run = null;
    this.table = null;
    this.chosen = new Set([DEFAULT]);
    const input = byId("file-input");
    input.addEventListener("change", () => {
      if (input.files.length) this.#take(input.files[0]);
      input.value = "";
    });
    const drop = byId("drop");
    const over = (on) => (event) => { event.preventDefault(); drop.classList.toggle("over", on); };
    drop.addEventListener("dragenter", over(true));
    drop.addEventListener("dragover", over(true));
    drop.addEventListener("dragleave", over(false));
    drop.addEventListener("drop", (event) => {
      over(false)(event);
      if (event.dataTransfer.files.length) this.#take(event.dataTransfer.files[0]);
    });
    // A file that misses its place would otherwise replace the page.
    for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
  }

  show() {
    // The rows stay while another view is shown.
  }

  async #take(file) {
    this.run?.cancel();
    this.run = this.table = null;
    for (const id of ["file-problem", "file-plan", "file-run", "file-table"]) fill(byId(id));
    try {
      await this.server.known();
      this.file = await readFile(file, this.server.info?.limits);
    } catch (error) {
      const words = error instanceof BadFile ? error.message : inWords(error);
      fill(byId("file-problem"), el("p", { class: "notice bad" }, el("b", {}, file.name), " ", words));
      return;
    }
    for (const row of this.file.rows) {
      row.questionText = asText(row.question, "user");
      row.answerText = asText(row.answer, "assistant");
    }
    this.#plan();
  }

  #plan() {
    const { name, rows, bad, columns, understood } = this.file;
    const unused = columns.filter((column) => !Object.values(understood).includes(column));
    const badRows = new Set(bad.map((each) => each.line)).size;
    const start = el("button", { type: "button", class: "primary", id: "file-start", disabled: rows.length === 0, click: () => this.#start() }, `Score ${count(rows.length, "row")}`);
    fill(byId("file-plan"), el("div", { class: "sheet plan" },
      el("h2", {}, name),
      el("dl", { class: "understood" }, Object.keys(COLUMNS).map((meaning) => el("div", {}, el("dt", {}, meaning),
        el("dd", {}, understood[meaning] ? el("code", {}, understood[meaning]) : el("span", { class: "quiet" }, "none"))))),
      unused.length ? el("p", { class: "hint" }, "Kept for the export: ", unused.join(", "), ".") : null,
      badRows ? badList(bad, badRows) : el("p", { class: "hint" }, "Every row can be scored."),
      this.#rewards(),
      el("div", { class: "row buttons" }, start)));
  }

  #rewards() {
    const boxes = [...this.server.catalogue.values()].map((reward) => {
      const box = el("input", { type: "checkbox", value: reward.name, checked: this.chosen.has(reward.name), change: () => {
        if (box.checked) this.chosen.add(reward.name); else this.chosen.delete(reward.name);
        byId("file-start").disabled = this.chosen.size === 0 || this.file.rows.length === 0;
      } });
      return el("label", { class: "check", title: reward.doc }, box, el("span", {}, rewardName(reward.name), " ",
        el("code", { class: "quiet" }, reward.name), reward.deprecated ? el("small", {}, "deprecated") : null));
    });
    return el("fieldset", { class: "choice" }, el("legend", {}, "Rewards"), el("div", { class: "boxes" }, boxes));
  }

  #start() {
    this.run?.cancel();
    const rewards = [...this.server.catalogue.keys()].filter((name) => this.chosen.has(name));
    const run = new Run(this.api, this.file.rows, rewards, this.server.info?.limits, () => { if (run === this.run) this.#progress(); });
    this.run = run;
    this.table = new Table(this.file.rows, run, (row) => this.#open(row));
    fill(byId("file-table"), this.table.element);
    run.start();
  }

  #progress() {
    const { run } = this;
    this.table.draw();
    const total = run.rows.length;
    const parts = [`${run.done.toLocaleString("en")} of ${count(total, "row")}`];
    if (run.speed !== null) parts.push(`${run.speed.toFixed(run.speed < 10 ? 1 : 0)} rows a second`);
    if (run.running && run.speed !== null) parts.push(`about ${Math.ceil((total - run.done) / run.speed)} s left`);
    if (!run.running) parts.push(run.finished ? "finished" : "stopped");
    const button = (label, act, kind = "") => el("button", { type: "button", class: kind, click: act }, label);
    const focused = byId("file-run").contains(document.activeElement);
    fill(byId("file-run"), el("div", { class: "sheet run" },
      el("progress", { max: total, value: run.done, "aria-label": "Rows scored" }),
      el("p", { class: "status" }, parts.join(" · ")),
      run.fingerprints.size > 1 ? el("p", { class: "notice bad" }, "The server changed during the run: these scores do not compare with each other. Score the file again.") : null,
      run.error ? el("p", { class: "notice bad", role: "alert" }, inWords(run.error), " What is scored is kept.") : null,
      el("div", { class: "row buttons" },
        run.running ? button("Cancel", () => run.cancel()) : null,
        !run.running && !run.finished ? button("Continue", () => run.start(), "primary") : null,
        run.done > 0 ? button("Export CSV", () => this.#export()) : null)));
    if (focused) byId("file-run").querySelector("button")?.focus();
  }

  #open(row) {
    this.openInAnswer({ question: row.questionText, answer: row.answerText, reference: row.reference, passages: row.context });
  }

  /** All columns of the file, then of each reward the score and the reason where there is none. */
  #export() {
    const { columns, rows, name } = this.file;
    const { rewards, results, fingerprints } = this.run;
    const added = [...rewards.flatMap((reward) => [reward, `${reward}_reason`]), "fingerprint"].map((title) => free(title, columns));
    const lines = rows.map((row) => {
      const result = results[row.index];
      const scores = rewards.flatMap((reward) => [result?.rewards[reward] ?? "", result ? result.unscorable[reward] ?? "" : "not scored yet"]);
      return [...columns.map((column) => cell(row.cells[column])), ...scores, [...fingerprints].join(" ")];
    });
    const url = URL.createObjectURL(new Blob([writeCsv([[...columns, ...added], ...lines])], { type: "text/csv;charset=utf-8" }));
    el("a", { href: url, download: `${name.replace(/\.\w+$/, "")}-scores.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url), TEMPORARY_MS);
  }
}

function free(title, taken) {
  return taken.includes(title) ? free(`${title}_new`, taken) : title;
}

function cell(value) {
  return value !== null && typeof value === "object" ? JSON.stringify(value) : value;
}

function badList(bad, rows) {
  const line = (each) => el("li", {}, `Line ${each.line}, `, el("code", {}, each.field), ` ${each.message}`);
  return el("div", { class: "notice" },
    el("p", {}, `${count(rows, "row")} can’t be scored and ${rows === 1 ? "is" : "are"} left out:`),
    el("ul", {}, bad.slice(0, BAD_SHOWN).map(line)),
    bad.length > BAD_SHOWN ? el("details", {}, el("summary", {}, `${bad.length - BAD_SHOWN} more`), el("ul", {}, bad.slice(BAD_SHOWN).map(line))) : null);
}
