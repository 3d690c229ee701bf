// The curves of a run: loaded once, then fed by the hub and redrawn at most once a frame.
import { el, onTheme } from "./shared/dom";
import { isMetrics, RunListener, type Connection, type JournalEvent, type RunState } from "./shared/live";
import { panels } from "./charts/panels";
import { Plot, type View, type Zoom } from "./charts/plot";
import { Metrics, type Axis, type SeriesDto } from "./charts/series";

interface Options {
  runId: string;
  kind: string;
  hinge: boolean;
  active: boolean;
  compact: boolean;
}

const stored = "charts";
const axes: [Axis, string][] = [["step", "Step"], ["tokens", "Tokens"], ["time", "Time"]];

class Charts {
  private readonly metrics = new Metrics();
  private readonly plots: Plot[];
  private readonly status = el("span", { class: "soft small", role: "status" });
  private readonly reset = el("button", { type: "button", class: "button quiet small", hidden: "" }, "Reset zoom");
  private readonly view: View;
  private readonly unTheme: () => void;
  private readonly resizes: ResizeObserver;
  private listener: RunListener | null = null;
  private zoom: Zoom = null;
  private frame = 0;
  private settingZoom = false;
  private disposed = false;

  constructor(private readonly host: HTMLElement, private readonly options: Options) {
    this.view = loadView(options.compact);
    const shown = panels(options.kind, options.hinge).filter(panel => !options.compact || panel.main);
    this.plots = shown.map(panel => new Plot(panel, this.metrics, options.compact ? 170 : 240, !options.compact, zoom => this.setZoom(zoom)));
    host.replaceChildren(options.compact ? "" : this.toolbar(), el("div", { class: options.compact ? "chart-grid compact" : "chart-grid" }, ...this.plots.map(plot => plot.element)));
    this.reset.addEventListener("click", () => this.setZoom(null));
    this.unTheme = onTheme(() => this.rebuild());
    this.resizes = new ResizeObserver(() => this.plots.forEach(plot => plot.resize()));
    this.resizes.observe(host);
    this.say(options.active ? "Curves appear with the first training step." : "This run has no training step yet.");
  }

  async start(): Promise<void> {
    let lastSeq = 0;
    try {
      const response = await fetch(`/api/v1/runs/${this.options.runId}/metrics`, { headers: { accept: "application/json" } });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const loaded = (await response.json()) as { last_seq: number; series: SeriesDto[] };
      this.metrics.load(loaded.series);
      lastSeq = loaded.last_seq;
    } catch {
      // The hub replays the whole journal instead.
      this.say("Loading the curves from the journal…");
    }
    if (this.disposed) return;
    this.redraw();
    this.listener = new RunListener(this.options.runId, lastSeq, (events, run) => this.hear(events, run), state => this.connection(state));
    await this.listener.start();
  }

  dispose(): void {
    this.disposed = true;
    cancelAnimationFrame(this.frame);
    this.unTheme();
    this.resizes.disconnect();
    this.plots.forEach(plot => plot.dispose());
    void this.listener?.stop();
  }

  private hear(events: JournalEvent[], run: RunState): void {
    const fresh = events.filter(isMetrics);
    fresh.forEach(event => this.metrics.hear(event));
    if (fresh.length > 0) this.redraw();
    else if (this.metrics.empty && ["completed", "failed", "stopped"].includes(run.status)) this.say("This run has no training step yet.");
  }

  private connection(state: Connection): void {
    this.status.textContent = state === "lost" ? "Connection lost, trying again…" : "";
    this.host.dataset.connection = state;
  }

  /** However many points arrive, one drawing a frame. */
  private redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.withoutZoomEvents(() => this.plots.forEach(plot => plot.draw(this.view, this.zoom))));
  }

  private rebuild(): void {
    this.withoutZoomEvents(() => this.plots.forEach(plot => plot.rebuild(this.view, this.zoom)));
  }

  private setZoom(zoom: Zoom): void {
    if (this.settingZoom) return;
    this.zoom = zoom;
    this.reset.hidden = zoom === null;
    this.withoutZoomEvents(() => this.plots.forEach(plot => plot.zoom(zoom)));
  }

  /** uPlot tells of scales that we set ourselves, some only in a microtask. */
  private withoutZoomEvents(work: () => void): void {
    this.settingZoom = true;
    work();
    queueMicrotask(() => queueMicrotask(() => (this.settingZoom = false)));
  }

  private say(text: string): void {
    this.plots.forEach(plot => plot.wait(text));
  }

  private toolbar(): HTMLElement {
    const axis = el("div", { class: "segments", role: "radiogroup", "aria-label": "Horizontal axis" });
    for (const [value, label] of axes) {
      const input = el("input", { type: "radio", name: "axis", value });
      input.checked = this.view.axis === value;
      input.addEventListener("change", () => this.change({ axis: value }));
      axis.append(el("label", {}, input, label));
    }
    const log = el("input", { type: "checkbox" });
    log.checked = this.view.log;
    log.addEventListener("change", () => this.change({ log: log.checked }));
    const smoothing = el("input", { type: "range", min: "0", max: "0.95", step: "0.05", id: "smoothing" });
    smoothing.value = String(this.view.smoothing);
    const shown = el("output", { for: "smoothing" }, smoothing.value);
    smoothing.addEventListener("input", () => {
      shown.textContent = smoothing.value;
      this.change({ smoothing: Number(smoothing.value) });
    });
    return el("div", { class: "row chart-tools" }, axis, el("label", { class: "check" }, log, "Log axis"),
      el("label", { class: "row smoothing" }, "Smoothing", smoothing, shown), this.reset, this.status,
      el("span", { class: "grow" }), el("a", { class: "button small", href: `/api/v1/runs/${this.options.runId}/metrics.csv`, download: "" }, "All metrics as CSV"));
  }

  private change(change: Partial<View>): void {
    if (change.axis && change.axis !== this.view.axis) {
      this.zoom = null;
      this.reset.hidden = true;
    }
    Object.assign(this.view, change);
    localStorage.setItem(stored, JSON.stringify(this.view));
    const url = new URL(location.href);
    url.searchParams.set("x", this.view.axis);
    url.searchParams.set("log", String(this.view.log));
    url.searchParams.set("smoothing", String(this.view.smoothing));
    history.replaceState(history.state, "", url);
    this.rebuild();
  }
}

/** From the address, so that a link shows what its sender saw; else as last time; else the defaults. */
function loadView(compact: boolean): View {
  const view: View = { axis: "step", log: false, smoothing: 0.6 };
  if (compact) return view;
  try {
    Object.assign(view, JSON.parse(localStorage.getItem(stored) ?? "{}"));
  } catch {
    localStorage.removeItem(stored);
  }
  const query = new URLSearchParams(location.search);
  const x = query.get("x");
  if (axes.some(([axis]) => axis === x)) view.axis = x as Axis;
  if (query.has("log")) view.log = query.get("log") === "true";
  const smoothing = Number(query.get("smoothing"));
  if (query.has("smoothing") && smoothing >= 0 && smoothing <= 0.95) view.smoothing = smoothing;
  return view;
}

/** Called by the page. */
export function mount(host: HTMLElement, options: Options): Charts {
  const charts = new Charts(host, options);
  void charts.start();
  return charts;
}
