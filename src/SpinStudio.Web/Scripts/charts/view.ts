import { put } from "../shared/api";
import type { Axis } from "./series";

/** How somebody likes their charts. */
export interface View {
  axis: Axis;
  log: boolean;
  /** Only values between the first and the 99th percentile are given room. */
  clip: boolean;
  /** Weight of the moving average, 0 = none. */
  smoothing: number;
}

export const axes: [Axis, string][] = [["step", "Step"], ["iteration", "Iteration"], ["time", "Time"], ["tokens", "Tokens"]];
export const mostOverlaid = 6;
const defaults: View = { axis: "step", log: false, clip: false, smoothing: 0.6 };
const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** From the address, so that a link shows what its sender saw; else as this person left it; else the defaults. */
export function loadView(kept: string | undefined): View {
  const view = { ...defaults };
  if (kept) take(view, JSON.parse(kept) as Partial<View>);
  const query = new URLSearchParams(location.search);
  take(view, {
    axis: (query.get("x") ?? undefined) as Axis | undefined,
    log: query.has("log") ? query.get("log") === "true" : undefined,
    clip: query.has("clip") ? query.get("clip") === "true" : undefined,
    smoothing: query.has("smoothing") ? Number(query.get("smoothing")) : undefined,
  });
  return view;
}

function take(view: View, from: Partial<View>): void {
  if (axes.some(([axis]) => axis === from.axis)) view.axis = from.axis!;
  if (typeof from.log === "boolean") view.log = from.log;
  if (typeof from.clip === "boolean") view.clip = from.clip;
  if (typeof from.smoothing === "number" && from.smoothing >= 0 && from.smoothing <= 0.95) view.smoothing = from.smoothing;
}

/** Runs that the address asks to lay over this one. */
export function overlaid(): string[] {
  return (new URLSearchParams(location.search).get("with") ?? "").split(",").filter(one => id.test(one)).slice(0, mostOverlaid);
}

/** Into the address; what is as by default is left out. */
export function showInAddress(view: View, runs: string[]): void {
  const url = new URL(location.href);
  const set = (name: string, value: string | null) => (value === null ? url.searchParams.delete(name) : url.searchParams.set(name, value));
  set("x", view.axis === defaults.axis ? null : view.axis);
  set("log", view.log ? "true" : null);
  set("clip", view.clip ? "true" : null);
  set("smoothing", view.smoothing === defaults.smoothing ? null : String(view.smoothing));
  set("with", runs.length > 0 ? runs.join(",") : null);
  history.replaceState(history.state, "", url);
}

let saving = 0;

/** Onto the server, so that the choice follows the person to other machines. */
export function keepView(view: View): void {
  clearTimeout(saving);
  saving = window.setTimeout(() => void put("/api/v1/me/settings/charts", view).catch(() => console.warn("The chart settings could not be kept; they hold for this page.")), 500);
}
