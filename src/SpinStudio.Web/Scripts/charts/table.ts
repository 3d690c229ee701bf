import { el } from "../shared/dom";
import { metric } from "../shared/format";
import type { Panel } from "./panels";
import type { Points } from "./series";

const rows = 25;

/** The figures as a table, for screen readers and for copying: evenly spaced, at most 25. Made when it is opened. */
export function table(panel: Panel, curves: () => { label: string; points: Points | undefined }[]): HTMLDetailsElement {
  const body = el("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": `${panel.title}, figures` });
  const details = el("details", { class: "small" }, el("summary", {}, "Figures as a table"), body);
  details.addEventListener("toggle", () => {
    if (details.open) body.replaceChildren(figures(panel.title, curves()));
  });
  return details;
}

function figures(title: string, curves: { label: string; points: Points | undefined }[]): HTMLElement {
  const longest = curves.reduce<Points | undefined>((most, curve) => ((curve.points?.length ?? 0) > (most?.length ?? 0) ? curve.points : most), undefined);
  if (!longest) return el("p", { class: "soft" }, "No figures yet.");
  const every = Math.max(1, Math.ceil(longest.length / rows));
  const body = el("tbody");
  longest.step.forEach((step, i) => {
    if (i % every !== 0 && i !== longest.length - 1) return;
    body.append(el("tr", {}, el("th", { scope: "row" }, String(step)), el("td", {}, String(longest.iteration[i])), ...curves.map(curve => el("td", {}, metric(at(curve.points, step))))));
  });
  return el("table", {}, el("caption", { class: "visually-hidden" }, title),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Step"), el("th", { scope: "col" }, "Iteration"), ...curves.map(curve => el("th", { scope: "col" }, curve.label)))), body);
}

function at(points: Points | undefined, step: number): number | null | undefined {
  const index = points?.step.findLastIndex(one => one <= step) ?? -1;
  return index < 0 ? undefined : points?.value[index];
}
