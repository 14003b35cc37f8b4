// The scored rows as a table: sorted by any column, filtered, a page at a time, so that it stays quick.

import { el, fill } from "./dom.js";
import { beginning, count, plain, rewardName, signed } from "./words.js";
import { reasonInWords } from "./scores.js";

const PER_PAGE = 50;

export class Table {
  /** rows: of `readFile`; run: of those rows; open(row): shows one of them. */
  constructor(rows, run, open) {
    this.rows = rows;
    this.run = run;
    this.open = open;
    this.sort = { column: "line", down: false };
    this.filter = { text: "", reward: run.rewards[0], least: null, most: null, unscorable: false };
    this.page = 0;
    this.columns = columnsOf(rows, run.rewards);
    this.texts = rows.map((row) => JSON.stringify(row.cells).toLowerCase());
    this.body = el("tbody");
    this.head = el("thead");
    this.pager = el("div", { class: "row pager" });
    this.count = el("p", { class: "quiet", role: "status" });
    this.element = el("div", {}, this.#filters(), this.count,
      el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Scored rows" }, el("table", { class: "rows" }, this.head, this.body)), this.pager);
    this.draw();
  }

  /** The rows under the filter, in the order of the sorted column. */
  visible() {
    const { text, reward, least, most, unscorable } = this.filter;
    const wanted = text.trim().toLowerCase();
    const kept = this.rows.filter((row) => {
      if (wanted && !this.texts[row.index].includes(wanted)) return false;
      const result = this.run.results[row.index];
      if (unscorable && !(result && Object.keys(result.unscorable).length)) return false;
      if (least === null && most === null) return true;
      const score = result?.rewards[reward] ?? null;
      return score !== null && (least === null || score >= least) && (most === null || score <= most);
    });
    const column = this.columns.find((each) => each.id === this.sort.column);
    const factor = this.sort.down ? -1 : 1;
    return kept.sort((a, b) => {
      const [x, y] = [column.value(a, this.run), column.value(b, this.run)];
      // What has no score stands last in both directions.
      if (x === null || y === null) return x === y ? a.index - b.index : x === null ? 1 : -1;
      const order = typeof x === "number" ? x - y : x.localeCompare(y, "en", { numeric: true });
      return order === 0 ? a.index - b.index : factor * order;
    });
  }

  draw() {
    const visible = this.visible();
    const pages = Math.max(1, Math.ceil(visible.length / PER_PAGE));
    this.page = Math.min(this.page, pages - 1);
    const first = this.page * PER_PAGE;
    const shown = visible.slice(first, first + PER_PAGE);
    this.#drawHead();
    const focused = this.body.contains(document.activeElement) ? document.activeElement.closest("tr").dataset.row : null;
    fill(this.body, shown.map((row) => this.#row(row)));
    if (focused !== null) this.body.querySelector(`[data-row="${focused}"] button`)?.focus();
    const all = visible.length === this.rows.length ? "" : ` of ${this.rows.length.toLocaleString("en")}`;
    this.count.textContent = shown.length
      ? `${(first + 1).toLocaleString("en")}–${(first + shown.length).toLocaleString("en")} of ${count(visible.length, "row")}${all && ` (${this.rows.length.toLocaleString("en")} in all)`}`
      : "No row is left under this filter.";
    this.#drawPager(pages);
  }

  #drawHead() {
    if (!this.head.hasChildNodes()) {
      fill(this.head, el("tr", {}, this.columns.map((column) => el("th", { scope: "col", class: column.number ? "figure" : "", "data-column": column.id },
        el("button", { type: "button", click: () => this.#sortBy(column.id) }, column.label, el("span", { class: "arrow", "aria-hidden": "true" }))))));
    }
    for (const th of this.head.querySelectorAll("th")) {
      if (th.dataset.column === this.sort.column) th.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    }
  }

  #sortBy(id) {
    this.sort = { column: id, down: this.sort.column === id ? !this.sort.down : false };
    this.page = 0;
    this.draw();
  }

  #row(row) {
    const cells = this.columns.map((column) => column.cell(row, this.run, () => this.open(row)));
    return el("tr", { "data-row": row.index, click: (event) => {
      if (!event.target.closest("button, a") && !String(getSelection())) this.open(row);
    } }, cells);
  }

  #drawPager(pages) {
    if (pages === 1) {
      fill(this.pager);
      return;
    }
    const turn = (by, label) => el("button", { type: "button", disabled: this.page + by < 0 || this.page + by >= pages, "data-turn": by, click: () => {
      this.page += by;
      this.draw();
      this.pager.querySelector(`[data-turn="${by}"]:not(:disabled)`)?.focus();
    } }, label);
    fill(this.pager, turn(-1, "Previous"), el("span", {}, `page ${this.page + 1} of ${pages}`), turn(1, "Next"));
  }

  #filters() {
    const change = (name, read) => (event) => {
      this.filter[name] = read(event.target);
      this.page = 0;
      this.draw();
    };
    const number = (input) => (input.value.trim() === "" || Number.isNaN(input.valueAsNumber) ? null : input.valueAsNumber);
    const rewards = el("select", { change: change("reward", (select) => select.value) },
      this.run.rewards.map((name) => el("option", { value: name }, rewardName(name))));
    const bound = (label, name) => el("label", {}, label, el("input", { type: "number", step: "any", class: "short", "data-filter": name, input: change(name, number) }));
    return el("div", { class: "filters" },
      el("label", {}, "Text", el("input", { type: "search", "data-filter": "text", input: change("text", (input) => input.value) })),
      this.run.rewards.length > 1 ? el("label", {}, "Score", rewards) : null,
      bound("at least", "least"), bound("at most", "most"),
      el("label", { class: "check" }, el("input", { type: "checkbox", "data-filter": "unscorable", change: change("unscorable", (box) => box.checked) }), "unscorable only"));
  }
}

function columnsOf(rows, rewards) {
  const text = (label, id, read, kind = "text long") => ({ id, label, value: (row) => read(row), cell: (row) => el("td", { class: kind }, beginning(read(row), 110)) });
  return [
    { id: "line", label: "Line", number: true, value: (row) => row.line, cell: (row, _, open) =>
      el("td", { class: "figure" }, el("button", { type: "button", class: "open", title: "Open in the view “Answer”", "aria-label": `Open line ${row.line}`, click: open }, row.line)) },
    ...(rows.some((row) => row.id !== null) ? [text("Id", "id", (row) => row.id ?? "", "text")] : []),
    ...rewards.map((name) => ({
      id: name, label: rewardName(name), number: true,
      value: (row, run) => run.results[row.index]?.rewards[name] ?? null,
      cell: (row, run) => scoreCell(run.results[row.index], name),
    })),
    text("Question", "question", (row) => row.questionText),
    text("Answer", "answer", (row) => row.answerText),
  ];
}

function scoreCell(result, name) {
  if (!result) return el("td", { class: "figure quiet" }, "…");
  const score = result.rewards[name] ?? null;
  if (score === null) return el("td", { class: "figure reason", title: result.unscorable[name] ?? "" }, el("small", {}, reasonInWords(result.unscorable[name])));
  return el("td", { class: score < 0 ? "figure low" : "figure", title: plain(score, 6) }, signed(score));
}
