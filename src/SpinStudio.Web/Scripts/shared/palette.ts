// Ctrl+K: goes to any page, run, dataset or model by name. "?": the keys of this page.
import { el } from "./dom";

interface Hit {
  kind: string;
  title: string;
  detail: string;
  address: string;
}

declare const Blazor: { navigateTo(address: string): void } | undefined;

const pause = 120; // milliseconds without a key before the server is asked

/** Makes the dialog and starts to listen; somebody who is not logged in has no rail, and no palette. */
export function listenForKeys(): void {
  document.addEventListener("keydown", event => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && loggedIn()) {
      event.preventDefault();
      openPalette();
    } else if (event.key === "?" && plain && !writes(event.target)) {
      event.preventDefault();
      openKeys();
    }
  });
  document.addEventListener("click", event => {
    if (event.target instanceof Element && event.target.closest("[data-palette]")) openPalette();
  });
}

/** Whether keys go into a field there. */
export function writes(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}

const loggedIn = () => document.querySelector(".rail") !== null;

function openPalette(): void {
  if (document.querySelector("dialog.palette[open]")) return;
  const list = el("ul", { id: "palette-hits", role: "listbox", "aria-label": "Found" });
  const input = el("input", {
    type: "text", role: "combobox", "aria-label": "Go to", "aria-controls": "palette-hits", "aria-expanded": "true", "aria-autocomplete": "list",
    placeholder: "Go to a page, run, dataset or model", autocomplete: "off", spellcheck: "false",
  });
  const dialog = el("dialog", { class: "palette", "aria-label": "Go to" }, input, list, el("p", { class: "soft small" }, "↑ ↓ choose · Enter opens · Esc closes"));
  let hits: Hit[] = [];
  let chosen = 0;
  let asked = 0;
  let timer = 0;

  const mark = () => {
    for (const [i, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(i === chosen));
    const option = list.children[chosen];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const show = (next: Hit[]) => {
    hits = next;
    chosen = 0;
    list.replaceChildren(...hits.map((hit, i) => el("li", { role: "option", id: `palette-${i}`, "data-hit": String(i) },
      el("span", { class: "kind" }, hit.kind), el("span", { class: "name" }, hit.title), el("span", { class: "soft small" }, hit.detail))));
    if (hits.length === 0) list.append(el("li", { class: "soft", role: "presentation" }, "Nothing has this name."));
    mark();
  };
  const search = async () => {
    const question = ++asked;
    const text = input.value.trim();
    const pages = pagesNamed(text);
    const found = await fetchHits(text);
    if (question === asked) show([...pages, ...found]);
  };
  const open = (hit: Hit | undefined) => {
    if (!hit) return;
    dialog.close();
    if (typeof Blazor === "undefined") location.assign(hit.address);
    else Blazor.navigateTo(hit.address);
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void search(), pause);
  });
  dialog.addEventListener("keydown", event => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && hits.length > 0) {
      event.preventDefault();
      chosen = (chosen + step + hits.length) % hits.length;
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      open(hits[chosen]);
    }
  });
  list.addEventListener("click", event => {
    const option = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-hit]") : null;
    if (option) open(hits[Number(option.dataset.hit)]);
  });
  present(dialog);
  show(pagesNamed(""));
  void search();
}

/** The pages in the rail. */
function pagesNamed(text: string): Hit[] {
  return [...document.querySelectorAll<HTMLAnchorElement>(".rail li > a")]
    .map(link => ({ kind: "page", title: [...link.childNodes].filter(node => node.nodeType === Node.TEXT_NODE).map(node => node.textContent).join("").trim(), detail: "", address: link.getAttribute("href") ?? "/" }))
    .filter(page => page.title.toLowerCase().includes(text.toLowerCase()));
}

async function fetchHits(text: string): Promise<Hit[]> {
  try {
    const answer = await fetch(`/api/v1/search?q=${encodeURIComponent(text)}`);
    return answer.ok ? ((await answer.json()) as Hit[]) : [];
  } catch {
    return []; // The server is away; the pages are still offered.
  }
}

function openKeys(): void {
  if (document.querySelector("dialog.palette[open]")) return;
  const rows: [string, string][] = [
    ["Ctrl K", "Go to a page, run, dataset or model"],
    ["/", "Search on this page"],
    ["?", "These keys"],
  ];
  if (document.querySelector("[data-item]")) rows.push(["j k", "Next and previous item"]);
  for (const named of document.querySelectorAll<HTMLElement>("[data-shortcut]")) rows.push([named.dataset.shortcut ?? "", named.textContent ?? ""]);
  const close = el("button", { type: "button", class: "button small" }, "Close");
  const dialog = el("dialog", { class: "palette keys", "aria-labelledby": "keys-title" },
    el("header", { class: "row" }, el("h2", { id: "keys-title", class: "grow" }, "Keys on this page"), close),
    el("dl", {}, ...rows.flatMap(([keys, does]) => [el("dt", {}, ...keys.split(" ").flatMap((key, i) => [i === 0 ? null : " ", el("kbd", {}, key)])), el("dd", {}, does)])));
  close.addEventListener("click", () => dialog.close());
  present(dialog);
}

/** Opens a dialog that goes away when it is closed or clicked beside. */
function present(dialog: HTMLDialogElement): void {
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", event => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}
