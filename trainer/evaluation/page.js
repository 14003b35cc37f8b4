// Sorts the questions by a column.  Each question is a tbody of its own, so that its answers stay with it.
"use strict";
const table = document.getElementById("questions-table");
if (table) for (const button of table.querySelectorAll("thead button")) button.addEventListener("click", () => sort(button));
function sort(button) {
  const head = button.closest("th");
  const downwards = head.getAttribute("aria-sort") !== "descending";
  for (const each of table.querySelectorAll("thead th[aria-sort]")) each.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", downwards ? "descending" : "ascending");
  const key = (body) => Number(body.rows[0].cells[head.cellIndex].dataset.value ?? NaN);
  const bodies = [...table.tBodies].map((body) => [key(body), body]);
  const missing = (value) => Number.isNaN(value);  // what has no score stays at the end, either way
  bodies.sort(([a], [b]) => missing(a) || missing(b) ? missing(a) - missing(b) : downwards ? b - a : a - b);
  table.append(...bodies.map(([, body]) => body));
}
