import { get } from "../shared/api";
import { el } from "../shared/dom";
import { mostOverlaid } from "./view";

interface Found {
  id: string;
  name: string;
  status: string;
  model_name: string | null;
}

/** Finds runs by name and lays them over this one. */
export class Overlay {
  readonly element: HTMLDetailsElement;
  private readonly search = el("input", { type: "search", placeholder: "Find a run by name", "aria-label": "Find a run by name", maxlength: "200" });
  private readonly list = el("ul", { class: "overlay-list" });
  private readonly summary = el("summary", { class: "button small" });
  private asked = 0;
  private later = 0;

  constructor(private readonly own: string, private readonly chosen: () => readonly string[], private readonly onToggle: (id: string, name: string) => void) {
    this.element = el("details", { class: "overlay" }, this.summary, el("div", { class: "overlay-box card" }, this.search, this.list));
    this.search.addEventListener("input", () => {
      clearTimeout(this.later);
      this.later = window.setTimeout(() => void this.find(), 200);
    });
    this.element.addEventListener("toggle", () => {
      if (!this.element.open) return;
      this.search.focus();
      void this.find();
    });
    this.element.addEventListener("keydown", event => {
      if (event.key !== "Escape") return;
      this.element.open = false;
      this.summary.focus();
    });
    this.count();
  }

  count(): void {
    const count = this.chosen().length;
    this.summary.textContent = count === 0 ? "Overlay runs" : `Overlay runs (${count})`;
  }

  close(): void {
    this.element.open = false;
  }

  private async find(): Promise<void> {
    const asked = ++this.asked;
    let rows: HTMLElement[];
    try {
      const page = await get<{ items: Found[] }>(`/api/v1/runs?take=12&search=${encodeURIComponent(this.search.value.trim())}`);
      rows = page.items.filter(run => run.id !== this.own).map(run => this.row(run));
    } catch {
      rows = [el("li", { class: "small", role: "alert" }, "The runs could not be loaded; type again to retry.")];
    }
    if (asked === this.asked) this.list.replaceChildren(...(rows.length > 0 ? rows : [el("li", { class: "small soft" }, "No other run has this in its name.")]));
  }

  private row(run: Found): HTMLElement {
    const box = el("input", { type: "checkbox" });
    box.checked = this.chosen().includes(run.id);
    box.disabled = !box.checked && this.chosen().length >= mostOverlaid;
    box.addEventListener("change", () => {
      this.onToggle(run.id, run.name);
      this.count();
      void this.find();
    });
    return el("li", {}, el("label", { class: "check" }, box, el("span", { class: "wrap" }, run.name, " ", el("span", { class: "small soft" }, `${run.status} · ${run.model_name ?? "deleted model"}`))));
  }
}
