// Reads and writes CSV as RFC 4180 has it, with the liberties that spreadsheets take.

/**
 * Records of cells, each with the line on which it begins: `[{line, cells}]`.  Empty lines are left out.
 * Throws an Error that names the line where a quotation mark is never closed, or stands where none may.
 */
export function parseCsv(text, delimiter = delimiterOf(text)) {
  const records = [];
  let position = 0;
  let line = 1;
  while (position < text.length) {
    const record = { line, cells: [] };
    let more = true;
    while (more) {
      const cell = text[position] === '"' ? quoted(text, position, line) : bare(text, position, delimiter);
      record.cells.push(cell.value);
      position = cell.end;
      line += cell.breaks;
      more = text[position] === delimiter;
      if (more) position += 1;
    }
    const end = lineBreak(text, position);
    if (end === position && position < text.length) throw new Error(`Line ${line}: something stands behind a closing quotation mark`);
    if (end > position) line += 1;
    position = end;
    if (record.cells.length > 1 || record.cells[0] !== "") records.push(record);
  }
  return records;
}

/** Comma, semicolon or tab: what the first line has most of, outside of quotation marks. */
export function delimiterOf(text) {
  const counts = new Map([[",", 0], [";", 0], ["\t", 0]]);
  let inside = false;
  for (const character of text) {
    if (character === '"') inside = !inside;
    else if (!inside && (character === "\n" || character === "\r")) break;
    else if (!inside && counts.has(character)) counts.set(character, counts.get(character) + 1);
  }
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}

function quoted(text, start, line) {
  let value = "";
  let position = start + 1;
  for (;;) {
    const close = text.indexOf('"', position);
    if (close < 0) throw new Error(`Line ${line}: a quotation mark is never closed`);
    value += text.slice(position, close);
    position = close + 1;
    if (text[position] !== '"') break;
    value += '"';
    position += 1;
  }
  return { value, end: position, breaks: value.match(/\r\n|\r|\n/g)?.length ?? 0 };
}

function bare(text, start, delimiter) {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== "\n" && text[end] !== "\r") end += 1;
  return { value: text.slice(start, end), end, breaks: 0 };
}

function lineBreak(text, position) {
  if (text[position] === "\r") return position + (text[position + 1] === "\n" ? 2 : 1);
  return text[position] === "\n" ? position + 1 : position;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Rows of cells as CSV, with a byte order mark by which spreadsheets know UTF-8. */
export function writeCsv(rows) {
  return `\ufeff${rows.map((row) => row.map(cellOf).join(",")).join("\r\n")}\r\n`;
}

/** A cell that no spreadsheet takes for a formula; numbers stay numbers. */
function cellOf(value) {
  if (value === null || value === undefined) return "";
  const text = String(value);
  const safe = /^[=+\-@\t\r\n]/.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",;\r\n\t]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
