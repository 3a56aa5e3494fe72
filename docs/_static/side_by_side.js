"use strict";

// On a narrow screen, a table with all SDKs shows two: the reader's choice, kept for all pages.
const KEPT = "side-by-side";

function kept(titles) {
  const [first, second] = (localStorage.getItem(KEPT) ?? "").split(",");
  const known = titles.includes(first) && titles.includes(second) && first !== second;
  return known ? [first, second] : titles.slice(0, 2);
}

function makeSelect(label, titles) {
  const select = document.createElement("select");
  select.append(...titles.map((title) => new Option(title)));
  const element = document.createElement("label");
  element.append(label, " ", select);
  return [element, select];
}

function offerChoice(table) {
  const titles = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
  const chosen = kept(titles);
  const parts = [makeSelect("Compare", titles), makeSelect("with", titles)];
  const selects = parts.map(([, select]) => select);

  function show() {
    selects.forEach((select, index) => (select.value = chosen[index]));
    for (const row of table.rows) {
      titles.forEach((title, index) =>
        row.cells[index + 1].classList.toggle("not-chosen", !chosen.includes(title)),
      );
    }
  }

  selects.forEach((select, index) =>
    select.addEventListener("change", () => {
      const before = chosen[index];
      chosen[index] = select.value;
      if (chosen[1 - index] === select.value) chosen[1 - index] = before;
      localStorage.setItem(KEPT, chosen.join(","));
      show();
    }),
  );
  const choice = document.createElement("p");
  choice.className = "side-by-side-choice";
  choice.append(...parts.map(([element]) => element));
  (table.closest(".table-wrapper") ?? table).before(choice);
  table.classList.add("two-columns");
  show();
}

addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("table.side-by-side").forEach(offerChoice);
});
