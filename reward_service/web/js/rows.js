// A file's rows: which of its columns are understood, and which rows can't be scored.

import { parseCsv } from "./csv.js";

export const MOST_ROWS = 1000;
const MOST_BYTES = 64 * 2 ** 20;

/** What a row may hold → the columns that are taken for it, the first one that the file has. */
export const COLUMNS = {
  question: ["prompt", "question", "instruction"],
  answer: ["completion", "answer", "response"],
  reference: ["reference", "reference_answer"],
  context: ["context", "passages"],
  id: ["id"],
};
const ROLES = new Set(["system", "user", "assistant", "tool", "developer"]);

/** A file that can't be read at all; the message is a sentence. */
export class BadFile extends Error {}

/**
 * `{name, columns, understood, rows, bad}`: the columns in their order, what was understood as what, the rows
 * that can be scored, and for each other row its line, field and what is wrong.
 */
export async function readFile(file, limits) {
  if (file.size > MOST_BYTES) throw new BadFile("The file is larger than 64 MiB.");
  const text = decoded(new Uint8Array(await file.arrayBuffer()));
  if (!text.trim()) throw new BadFile("The file is empty.");
  const isJson = /\.(jsonl|ndjson|json)$/i.test(file.name) || (!/\.(csv|tsv)$/i.test(file.name) && text.trimStart().startsWith("{"));
  const { columns, records, bad } = isJson ? jsonRecords(text) : csvRecords(text);
  if (records.length + bad.length > MOST_ROWS) {
    throw new BadFile(`The file has ${(records.length + bad.length).toLocaleString("en")} rows; this page takes ${MOST_ROWS.toLocaleString("en")} at once. Split it, or score it with the command line.`);
  }
  const understood = understand(columns);
  const rows = [];
  for (const record of records) {
    const row = toRow(record, understood, limits, isJson);
    if (row.problems.length) bad.push(...row.problems.map((problem) => ({ line: record.line, ...problem })));
    else rows.push({ ...row, index: rows.length, line: record.line, cells: record.values });
  }
  bad.sort((a, b) => a.line - b.line);
  return { name: file.name, columns, understood, rows, bad };
}

function decoded(bytes) {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    return new TextDecoder(utf16 ? "utf-16le" : "utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new BadFile("The file is not in UTF-8. In a spreadsheet, save it as “CSV UTF-8”.");
  }
}

function csvRecords(text) {
  let parsed;
  try {
    parsed = parseCsv(text);
  } catch (error) {
    throw new BadFile(`${error.message}.`);
  }
  const [head, ...body] = parsed;
  const columns = head.cells.map((cell, index) => cell.trim() || `column ${index + 1}`);
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice) throw new BadFile(`Two columns are called “${twice}”.`);
  const records = [];
  const bad = [];
  for (const { line, cells } of body) {
    if (cells.length === columns.length) records.push({ line, values: Object.fromEntries(columns.map((column, i) => [column, cells[i]])) });
    else bad.push({ line, field: "the whole row", message: `has ${cells.length} cells, the first line has ${columns.length}` });
  }
  return { columns, records, bad };
}

function jsonRecords(text) {
  const columns = [];
  const records = [];
  const bad = [];
  text.split(/\r\n|\n|\r/).forEach((written, index) => {
    if (!written.trim()) return;
    const line = index + 1;
    const complain = (message) => bad.push({ line, field: "the whole line", message });
    let values;
    try {
      values = JSON.parse(written);
    } catch {
      complain("is no JSON");
      return;
    }
    if (values === null || typeof values !== "object" || Array.isArray(values)) {
      complain("is no JSON object");
      return;
    }
    for (const name of Object.keys(values)) if (!columns.includes(name)) columns.push(name);
    records.push({ line, values });
  });
  return { columns, records, bad };
}

function understand(columns) {
  const plain = new Map(columns.map((column) => [column.trim().toLowerCase(), column]));
  const found = {};
  for (const [meaning, names] of Object.entries(COLUMNS)) {
    const name = names.find((each) => plain.has(each));
    if (name) found[meaning] = plain.get(name);
  }
  for (const meaning of ["question", "answer"]) {
    if (!found[meaning]) throw new BadFile(`No column holds the ${meaning}: it would be called ${COLUMNS[meaning].join(", ")}. The file has ${columns.join(", ")}.`);
  }
  return found;
}

function toRow({ values }, understood, limits, isJson) {
  const problems = [];
  const get = (meaning) => (understood[meaning] && Object.hasOwn(values, understood[meaning]) ? values[understood[meaning]] : null);
  const complain = (meaning, message) => problems.push({ field: understood[meaning], message });
  const question = talk(get("question"), (message) => complain("question", message));
  const answer = talk(get("answer"), (message) => complain("answer", message));
  const reference = optional(get("reference"), (message) => complain("reference", message));
  const context = passagesOf(get("context"), isJson, (message) => complain("context", message));
  const longest = limits?.max_text_chars ?? Infinity;
  const texts = [["question", question], ["answer", answer], ["reference", reference], ...(context ?? []).map((passage) => ["context", passage])];
  for (const [meaning, text] of texts) {
    const length = lengthOf(text);
    if (length > longest) complain(meaning, `has ${length.toLocaleString("en")} characters, ${longest.toLocaleString("en")} are allowed`);
  }
  const id = get("id");
  return { question, answer, reference, context, id: id === null ? null : String(id), problems };
}

/** A text, or a conversation as chat messages. */
function talk(value, complain) {
  if (typeof value === "string") {
    if (!value.trim()) complain("is empty");
    return value;
  }
  const messages = Array.isArray(value) && value.length > 0
    && value.every((each) => ROLES.has(each?.role) && typeof each.content === "string");
  if (messages) return value.map(({ role, content }) => ({ role, content }));
  complain(value === null ? "is missing" : "is neither a text nor a list of chat messages");
  return null;
}

function optional(value, complain) {
  if (value === null || (typeof value === "string" && !value.trim())) return null;
  if (typeof value !== "string") complain("is no text");
  return value;
}

/** Passages: a list of texts, in a cell also as JSON, or parted by lines of three hyphens. */
function passagesOf(value, isJson, complain) {
  if (value === null || value === "") return null;
  let list = value;
  if (typeof value === "string") list = !isJson && value.trimStart().startsWith("[") ? jsonList(value) : value.split(/^[ \t]*-{3,}[ \t]*$/m);
  if (!Array.isArray(list) || list.some((each) => typeof each !== "string")) {
    complain("is no list of texts");
    return null;
  }
  const passages = list.map((each) => each.trim()).filter(Boolean);
  return passages.length ? passages : null;
}

function jsonList(text) {
  try {
    return JSON.parse(text);
  } catch {
    return [text];
  }
}

function lengthOf(value) {
  if (Array.isArray(value)) return Math.max(...value.map((message) => lengthOf(message.content)));
  return value === null ? 0 : Array.from(value).length;
}

/** A text or a conversation as one text, for people. */
export function asText(value, role) {
  if (!Array.isArray(value)) return value ?? "";
  const said = value.filter((message) => message.role === role).map((message) => message.content);
  return role === "user" ? said.at(-1) ?? "" : said.join("\n");
}
