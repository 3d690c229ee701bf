// On every page: theme, relative times, copy buttons, keyboard.
import { listenForKeys, writes } from "./shared/palette";
import "./shared/keys";
import "./shared/rows";
import "./shared/together";

const themes = ["system", "light", "dark"] as const;
type Theme = (typeof themes)[number];

function isTheme(value: string | undefined): value is Theme {
  return themes.includes(value as Theme);
}

/** The chosen theme lives in a cookie, so that the server can send the page in it at once. */
function chooseTheme(theme: Theme): void {
  const year = 31536000;
  document.cookie = `theme=${theme}; path=/; max-age=${theme === "system" ? 0 : year}; samesite=lax`;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new CustomEvent("themechange"));
}

/** Same words as Format.Ago on the server. */
export function ago(at: Date, now = Date.now()): string {
  const seconds = (now - at.getTime()) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 30 * 86400) return `${Math.round(seconds / 86400)} d ago`;
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
}

/** Writes into the existing text node: the server's renderer keeps a hold of it. */
function refreshTimes(): void {
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[data-relative]")) {
    const text = ago(new Date(element.dateTime));
    if (element.firstChild && element.firstChild.nodeValue !== text) element.firstChild.nodeValue = text;
  }
}

function toast(text: string): void {
  document.querySelector(".toast")?.remove();
  const element = document.createElement("div");
  element.className = "toast";
  element.setAttribute("role", "status");
  element.textContent = text;
  document.body.append(element);
  setTimeout(() => element.remove(), 2500);
}

/** data-copy holds the text; data-copy-from names the element whose text is copied. */
async function copy(button: HTMLElement): Promise<void> {
  const from = button.dataset.copyFrom;
  const text = from ? document.querySelector<HTMLElement>(from)?.innerText : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text ?? "");
    toast("Copied");
  } catch {
    toast("The browser does not allow copying; select the text instead");
  }
}

document.addEventListener("click", event => {
  const target = event.target instanceof Element ? event.target : null;
  const copier = target?.closest<HTMLElement>("[data-copy], [data-copy-from]");
  if (copier) void copy(copier);
  if (target?.closest("[data-reload]")) location.reload();
});

document.addEventListener("change", event => {
  const chosen = event.target instanceof HTMLInputElement ? event.target.dataset.themeChoice : undefined;
  if (isTheme(chosen)) chooseTheme(chosen);
});

// "/" goes to the search field of the page, as on most sites.
document.addEventListener("keydown", event => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (writes(event.target)) return;
  const search = document.querySelector<HTMLInputElement>("input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
});

listenForKeys();

// Enter sends what was typed into a field with data-send; Shift+Enter is a new line.
document.addEventListener("keydown", event => {
  const field = event.target instanceof HTMLTextAreaElement && event.target.dataset.send !== undefined ? event.target : null;
  if (!field || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  field.form?.requestSubmit();
});

// j and k go from one item of the page to the next and back.
document.addEventListener("keydown", event => {
  if ((event.key !== "j" && event.key !== "k") || event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
  const items = [...document.querySelectorAll<HTMLElement>("[data-item]")];
  const now = items.findIndex(item => item.contains(document.activeElement));
  const next = items[Math.max(0, Math.min(items.length - 1, now + (event.key === "j" ? 1 : -1)))];
  next?.focus();
  next?.scrollIntoView({ block: "start" });
});

// On a narrow screen the row of tabs scrolls; the open one is brought into sight.
function showTab(): void {
  document.querySelector(".tabs [aria-current=page]")?.scrollIntoView({ inline: "center", block: "nearest" });
}

setTimeout(showTab, 600);
document.addEventListener("click", event => {
  if (event.target instanceof Element && event.target.closest(".tabs a")) setTimeout(showTab, 300);
});

setInterval(refreshTimes, 15000);

// A restarted server does not know the page any more. Its state is in the address, so loading it again loses nothing.
const reconnect = document.getElementById("components-reconnect-modal");
if (reconnect) {
  new MutationObserver(() => {
    if (reconnect.classList.contains("components-reconnect-rejected")) setTimeout(() => location.reload(), 1500);
    else if (reconnect.classList.contains("components-reconnect-failed")) void reloadWhenBack();
  }).observe(reconnect, { attributes: true, attributeFilter: ["class"] });
}

async function reloadWhenBack(): Promise<void> {
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, 3000));
    try {
      if ((await fetch("/healthz", { cache: "no-store" })).ok) return location.reload();
    } catch {
      // Still away.
    }
  }
}
