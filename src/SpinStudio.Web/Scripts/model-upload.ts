// Choosing and sending the files of a model: a zip, several files, or a folder.
import { el } from "./shared/dom";
import { takeFiles, UploadList } from "./uploads/list";

interface Page {
  invokeMethodAsync(method: "Arrived", upload: string): Promise<void>;
}

/** What belongs to a model; the server looks again. */
const wanted = /(\.zip|\.safetensors|\.json|\.jinja|merges\.txt|tokenizer\.model|README\.md|LICENSE(\.txt)?|NOTICE)$/;

/** Called by the page. */
export function mount(host: HTMLElement, page: Page): UploadList {
  const list = new UploadList({ arrived: upload => page.invokeMethodAsync("Arrived", upload) }, null);
  const leftOut = el("p", { class: "small soft", role: "status" });
  const files = el("input", { type: "file", multiple: "", id: "model-files", class: "visually-hidden" });
  const folder = el("input", { type: "file", webkitdirectory: "", id: "model-folder", class: "visually-hidden", tabindex: "-1", "aria-label": "Folder of a model" });
  const chooseFolder = el("button", { type: "button", class: "button quiet small" }, "Choose a folder instead");
  const zone = el("label", { class: "drop", for: "model-files" },
    el("strong", {}, "Drop a zip or the files of a model here"), el("span", { class: "soft" }, "safetensors, config, tokenizer"), el("span", { class: "button" }, "Choose files"));
  chooseFolder.addEventListener("click", () => folder.click());
  takeFiles(zone, [files, folder], chosen => {
    // Only the top of a chosen folder: what lies deeper is another model or none.
    const top = chosen.filter(file => file.webkitRelativePath.split("/").length <= 2);
    const others = top.filter(file => !wanted.test(file.name)).map(file => file.name);
    leftOut.textContent = others.length === 0 ? "" : `Left out, because they are no part of a model: ${others.slice(0, 5).join(", ")}${others.length > 5 ? ` and ${others.length - 5} more` : ""}.`;
    void top.filter(file => wanted.test(file.name)).reduce((before, file) => before.then(() => list.send(file)), Promise.resolve());
  });
  host.replaceChildren(files, zone, folder, chooseFolder, leftOut, list.rows);
  return list;
}
