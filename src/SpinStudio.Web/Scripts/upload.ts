// Choosing and sending files with rows.
import { el } from "./shared/dom";
import { bytes } from "./shared/format";
import { takeFiles, UploadList } from "./uploads/list";

interface Page {
  invokeMethodAsync(method: "Began", upload: string): Promise<void>;
  invokeMethodAsync(method: "Arrived", upload: string, only: boolean): Promise<void>;
}

/** Called by the page. */
export function mount(host: HTMLElement, page: Page, limit: number): UploadList {
  // How many were chosen since nothing was under way.
  let chosen = 0;
  const list = new UploadList({
    began: upload => void page.invokeMethodAsync("Began", upload),
    arrived: upload => page.invokeMethodAsync("Arrived", upload, chosen === 1),
  }, limit);
  const input = el("input", { type: "file", multiple: "", accept: ".jsonl,.ndjson,.json,.csv,.tsv,.txt,.parquet,.gz,.zst", id: "files", class: "visually-hidden" });
  const zone = el("label", { class: "drop", for: "files" },
    el("strong", {}, "Drop files here"), el("span", { class: "soft" }, `or choose them from this computer: JSON Lines, JSON, CSV, TSV (also .gz and .zst) or Parquet, up to ${bytes(limit)} each`), el("span", { class: "button" }, "Choose files"));
  takeFiles(zone, [input], files => {
    if (!list.busy) chosen = 0;
    chosen += files.length;
    for (const file of files) void list.send(file);
  });
  host.replaceChildren(input, zone, list.rows);
  return list;
}
