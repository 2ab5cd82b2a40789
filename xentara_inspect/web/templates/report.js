"use strict";
// Sorting and filtering of tables, and opening what a link leads to. Without it all is there, too.
(() => {
  const few = 8;
  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.querySelector("time")?.dateTime ?? cell.textContent.trim();
    return text === "None" ? "" : text;
  };
  const compare = (one, other) => {
    if (one === "" || other === "") return (one === "") - (other === "");
    const difference = Number(one) - Number(other);
    return Number.isNaN(difference) ? one.localeCompare(other, "en", { numeric: true }) : difference;
  };

  const sort = (table, column, head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = Array.from(table.tBodies[0].rows, (row) => [value(row, column), row]);
    rows.sort((one, other) => {
      const empty = (one[0] === "") - (other[0] === "");
      return empty || compare(one[0], other[0]) * (down ? -1 : 1);
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };

  const filter = (table, field, told) => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    told.textContent = words.length ? `${shown} of ${table.tBodies[0].rows.length}` : "";
  };

  for (const table of document.querySelectorAll("table")) {
    const count = table.tBodies[0].rows.length;
    if (count > 1) {
      Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(...head.childNodes);
        button.addEventListener("click", () => sort(table, column, head));
        head.append(button);
      });
    }
    if (count > few) {
      const label = document.createElement("p");
      const field = document.createElement("input");
      const told = document.createElement("span");
      label.className = "filter";
      field.type = "search";
      field.placeholder = `Filter ${count} rows`;
      field.setAttribute("aria-label", `Filter ${table.parentElement.getAttribute("aria-label")}`);
      field.addEventListener("input", () => filter(table, field, told));
      label.append(field, told);
      table.parentElement.before(label);
    }
  }

  const open = () => {
    const place = location.hash && document.getElementById(location.hash.slice(1));
    if (place instanceof HTMLDetailsElement) place.open = true;
  };
  addEventListener("hashchange", open);
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  open();
})();
