// The curves of a run as an element of the page, <run-charts>: it starts before the page's circuit does and needs none. Loaded once, then fed by the hub.
import { get } from "./shared/api";
import { el, onTheme } from "./shared/dom";
import { clock, count } from "./shared/format";
import { Frames } from "./charts/frames";
import { Overlay } from "./charts/overlay";
import { looks } from "./charts/palette";
import { panels } from "./charts/panels";
import { Plot, type Shown, type Zoom } from "./charts/plot";
import { RunCurves } from "./charts/run";
import { smooth } from "./charts/series";
import { axes, keepView, loadView, mostOverlaid, overlaid, showInAddress, type View } from "./charts/view";

export { smooth };

/** What the page says of the run, in data- attributes. */
interface Options {
  run: string;
  name: string;
  kind: string;
  start: number | null;
  compact: boolean;
  settings: string | undefined;
}

class Charts {
  readonly root = el("div");
  private readonly own: RunCurves;
  private readonly others = new Map<string, { curves: RunCurves; name: string }>();
  private readonly plots: Plot[];
  private readonly inSight = new Set<Plot>();
  private readonly frames = new Frames();
  private readonly draws: Map<Plot, () => void>;
  private readonly view: View;
  private readonly status = el("span", { class: "soft small", role: "status" });
  private readonly place = el("span", { class: "small place" });
  private readonly reset = el("button", { type: "button", class: "button quiet small", hidden: "" }, "Reset zoom");
  private readonly overlay: Overlay;
  private readonly dialog = el("dialog", { class: "chart-wide" });
  private readonly ends: (() => void)[];
  private zoom: Zoom = null;
  private looking = 0;

  constructor(private readonly options: Options) {
    this.view = loadView(options.settings);
    this.own = new RunCurves(options.run, () => this.changed());
    const shown = panels(options.kind, options.start).filter(panel => !options.compact || panel.main);
    const wishes = { zoom: (zoom: Zoom) => this.setZoom(zoom), point: (x: number | null) => this.point(x), enlarge: (plot: Plot) => this.enlarge(plot) };
    this.plots = shown.map(panel => new Plot(panel, options.compact ? 180 : 250, !options.compact, wishes));
    this.draws = new Map(this.plots.map(plot => [plot, () => plot.draw(this.view, this.zoom)]));
    this.overlay = new Overlay(options.run, () => [...this.others.keys()], (id, name) => this.toggle(id, name));
    this.root.append(options.compact ? "" : this.toolbar(), el("div", { class: options.compact ? "chart-grid compact" : "chart-grid" }, ...this.plots.map(plot => plot.element)), this.dialog);

    const sizes = new ResizeObserver(() => this.plots.forEach(plot => plot.resize()));
    sizes.observe(this.root);
    const sight = new IntersectionObserver(changes => changes.forEach(change => this.seen(change)), { rootMargin: "200px" });
    this.plots.forEach(plot => sight.observe(plot.element));
    const outside = (event: MouseEvent) => event.target instanceof Node && !this.overlay.element.contains(event.target) && this.overlay.close();
    document.addEventListener("click", outside);
    this.ends = [onTheme(() => this.rebuild()), () => sizes.disconnect(), () => sight.disconnect(), () => document.removeEventListener("click", outside)];
    this.reset.addEventListener("click", () => this.setZoom(null));
    this.dialog.addEventListener("close", () => this.shrink());
    this.showRuns();
    void this.own.start();
    if (!options.compact) for (const id of overlaid()) void this.addByAddress(id);
  }

  dispose(): void {
    this.frames.stop();
    clearTimeout(this.looking);
    this.ends.forEach(end => end());
    this.plots.forEach(plot => plot.dispose());
    this.own.stop();
    this.others.forEach(other => other.curves.stop());
  }

  /** Something arrived: draw what is in sight. The rest is drawn once, so that its place is filled, and again when it comes into sight. */
  private changed(): void {
    this.status.textContent = this.own.connection === "lost" ? "Connection lost, trying again…" : "";
    this.root.parentElement?.setAttribute("data-connection", this.own.connection);
    const ended = ["completed", "failed", "stopped"].includes(this.own.status);
    for (const plot of this.plots) {
      plot.wait(!this.own.ready ? "Loading…" : this.own.metrics.size > 0 ? "Switched off in this run: it records no such figure." : ended ? "This run ended before its first training step." : "Waiting for the first training step…");
      if (this.inSight.has(plot) || !plot.drawn) this.frames.request(this.draws.get(plot)!);
    }
  }

  private seen(change: IntersectionObserverEntry): void {
    const plot = this.plots.find(one => one.element === change.target);
    if (!plot) return;
    if (!change.isIntersecting) {
      this.inSight.delete(plot);
      return;
    }
    this.inSight.add(plot);
    this.frames.now(this.draws.get(plot)!);
  }

  private rebuild(): void {
    for (const plot of this.plots) {
      plot.discard();
      this.frames.now(this.draws.get(plot)!);
    }
    this.changed();
  }

  private showRuns(): void {
    const look = looks([...this.others.keys()]);
    const runs: Shown[] = [{ id: this.options.run, name: this.options.name, metrics: this.own.metrics },
      ...[...this.others].map(([id, other]) => ({ id, name: other.name, metrics: other.curves.metrics, ...look.get(id)! }))];
    this.plots.forEach(plot => plot.show(runs));
    this.changed();
  }

  private setZoom(zoom: Zoom): void {
    this.zoom = zoom;
    this.reset.hidden = zoom === null;
    this.plots.forEach(plot => plot.zoom(zoom));
    clearTimeout(this.looking);
    this.looking = window.setTimeout(() => void this.look(), 120);
  }

  /** Finer points for what is looked at. */
  private async look(): Promise<void> {
    for (const curves of [this.own, ...[...this.others.values()].map(other => other.curves)]) {
      try {
        if (await curves.look(this.zoom, this.view.axis)) this.changed();
      } catch {
        this.status.textContent = "Finer points could not be loaded; zoom again to retry.";
      }
    }
  }

  private point(x: number | null): void {
    const step = x === null ? undefined : this.own.metrics.stepAt(x, this.view.axis, false);
    const points = this.own.metrics.get("loss");
    const index = points && step !== undefined ? points.step.indexOf(step) : -1;
    this.place.textContent = points && index >= 0
      ? `Step ${count(points.step[index]!)} · iteration ${points.iteration[index]} · ${clock(points.at[index]! - this.own.metrics.start)} · ${count(points.tokens[index]!)} tokens` : "";
  }

  private async addByAddress(id: string): Promise<void> {
    try {
      this.toggle(id, (await get<{ summary: { name: string } }>(`/api/v1/runs/${id}`)).summary.name);
    } catch {
      this.status.textContent = "A run named in the address is not there any more.";
    }
  }

  private toggle(id: string, name: string): void {
    const known = this.others.get(id);
    if (known) {
      known.curves.stop();
      this.others.delete(id);
    } else if (this.others.size < mostOverlaid && id !== this.options.run) {
      const curves = new RunCurves(id, () => this.changed());
      this.others.set(id, { curves, name });
      void curves.start();
    }
    showInAddress(this.view, [...this.others.keys()]);
    this.overlay.count();
    this.showRuns();
  }

  private enlarge(plot: Plot): void {
    if (this.dialog.open) {
      this.dialog.close();
      return;
    }
    plot.element.before(el("span", { "data-place": "" }));
    this.dialog.setAttribute("aria-label", plot.panel.title);
    this.dialog.append(plot.element);
    this.dialog.showModal();
    plot.wide.setAttribute("aria-label", "Back to all charts");
    plot.resize(Math.max(250, innerHeight - 250));
    this.inSight.add(plot);
    this.changed();
  }

  private shrink(): void {
    const plot = this.plots.find(one => this.dialog.contains(one.element));
    if (!plot) return;
    this.root.querySelector("[data-place]")?.replaceWith(plot.element);
    plot.wide.setAttribute("aria-label", `Enlarge ${plot.panel.title}`);
    plot.usualSize();
    plot.wide.focus();
  }

  private toolbar(): HTMLElement {
    const axis = el("div", { class: "segments", role: "radiogroup", "aria-label": "Horizontal axis" });
    for (const [value, label] of axes) {
      const input = el("input", { type: "radio", name: "axis", value });
      input.checked = this.view.axis === value;
      input.addEventListener("change", () => this.change({ axis: value }));
      axis.append(el("label", {}, input, label));
    }
    const smoothing = el("input", { type: "range", min: "0", max: "0.95", step: "0.05", id: "smoothing" });
    smoothing.value = String(this.view.smoothing);
    const shown = el("output", { for: "smoothing" }, smoothing.value);
    smoothing.addEventListener("input", () => {
      shown.textContent = smoothing.value;
      this.change({ smoothing: Number(smoothing.value) });
    });
    const tools = el("div", { class: "row chart-tools" }, axis,
      this.switch("log", "Log axis", "For loss, learning rate and gradient norm, which are never negative"),
      this.switch("clip", "Clip to p1–p99", "The vertical axis leaves out the lowest and the highest hundredth"),
      el("label", { class: "row smoothing" }, "Smoothing", smoothing, shown), this.overlay.element, this.reset,
      el("span", { class: "grow" }),
      el("a", { class: "button small", href: `/api/v1/runs/${this.options.run}/metrics.csv`, download: "" }, "All metrics as CSV"));
    return el("div", {}, tools, el("p", { class: "row chart-place" }, this.place, this.status));
  }

  private switch(name: "log" | "clip", label: string, title: string): HTMLElement {
    const input = el("input", { type: "checkbox" });
    input.checked = this.view[name];
    input.addEventListener("change", () => this.change({ [name]: input.checked }));
    return el("label", { class: "check", title }, input, label);
  }

  private change(change: Partial<View>): void {
    const moved = change.axis !== undefined && change.axis !== this.view.axis;
    Object.assign(this.view, change);
    showInAddress(this.view, [...this.others.keys()]);
    keepView(this.view);
    if (moved) this.setZoom(null);
    this.rebuild();
  }
}

/** When the circuit takes over a prerendered page it replaces the elements; the charts move into the new one instead of starting again. */
const parked = new Map<string, { charts: Charts; end: number }>();
const parkedFor = 3000;

class RunCharts extends HTMLElement {
  private charts: Charts | null = null;

  connectedCallback(): void {
    const found = parked.get(this.key);
    if (found) {
      clearTimeout(found.end);
      parked.delete(this.key);
    }
    const data = this.dataset;
    this.charts = found?.charts ?? new Charts({
      run: data.run ?? "", name: data.name ?? "", kind: data.kind ?? "", start: data.start ? Number(data.start) : null, compact: "compact" in data, settings: data.settings,
    });
    this.replaceChildren(this.charts.root);
  }

  disconnectedCallback(): void {
    const charts = this.charts;
    const key = this.key;
    this.charts = null;
    if (!charts) return;
    parked.get(key)?.charts.dispose();
    parked.set(key, { charts, end: window.setTimeout(() => {
      parked.delete(key);
      charts.dispose();
    }, parkedFor) });
  }

  private get key(): string {
    return `${this.dataset.run} ${"compact" in this.dataset}`;
  }
}

// A page that stays open over an update of the studio keeps the element that it has.
if (!customElements.get("run-charts")) customElements.define("run-charts", RunCharts);
