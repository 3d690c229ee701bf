// Choosing and sending the files of a model: a zip, several files, or a folder.
import { el } from "./shared/dom";
import { bytes, duration } from "./shared/format";
import { UploadClient } from "./uploads/client";

interface Page {
  invokeMethodAsync(method: "Arrived", upload: string): Promise<void>;
}

/** What belongs to a model; the server looks again. */
const wanted = /(\.zip|\.safetensors|\.json|\.jinja|merges\.txt|tokenizer\.model|README\.md|LICENSE(\.txt)?|NOTICE)$/;

class ModelUploads {
  private readonly rows = el("ul", { class: "upload-rows", "aria-label": "Uploads" });
  private readonly leftOut = el("p", { class: "small soft", role: "status" });
  private readonly running = new Set<UploadClient>();
  private readonly leaving = (event: BeforeUnloadEvent) => {
    if (this.running.size > 0) event.preventDefault();
  };

  constructor(host: HTMLElement, private readonly page: Page) {
    const files = el("input", { type: "file", multiple: "", id: "model-files", class: "visually-hidden" });
    const folder = el("input", { type: "file", webkitdirectory: "", id: "model-folder", class: "visually-hidden", tabindex: "-1", "aria-label": "Folder of a model" });
    const chooseFolder = el("button", { type: "button", class: "button quiet small" }, "Choose a folder instead");
    const zone = el("label", { class: "drop", for: "model-files" },
      el("strong", {}, "Drop a zip or the files of a model here"), el("span", { class: "soft" }, "safetensors, config, tokenizer"), el("span", { class: "button" }, "Choose files"));
    chooseFolder.addEventListener("click", () => folder.click());
    for (const input of [files, folder]) input.addEventListener("change", () => {
      this.take([...(input.files ?? [])]);
      input.value = "";
    });
    for (const name of ["dragenter", "dragover"] as const) zone.addEventListener(name, event => {
      event.preventDefault();
      zone.classList.add("over");
    });
    for (const name of ["dragleave", "drop"] as const) zone.addEventListener(name, () => zone.classList.remove("over"));
    zone.addEventListener("drop", event => {
      event.preventDefault();
      this.take([...(event.dataTransfer?.files ?? [])]);
    });
    host.replaceChildren(files, zone, folder, chooseFolder, this.leftOut, this.rows);
    addEventListener("beforeunload", this.leaving);
  }

  dispose(): void {
    removeEventListener("beforeunload", this.leaving);
  }

  /** Only the top of a chosen folder: what lies deeper is another model or none. */
  private take(files: File[]): void {
    const top = files.filter(file => file.webkitRelativePath.split("/").length <= 2);
    const sent = top.filter(file => wanted.test(file.name));
    const others = top.filter(file => !wanted.test(file.name)).map(file => file.name);
    this.leftOut.textContent = others.length === 0 ? "" : `Left out, because they are no part of a model: ${others.slice(0, 5).join(", ")}${others.length > 5 ? ` and ${others.length - 5} more` : ""}.`;
    void sent.reduce((before, file) => before.then(() => this.send(file)), Promise.resolve());
  }

  private async send(file: File): Promise<void> {
    const fill = el("span");
    fill.style.width = "0";
    const bar = el("div", { class: "bar", role: "progressbar", "aria-label": `Upload of ${file.name}`, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" }, fill);
    const text = el("span", { class: "small soft", role: "status" }, "Starting…");
    const cancel = el("button", { type: "button", class: "button quiet small", "aria-label": `Cancel ${file.name}` }, "Cancel");
    const row = el("li", { class: "card" }, el("div", { class: "row" }, el("strong", { class: "grow wrap" }, file.name), text, cancel), bar);
    this.rows.append(row);
    const began = performance.now();
    let from: number | null = null;
    const client = new UploadClient(file, await antiforgery(), sent => {
      from ??= sent;
      const share = file.size === 0 ? 1 : sent / file.size;
      fill.style.width = `${100 * share}%`;
      bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
      const rate = (sent - from) / Math.max(0.001, (performance.now() - began) / 1000);
      text.textContent = `${bytes(sent)} of ${bytes(file.size)}${rate > 0 ? ` · ${bytes(rate)}/s · ${duration((file.size - sent) / rate)} left` : ""}`;
    }, message => (text.textContent = message));
    cancel.addEventListener("click", () => void client.cancel().then(() => row.remove()));
    this.running.add(client);
    try {
      const done = await client.send();
      await this.page.invokeMethodAsync("Arrived", done.id);
      row.remove();
    } catch (error) {
      bar.classList.add("bad");
      text.setAttribute("role", "alert");
      text.textContent = error instanceof Error ? error.message : "It did not work.";
      cancel.textContent = "Dismiss";
      cancel.addEventListener("click", () => row.remove());
    } finally {
      this.running.delete(client);
    }
  }
}

async function antiforgery(): Promise<string> {
  const response = await fetch("/api/v1/antiforgery");
  return response.ok ? ((await response.json()) as { token: string }).token : "";
}

/** Called by the page. */
export function mount(host: HTMLElement, page: Page): ModelUploads {
  return new ModelUploads(host, page);
}
