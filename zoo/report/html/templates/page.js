"use strict";
// Columns of a sortable table become buttons; without scripts the table is in the order of the answer.
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const said = document.getElementById(table.dataset.sortable);
  for (const head of table.tHead.rows[0].cells) {
    if (!head.dataset.key) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, head, said));
  }
}
function sort(table, head, said) {
  const number = head.dataset.key === "number";
  const now = head.getAttribute("aria-sort");
  const first = head.dataset.first || "ascending";
  const order = !now ? first : now === "ascending" ? "descending" : "ascending";
  const sign = order === "ascending" ? 1 : -1;
  const place = head.cellIndex;
  const value = (row) => {
    const cell = row.cells[place];
    if (!cell) return null;
    const text = cell.dataset.value ?? cell.textContent.trim();
    return text === "" ? null : number ? Number(text) : text;
  };
  const rows = [...table.tBodies[0].rows];
  rows.sort((one, other) => {
    const a = value(one), b = value(other);
    if (a === null || b === null) return (a === null) - (b === null); // nothing comes last, either way
    return sign * (number ? a - b : a.localeCompare(b));
  });
  table.tBodies[0].append(...rows);
  for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  if (said) said.textContent = "Sorted by " + head.textContent.trim() + ", " + order + ".";
}
// Paper has no buttons: all that is folded is printed open.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const one of folded) one.open = true;
});
addEventListener("afterprint", () => { for (const one of folded) one.open = false; });
