// Lists of rows from the keyboard: j and k go down and up, x chooses, Enter opens. And menus that close when one looks elsewhere.

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog, .menu[open]") !== null;
}

function step(rows: HTMLElement[], by: number): void {
  const now = rows.findIndex(row => row.contains(document.activeElement));
  const next = rows[now < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, now + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", event => {
  if (event.key === "Escape") {
    const open = document.querySelector<HTMLDetailsElement>(".menu[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary")?.focus();
    }
    return;
  }

  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  if (rows.length === 0) {
    // One thing at a time: j and k follow its links to the next and the one before.
    const link = document.querySelector<HTMLElement>(event.key === "j" ? "[data-walk=next]" : event.key === "k" ? "[data-walk=previous]" : "none");
    link?.click();
    return;
  }
  const current = rows.find(row => row === document.activeElement || row.contains(document.activeElement));
  if (event.key === "j" || event.key === "k") step(rows, event.key === "j" ? 1 : -1);
  else if (event.key === "x" && current) current.querySelector<HTMLInputElement>("input[type=checkbox]")?.click();
  else if (event.key === "Enter" && current === document.activeElement) current?.querySelector<HTMLAnchorElement>("a[data-open]")?.click();
  else return;
  event.preventDefault();
});

document.addEventListener("click", event => {
  if (event.target instanceof Element && event.target.closest("[data-print]")) print();
  for (const menu of document.querySelectorAll<HTMLDetailsElement>(".menu[open]"))
    if (!(event.target instanceof Node && menu.contains(event.target))) menu.open = false;
});

export {};
