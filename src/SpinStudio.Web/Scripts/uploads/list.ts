// Files on their way to the server: a place to drop them on, and one row a file with progress, rate, time left and a way to stop.
import { el } from "../shared/dom";
import { bytes, duration } from "../shared/format";
import { UploadClient } from "./client";

/** Calls back with the files that are dropped on the zone or chosen by one of the inputs. */
export function takeFiles(zone: HTMLElement, inputs: HTMLInputElement[], take: (files: File[]) => void): void {
  for (const input of inputs) input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"] as const) zone.addEventListener(name, event => {
    event.preventDefault();
    zone.classList.add("over");
  });
  for (const name of ["dragleave", "drop"] as const) zone.addEventListener(name, () => zone.classList.remove("over"));
  zone.addEventListener("drop", event => {
    event.preventDefault();
    take([...(event.dataTransfer?.files ?? [])]);
  });
}

export interface UploadEvents {
  /** The server knows the upload by this id; more of it may arrive later. */
  began?(upload: string): void;
  /** All of it is there. */
  arrived(upload: string): Promise<void>;
}

/** The rows. Leaving the page while files are under way is asked about. */
export class UploadList {
  readonly rows = el("ul", { class: "upload-rows", "aria-label": "Uploads" });
  private readonly running = new Set<UploadClient>();
  private readonly leaving = (event: BeforeUnloadEvent) => {
    if (this.running.size > 0) event.preventDefault();
  };

  /** @param limit bytes that a file may have; null: the server tells. */
  constructor(private readonly events: UploadEvents, private readonly limit: number | null) {
    addEventListener("beforeunload", this.leaving);
  }

  get busy(): boolean {
    return this.running.size > 0;
  }

  dispose(): void {
    removeEventListener("beforeunload", this.leaving);
  }

  async send(file: File): Promise<void> {
    const fill = el("span");
    fill.style.width = "0";
    const bar = el("div", { class: "bar", role: "progressbar", "aria-label": `Upload of ${file.name}`, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" }, fill);
    const text = el("span", { class: "small soft", role: "status" }, "Starting…");
    const cancel = el("button", { type: "button", class: "button quiet small", "aria-label": `Cancel ${file.name}` }, "Cancel");
    const row = el("li", { class: "card" }, el("div", { class: "row" }, el("strong", { class: "grow wrap" }, file.name), text, cancel), bar);
    this.rows.prepend(row);

    if (this.limit !== null && file.size > this.limit) {
      this.fail(row, text, cancel, `${bytes(file.size)} is more than the ${bytes(this.limit)} that a file may have.`);
      return;
    }

    const start = performance.now();
    let from: number | null = null;
    const client = new UploadClient(file, await antiforgery(), sent => {
      from ??= sent;
      const share = file.size === 0 ? 1 : sent / file.size;
      fill.style.width = `${100 * share}%`;
      bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
      const rate = (sent - from) / Math.max(0.001, (performance.now() - start) / 1000);
      text.textContent = `${bytes(sent)} of ${bytes(file.size)}${rate > 0 ? ` · ${bytes(rate)}/s · ${duration((file.size - sent) / rate)} left` : ""}`;
    }, message => (text.textContent = message), upload => this.events.began?.(upload));
    cancel.addEventListener("click", () => void client.cancel().then(() => row.remove()));

    this.running.add(client);
    try {
      const done = await client.send();
      this.running.delete(client);
      row.remove();
      await this.events.arrived(done.id);
    } catch (error) {
      this.running.delete(client);
      if (!client.cancelled) this.fail(row, text, cancel, error instanceof Error ? error.message : "It did not work.", file);
    }
  }

  /** Says why, beside the file; what can be tried again can be. */
  private fail(row: HTMLElement, text: HTMLElement, cancel: HTMLElement, why: string, file?: File): void {
    row.querySelector(".bar")?.classList.add("bad");
    text.setAttribute("role", "alert");
    text.textContent = why;
    const dismiss = el("button", { type: "button", class: "button quiet small", "aria-label": `Dismiss ${row.querySelector("strong")?.textContent ?? ""}` }, "Dismiss");
    dismiss.addEventListener("click", () => row.remove());
    cancel.replaceWith(dismiss);
    if (!file) return;
    const again = el("button", { type: "button", class: "button small", "aria-label": `Try ${file.name} again` }, "Try again");
    again.addEventListener("click", () => {
      row.remove();
      void this.send(file);
    });
    dismiss.before(again);
  }
}

async function antiforgery(): Promise<string> {
  const response = await fetch("/api/v1/antiforgery");
  return response.ok ? ((await response.json()) as { token: string }).token : "";
}
