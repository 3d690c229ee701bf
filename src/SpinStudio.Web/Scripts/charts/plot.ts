import uPlot from "uplot";
import { colour, el, faded } from "../shared/dom";
import { clock, count, metric } from "../shared/format";
import { backdrop, gutter } from "./backdrop";
import type { Panel } from "./panels";
import { smooth, type Metrics, type Points } from "./series";
import { table } from "./table";
import type { View } from "./view";

export type Zoom = { from: number; to: number } | null;

/** A run on a chart. The first one is the page's own and is drawn in the colours of its curves, the others each in a colour and dash of their own. */
export interface Shown {
  id: string;
  name: string;
  metrics: Metrics;
  colour?: string;
  dash?: number[];
}

/** A drawn curve: raw shadow and smoothed line. */
interface Line {
  name: string;
  label: string;
  colour: string;
  dash: number[];
  metrics: Metrics;
  own: boolean;
  reading: HTMLElement;
}

export interface Wishes {
  zoom(zoom: Zoom): void;
  /** Where the crosshair stands; null: nowhere. */
  point(x: number | null): void;
  enlarge(plot: Plot): void;
}

const crosshair = uPlot.sync("run");

/** One chart: figure, legend that follows the crosshair, figures as a table, and downloads. */
export class Plot {
  readonly element: HTMLElement;
  readonly wide: HTMLButtonElement;
  private readonly frame: HTMLElement;
  private readonly canvas: HTMLElement;
  private readonly legend = el("span", { class: "legend" });
  private readonly waiting = el("p", { class: "waiting soft" });
  private readonly clipped = el("span", { class: "small soft" });
  private readonly csv: HTMLAnchorElement;
  private lines: Line[] = [];
  private runs: Shown[] = [];
  private plot: uPlot | null = null;
  private height: number;
  private settingZoom = false;
  private summaryAt = 0;
  private summaryLater = 0;

  constructor(readonly panel: Panel, private readonly usual: number, private readonly tools: boolean, private readonly wishes: Wishes) {
    this.height = usual;
    this.canvas = el("div", { class: "plot", role: "img", "aria-label": panel.title });
    this.frame = el("div", tools
      ? { class: "frame", tabindex: "0", role: "group", "aria-label": `${panel.title}: arrow keys move the crosshair, + and − zoom, Shift and arrows pan, 0 shows all` }
      : { class: "frame" }, this.canvas, this.waiting);
    this.csv = el("a", { class: "button quiet small", download: "", "aria-label": `Save all points of ${panel.title} as CSV` }, "CSV");
    const png = el("button", { type: "button", class: "button quiet small", "aria-label": `Save ${panel.title} as PNG` }, "PNG");
    png.addEventListener("click", () => this.png());
    this.wide = el("button", { type: "button", class: "button quiet small", "aria-label": `Enlarge ${panel.title}` }, "⤢");
    this.wide.addEventListener("click", () => wishes.enlarge(this));
    this.element = el("section", { class: "card chart", "data-chart": panel.id, "aria-label": panel.title },
      el("header", {}, el("h2", {}, panel.title), tools ? el("span", { class: "tools" }, this.csv, png, this.wide) : this.legend),
      tools ? el("p", { class: "about small soft" }, panel.about) : null,
      tools ? el("div", { class: "row" }, this.legend, this.clipped) : null,
      this.frame,
      tools ? table(panel, () => this.lines.map(line => ({ label: line.label, points: line.metrics.get(line.name) }))) : null);
    if (tools) {
      this.frame.addEventListener("keydown", event => this.key(event));
      this.frame.addEventListener("wheel", event => this.wheel(event), { passive: false });
    }
  }

  /** Which runs are drawn, the page's own first. */
  show(runs: Shown[]): void {
    this.runs = runs;
    this.lines = runs.flatMap((run, r) => this.panel.curves.map((curve, c): Line => {
      const dash = r === 0 ? (curve.dash ?? []) : c === 0 ? (run.dash ?? []) : [2, 2];
      const several = this.panel.curves.length > 1;
      return {
        name: curve.name, colour: run.colour ?? curve.colour, dash, metrics: run.metrics, own: r === 0, reading: el("b", { class: "reading" }, "–"),
        label: r === 0 ? curve.label : several ? `${run.name}, ${curve.label.toLowerCase()}` : run.name,
      };
    }));
    this.legend.replaceChildren(...this.lines.map(line => {
      const key = el("i", { class: line.dash.length > 0 ? "key dashed" : "key" });
      key.style.color = `var(${line.colour})`;
      return el("span", { class: "clip", title: line.label }, key, this.lines.length > 1 ? `${line.label} ` : "", line.reading);
    }));
    const query = [...this.panel.curves.map(curve => `name=${encodeURIComponent(curve.name)}`), ...runs.slice(1).map(run => `with=${run.id}`)];
    this.csv.href = `/api/v1/runs/${runs[0]?.id}/metrics.csv?${query.join("&")}`;
    this.discard();
  }

  wait(text: string): void {
    this.waiting.textContent = this.hasData ? "" : text;
  }

  /** False until it was drawn for the first time. */
  get drawn(): boolean {
    return this.plot !== null;
  }

  get hasData(): boolean {
    return this.lines.some(line => (line.metrics.get(line.name)?.length ?? 0) > 0);
  }

  /** Forgets the drawing: after a change of theme, axis, scale or runs. */
  discard(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  /** Draws what the metrics hold now. */
  draw(view: View, zoom: Zoom): void {
    this.summarise();
    if (!this.hasData) return;
    this.waiting.textContent = "";
    const data = this.data(view);
    this.quietly(() => {
      if (!this.plot) this.plot = new uPlot(this.options(view), data, this.canvas);
      else if (zoom) this.plot.batch((plot: uPlot) => {
        plot.setData(data, false);
        plot.setScale("x", { min: zoom.from, max: zoom.to });
      });
      else this.plot.setData(data, true);
    });
    this.element.dataset.drawn = String(this.runs[0]!.metrics.last);
    if (this.plot?.cursor.idx === null || this.plot?.cursor.left === undefined || this.plot.cursor.left < 0) this.read(null);
  }

  zoom(zoom: Zoom): void {
    const xs = this.plot?.data[0];
    const from = zoom?.from ?? xs?.[0];
    const to = zoom?.to ?? xs?.[xs.length - 1];
    if (!this.plot || from === undefined || to === undefined || (this.plot.scales.x?.min === from && this.plot.scales.x?.max === to)) return;
    this.quietly(() => this.plot?.setScale("x", { min: from, max: to }));
  }

  resize(height = this.height): void {
    this.height = height;
    const width = this.canvas.clientWidth;
    if (this.plot && width > 0 && (width !== this.plot.width || height !== this.plot.height)) this.plot.setSize({ width, height });
  }

  usualSize(): void {
    this.resize(this.usual);
  }

  dispose(): void {
    clearTimeout(this.summaryLater);
    this.discard();
  }

  /** One table for all curves. Curves keep different steps, so they are joined by x, where a missing value is bridged and a null is a gap. */
  private data(view: View): uPlot.AlignedData {
    const log = view.log && this.panel.positive === true;
    const tables = this.lines.map((line): uPlot.AlignedData => {
      const points = line.metrics.get(line.name);
      return points ? columns(points, line.metrics.x(points, view.axis), this.panel.exact ? 0 : view.smoothing, log) : [[], [], []];
    });
    return tables.length === 1 ? tables[0]! : uPlot.join(tables);
  }

  private options(view: View): uPlot.Options {
    const grid = colour("--chart-grid", this.canvas);
    const ink = colour("--chart-axis", this.canvas);
    const log = view.log && this.panel.positive === true;
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 4 }, font: '12px "Inter Variable", system-ui, sans-serif' };
    return {
      width: Math.max(200, this.canvas.clientWidth),
      height: this.height,
      legend: { show: false },
      padding: [18, gutter(this.panel), 0, 0],
      cursor: {
        y: false, sync: { key: crosshair.key, setSeries: false }, drag: { x: this.tools, y: false, setScale: true }, points: { size: 6 },
        bind: { mousedown: (plot, _, handler) => event => (event.shiftKey && event.button === 0 ? this.pan(plot, event) : handler(event)) },
      },
      scales: { x: { time: false }, y: { distr: log ? 3 : 1, ...this.range(view, log) } },
      series: [{}, ...this.lines.flatMap(line => this.pair(line, view))],
      axes: [
        { ...axis, size: 28, gap: 3, incrs: view.axis === "time" ? moments : view.axis === "iteration" ? [...parts, ...wholes] : wholes, values: (_: uPlot, ticks: number[]) => ticks.map(tick => axisText(tick, view)) },
        { ...axis, size: 58, ...(log ? { splits: (_: uPlot, __: number, low: number, high: number) => logTicks(low, high), filter: (_: uPlot, ticks: number[]) => ticks } : {}), values: (_: uPlot, ticks: (number | null)[]) => ticks.map(tick => (tick === null ? "" : metric(tick))) },
      ],
      hooks: {
        drawClear: [plot => backdrop(plot, this.panel, ink, this.runs[0]!.metrics, view)],
        setCursor: [plot => this.pointed(plot)],
        setScale: [(plot, key) => {
          if (key === "x") this.zoomed(plot);
        }],
      },
    };
  }

  private pair(line: Line, view: View): uPlot.Series[] {
    const stroke = colour(line.colour, this.canvas);
    const few = (plot: uPlot) => (plot.data[0]?.length ?? 0) < 3;
    return [
      { label: line.label, stroke: view.smoothing > 0 && !this.panel.exact ? faded(stroke, line.own ? 0.35 : 0.2) : "transparent", width: 1, spanGaps: false, points: { show: false } },
      { label: `${line.label}, smoothed`, stroke, width: line.own ? 2 : 1.5, spanGaps: false, points: { show: few, size: 5 }, ...(line.dash.length > 0 ? { dash: line.dash } : {}) },
    ];
  }

  private range(view: View, log: boolean): Pick<uPlot.Scale, "range"> {
    if (view.clip) return { range: (plot: uPlot, low: number, high: number) => this.percentiles(plot, low, high, log) };
    this.clipped.textContent = "";
    if (log) return { range: (_: uPlot, low: number, high: number) => this.logRoom(low, high) };
    const fixed = this.panel.range;
    return { range: fixed ? [fixed[0] - 0.02, fixed[1] + 0.02] : (_: uPlot, low: number, high: number) => this.room(low, high) };
  }

  /** Room around the curves, and the mark always in sight. */
  private room(low: number, high: number): [number, number] {
    const mark = this.panel.mark?.value;
    const least = Math.min(low ?? Infinity, mark ?? Infinity);
    const most = Math.max(high ?? -Infinity, mark ?? -Infinity);
    if (!Number.isFinite(least) || !Number.isFinite(most)) return [0, 1];
    const pad = most > least ? (most - least) * 0.08 : Math.abs(most) * 0.1 || 1;
    return [least - pad, most + pad];
  }

  /** The same by factors. */
  private logRoom(low: number, high: number): [number, number] {
    const mark = this.panel.mark?.value;
    const least = Math.min(low ?? Infinity, mark ?? Infinity);
    const most = Math.max(high ?? 0, mark ?? 0);
    if (!(least > 0) || !(most > 0)) return [0.1, 1];
    const pad = most > least ? (most / least) ** 0.08 : 1.1;
    return [least / pad, most * pad];
  }

  /** From the first to the 99th percentile of what is in sight; how many points lie outside is said beside the legend. */
  private percentiles(plot: uPlot, low: number, high: number, log: boolean): [number, number] {
    const [first, last] = plot.series[0]?.idxs ?? [0, plot.data[0].length - 1];
    const seen = this.lines.flatMap((_, i) => Array.from(plot.data[1 + 2 * i] ?? []).slice(first, last + 1)).filter(value => typeof value === "number").sort((a, b) => a - b);
    const from = seen[Math.floor(0.01 * (seen.length - 1))];
    const to = seen[Math.ceil(0.99 * (seen.length - 1))];
    if (from === undefined || to === undefined || from === to) return log ? [low, high] : this.room(low, high);
    const outside = seen.filter(value => value < from || value > to).length;
    this.clipped.textContent = outside > 0 ? `${outside} of ${seen.length} points lie outside` : "";
    if (log) return [from, to];
    const pad = (to - from) * 0.05;
    return [from - pad, to + pad];
  }

  /** A drag on one chart zooms all; a double click, which uPlot answers by showing everything, resets all. */
  private zoomed(plot: uPlot): void {
    if (this.settingZoom) return;
    const xs = plot.data[0];
    const { min, max } = plot.scales.x ?? {};
    if (min === undefined || max === undefined || min === null || max === null || xs.length === 0) return;
    const whole = min <= (xs[0] ?? 0) && max >= (xs[xs.length - 1] ?? 0);
    this.wishes.zoom(whole ? null : { from: min, to: max });
  }

  /** uPlot tells of scales that we set ourselves, some only in a microtask. */
  private quietly(work: () => void): void {
    this.settingZoom = true;
    work();
    queueMicrotask(() => queueMicrotask(() => (this.settingZoom = false)));
  }

  /** Keeps the middle (or what is under the pointer) in place. */
  private scaled(factor: number, about?: number): void {
    const { min, max } = this.plot?.scales.x ?? {};
    const xs = this.plot?.data[0];
    if (!xs || min === undefined || max === undefined || min === null || max === null) return;
    const middle = about ?? (min + max) / 2;
    const from = Math.max(xs[0]!, middle - (middle - min) * factor);
    const to = Math.min(xs[xs.length - 1]!, middle + (max - middle) * factor);
    if (to > from) this.wishes.zoom(from === xs[0] && to === xs[xs.length - 1] ? null : { from, to });
  }

  private shifted(from: number, to: number, by: number): void {
    const xs = this.plot?.data[0];
    if (!xs || xs.length === 0) return;
    const moved = Math.min(Math.max(by, xs[0]! - from), xs[xs.length - 1]! - to);
    if (moved !== 0) this.wishes.zoom({ from: from + moved, to: to + moved });
  }

  private pan(plot: uPlot, event: MouseEvent): null {
    const { min, max } = plot.scales.x ?? {};
    if (min === undefined || max === undefined || min === null || max === null) return null;
    const unit = (max - min) / plot.over.clientWidth;
    const move = (moved: MouseEvent) => this.shifted(min, max, (event.clientX - moved.clientX) * unit);
    document.addEventListener("mousemove", move);
    document.addEventListener("mouseup", () => document.removeEventListener("mousemove", move), { once: true });
    event.preventDefault();
    return null;
  }

  /** With Ctrl (as pinching sends it), on a chart that was clicked, or on an enlarged one; otherwise the wheel scrolls the page. */
  private wheel(event: WheelEvent): void {
    const plot = this.plot;
    if (!plot || !(event.ctrlKey || event.metaKey || document.activeElement === this.frame || this.element.closest("dialog"))) return;
    event.preventDefault();
    const { min, max } = plot.scales.x ?? {};
    if (min === undefined || max === undefined || min === null || max === null) return;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.shifted(min, max, ((event.deltaX || event.deltaY) / plot.over.clientWidth) * (max - min));
    else this.scaled(Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY * 0.002))), plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, "x"));
  }

  private key(event: KeyboardEvent): void {
    const plot = this.plot;
    const { min, max } = plot?.scales.x ?? {};
    if (!plot || event.ctrlKey || event.metaKey || event.altKey || min === undefined || max === undefined || min === null || max === null) return;
    const way = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (way !== 0 && event.shiftKey) this.shifted(min, max, way * (max - min) * 0.2);
    else if (way !== 0) this.step(plot, way);
    else if (event.key === "+" || event.key === "=") this.scaled(0.6);
    else if (event.key === "-") this.scaled(1 / 0.6);
    else if (event.key === "0") this.wishes.zoom(null);
    else return;
    event.preventDefault();
  }

  private step(plot: uPlot, way: number): void {
    const xs = plot.data[0];
    const [first, last] = plot.series[0]?.idxs ?? [0, xs.length - 1];
    const index = Math.min(last, Math.max(first, (plot.cursor.idx ?? (way > 0 ? first - 1 : last + 1)) + way));
    plot.setCursor({ left: plot.valToPos(xs[index] ?? 0, "x"), top: plot.over.clientHeight / 2 });
  }

  private pointed(plot: uPlot): void {
    const index = plot.cursor.idx ?? null;
    this.read(index);
    this.wishes.point(index === null ? null : (plot.data[0][index] ?? null));
  }

  /** Values under the crosshair, or the newest. */
  private read(index: number | null): void {
    this.lines.forEach((line, i) => {
      const smoothed = this.plot?.data[2 + 2 * i] ?? [];
      line.reading.textContent = figure(nearest(smoothed, index ?? smoothed.length - 1));
    });
  }

  /** What the chart shows in words, refreshed seldom so that it can be listened to. */
  private summarise(): void {
    const wait = this.summaryAt + 5000 - Date.now();
    clearTimeout(this.summaryLater);
    if (wait > 0) {
      this.summaryLater = window.setTimeout(() => this.summarise(), wait);
      return;
    }
    const parts = this.lines.map(line => {
      const points = line.metrics.get(line.name);
      return points && points.length > 0 ? `${line.label}: from ${metric(points.value[0])} to ${metric(points.value[points.length - 1])} over ${points.length} points` : "";
    }).filter(Boolean);
    if (parts.length > 0) this.summaryAt = Date.now();
    this.canvas.setAttribute("aria-label", `${this.panel.title}. ${parts.join("; ")}.`);
  }

  private png(): void {
    const source = this.plot?.ctx.canvas;
    if (!source) return;
    const unit = devicePixelRatio;
    const margin = 16 * unit;
    const head = (this.lines.length > 1 ? 52 : 28) * unit;
    const picture = el("canvas", { width: String(source.width + 2 * margin), height: String(source.height + 2 * margin + head) });
    const context = picture.getContext("2d");
    if (!context) return;
    context.fillStyle = colour("--surface", this.canvas);
    context.fillRect(0, 0, picture.width, picture.height);
    context.fillStyle = colour("--text", this.canvas);
    context.font = `600 ${15 * unit}px "Inter Variable", system-ui, sans-serif`;
    context.textBaseline = "top";
    context.fillText(`${this.panel.title} · ${this.runs[0]?.name ?? ""}`, margin, margin);
    context.font = `${12 * unit}px "Inter Variable", system-ui, sans-serif`;
    let x = margin;
    for (const line of this.lines.length > 1 ? this.lines : []) {
      context.strokeStyle = context.fillStyle = colour(line.colour, this.canvas);
      context.lineWidth = 2 * unit;
      context.setLineDash(line.dash.map(part => part * unit));
      context.beginPath();
      context.moveTo(x, margin + 32 * unit);
      context.lineTo(x + 22 * unit, margin + 32 * unit);
      context.stroke();
      context.fillText(line.label, x + 28 * unit, margin + 26 * unit);
      x += 44 * unit + context.measureText(line.label).width;
    }
    context.drawImage(source, margin, margin + head);
    picture.toBlob(blob => blob && save(blob, `${this.panel.id}.png`));
  }
}

/** Columns for drawing: x, values, smoothed values. Between two iterations stands a gap, for nothing was trained there. */
function columns(points: Points, xs: number[], weight: number, log: boolean): [number[], (number | null)[], (number | null)[]] {
  const smoothed = weight > 0 ? smooth(points.mean, points.iteration, weight) : points.value;
  const drawn = (value: number | null | undefined) => (value === null || value === undefined || (log && value <= 0) ? null : value);
  const columns: [number[], (number | null)[], (number | null)[]] = [[], [], []];
  xs.forEach((x, i) => {
    const before = xs[i - 1];
    if (before !== undefined && points.iteration[i] !== points.iteration[i - 1]) {
      columns[0].push((before + x) / 2);
      columns[1].push(null);
      columns[2].push(null);
    }
    columns[0].push(x);
    columns[1].push(drawn(points.value[i]));
    columns[2].push(drawn(smoothed[i]));
  });
  return columns;
}

/** Curves keep different steps: the value at or shortly before a place. */
function nearest(values: ArrayLike<number | null | undefined>, index: number): number | null | undefined {
  for (let i = index; i >= 0 && i > index - 50; i--) if (values[i] !== undefined) return values[i];
  return undefined;
}

/** Few and steady digits: enough to read along a curve, without making the line jump. */
function figure(value: number | null | undefined): string {
  if (typeof value !== "number" || Math.abs(value) < 0.001 || Math.abs(value) >= 1e5) return metric(value);
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3).replace("-", "−");
}

const wholes = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11].flatMap(unit => [unit, 2 * unit, 5 * unit]);
const parts = [0.001, 0.01, 0.1].flatMap(unit => [unit, 2 * unit, 5 * unit]);
const moments = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];

function axisText(value: number, view: View): string {
  return view.axis === "time" ? clock(value) : view.axis === "iteration" ? String(Number(value.toFixed(3))) : count(value);
}

/** Round values that are read off easily: evenly spaced while the axis spans less than a factor of five, else 1, 2, 5 of each power of ten, or the powers alone. */
function logTicks(low: number, high: number): number[] {
  if (high / low < 5) {
    const unit = 10 ** Math.floor(Math.log10(high - low));
    const step = [0.2, 0.5, 1, 2].map(part => part * unit).find(one => (high - low) / one <= 6) ?? unit;
    return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, i) => (Math.ceil(low / step) + i) * step);
  }
  const powers = Array.from({ length: Math.floor(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 }, (_, i) => 10 ** (Math.floor(Math.log10(low)) + i));
  return (powers.length > 4 ? powers : powers.flatMap(power => [power, 2 * power, 5 * power])).filter(tick => tick >= low && tick <= high);
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
