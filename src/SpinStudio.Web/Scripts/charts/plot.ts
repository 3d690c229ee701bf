import uPlot from "uplot";
import { colour, el, faded } from "../shared/dom";
import { clock, count, metric } from "../shared/format";
import type { Curve, Panel } from "./panels";
import type { Axis, Metrics } from "./series";

export interface View {
  axis: Axis;
  log: boolean;
  /** Weight of the moving average, 0 = none. */
  smoothing: number;
}

export type Zoom = { from: number; to: number } | null;

const crosshair = uPlot.sync("run");

/** One chart: figure, legend that follows the crosshair, and downloads. */
export class Plot {
  readonly element: HTMLElement;
  private readonly canvas: HTMLElement;
  private readonly readings = new Map<string, HTMLElement>();
  private readonly waiting: HTMLElement;
  private readonly details: HTMLDetailsElement | null;
  private plot: uPlot | null = null;
  private summaryAt = 0;
  private summaryLater = 0;

  constructor(
    readonly panel: Panel,
    private readonly metrics: Metrics,
    private readonly height: number,
    tools: boolean,
    private readonly onZoom: (zoom: Zoom) => void,
  ) {
    const legend = el("span", { class: "legend" });
    for (const curve of panel.curves) {
      const reading = el("b", { class: "reading" }, "–");
      this.readings.set(curve.name, reading);
      const key = el("i", { class: curve.dash ? "key dashed" : "key" });
      key.style.color = `var(${curve.colour})`;
      legend.append(el("span", {}, key, panel.curves.length > 1 ? `${curve.label} ` : "", reading));
    }
    this.canvas = el("div", { class: "plot", role: "img", "aria-label": panel.title });
    this.waiting = el("p", { class: "waiting soft" }, "");
    this.details = tools ? this.table() : null;
    this.element = el("section", { class: "card chart", "data-chart": panel.id },
      el("header", {}, el("h2", {}, panel.title), legend, tools ? this.tools() : null),
      el("p", { class: "about small soft" }, panel.about),
      el("div", { class: "frame" }, this.canvas, this.waiting),
      this.details);
  }

  wait(text: string): void {
    this.waiting.textContent = this.hasData ? "" : text;
  }

  get hasData(): boolean {
    return this.panel.curves.some(curve => (this.metrics.get(curve.name)?.length ?? 0) > 0);
  }

  /** Builds the chart anew: after a change of theme, axis or scale. */
  rebuild(view: View, zoom: Zoom): void {
    this.plot?.destroy();
    this.plot = null;
    if (this.hasData) this.draw(view, zoom);
  }

  /** Takes in what the metrics hold now. */
  draw(view: View, zoom: Zoom): void {
    if (!this.hasData) return;
    this.waiting.textContent = "";
    const data = this.data(view);
    if (this.plot) this.plot.setData(data, zoom === null);
    else this.plot = new uPlot(this.options(view), data, this.canvas);
    if (zoom) this.zoom(zoom);
    this.read(null);
    this.summarise();
  }

  zoom(zoom: Zoom): void {
    if (!this.plot) return;
    const xs = this.plot.data[0];
    const from = zoom?.from ?? xs[0];
    const to = zoom?.to ?? xs[xs.length - 1];
    if (from === undefined || to === undefined || (this.plot.scales.x?.min === from && this.plot.scales.x?.max === to)) return;
    this.plot.setScale("x", { min: from, max: to });
  }

  resize(): void {
    const width = this.canvas.clientWidth;
    if (this.plot && width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: this.height });
  }

  dispose(): void {
    clearTimeout(this.summaryLater);
    this.plot?.destroy();
    this.plot = null;
  }

  /** One table for all curves. Thinned curves keep different steps, so they are joined by x, where a missing value is bridged and a null is a gap. */
  private data(view: View): uPlot.AlignedData {
    const tables = this.panel.curves.map((curve): uPlot.AlignedData => {
      const series = this.metrics.get(curve.name);
      return series ? series.columns(view.axis, this.metrics.start, view.smoothing) : [[], [], []];
    });
    return tables.length === 1 ? tables[0]! : uPlot.join(tables);
  }

  private options(view: View): uPlot.Options {
    const grid = colour("--chart-grid", this.canvas);
    const ink = colour("--chart-axis", this.canvas);
    const log = view.log && this.panel.positive === true;
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 4 }, font: "12px system-ui, sans-serif" };
    return {
      width: Math.max(200, this.canvas.clientWidth),
      height: this.height,
      legend: { show: false },
      padding: [10, 12, 0, 0],
      cursor: { y: false, sync: { key: crosshair.key, setSeries: false }, drag: { x: true, y: false, setScale: true }, points: { size: 6 } },
      scales: {
        x: { time: false },
        y: { distr: log ? 3 : 1, ...(this.panel.range && !log ? { range: [this.panel.range[0] - 0.02, this.panel.range[1] + 0.02] as [number, number] } : log ? {} : { range: (_: uPlot, low: number, high: number) => this.rangeOf(low, high) }) },
      },
      series: [{}, ...this.panel.curves.flatMap(curve => this.lines(curve, view))],
      axes: [
        { ...axis, size: 28, gap: 3, incrs: view.axis === "time" ? moments : wholes, values: (_: uPlot, ticks: number[]) => ticks.map(tick => axisText(tick, view.axis)) },
        { ...axis, size: 58, values: (_: uPlot, ticks: (number | null)[]) => ticks.map(tick => (tick === null ? "" : metric(tick))) },
      ],
      hooks: {
        drawClear: [plot => this.backdrop(plot, ink, view)],
        setCursor: [plot => this.read(plot.cursor.idx ?? null)],
        setScale: [(plot, key) => {
          if (key === "x") this.zoomed(plot);
        }],
      },
    };
  }

  private lines(curve: Curve, view: View): uPlot.Series[] {
    const stroke = colour(curve.colour, this.canvas);
    const few = (plot: uPlot) => (plot.data[0]?.length ?? 0) < 3;
    return [
      { label: curve.label, stroke: view.smoothing > 0 ? faded(stroke, 0.35) : "transparent", width: 1, spanGaps: false, points: { show: false } },
      { label: `${curve.label}, smoothed`, stroke, width: 2, spanGaps: false, points: { show: few, size: 5 }, ...(curve.dash ? { dash: curve.dash } : {}) },
    ];
  }

  /** Room around the curves, and the mark always in sight. */
  private rangeOf(low: number, high: number): [number, number] {
    const mark = this.panel.mark?.value;
    const least = Math.min(low ?? Infinity, mark ?? Infinity);
    const most = Math.max(high ?? -Infinity, mark ?? -Infinity);
    if (!Number.isFinite(least) || !Number.isFinite(most)) return [0, 1];
    const pad = most > least ? (most - least) * 0.08 : Math.abs(most) * 0.1 || 1;
    return [least - pad, most + pad];
  }

  /** Below the curves: where iterations begin, and the marked value. */
  private backdrop(plot: uPlot, ink: string, view: View): void {
    const context = plot.ctx;
    const { left, top, width, height } = plot.bbox;
    const pixel = devicePixelRatio;
    context.save();
    context.strokeStyle = faded(ink, 0.55);
    context.fillStyle = ink;
    context.lineWidth = pixel;
    context.font = `${11 * pixel}px system-ui, sans-serif`;

    const series = this.metrics.get(this.panel.curves[0]?.name ?? "");
    const xs = series?.x(view.axis, this.metrics.start) ?? [];
    context.setLineDash([2 * pixel, 4 * pixel]);
    for (let i = 0; series && i < series.length; i++) {
      if (i === 0 || series.iteration[i] === series.iteration[i - 1]) continue;
      const x = plot.valToPos(xs[i] ?? 0, "x", true);
      if (x < left || x > left + width) continue;
      line(context, x, top, x, top + height);
      context.textAlign = "left";
      context.textBaseline = "top";
      context.fillText(`it. ${series.iteration[i]}`, x + 4 * pixel, top + 2 * pixel);
    }

    const mark = this.panel.mark;
    if (mark) {
      const y = plot.valToPos(mark.value, "y", true);
      if (y >= top && y <= top + height) {
        context.setLineDash([6 * pixel, 4 * pixel]);
        line(context, left, y, left + width, y);
        context.textAlign = "right";
        context.textBaseline = "bottom";
        context.fillText(mark.label, left + width - 2 * pixel, y - 2 * pixel);
      }
    }
    context.restore();
  }

  /** A drag on one chart zooms all; a double click, which uPlot answers by showing everything, resets all. */
  private zoomed(plot: uPlot): void {
    const xs = plot.data[0];
    const { min, max } = plot.scales.x ?? {};
    if (min === undefined || max === undefined || min === null || max === null || xs.length === 0) return;
    const whole = min <= (xs[0] ?? 0) && max >= (xs[xs.length - 1] ?? 0);
    this.onZoom(whole ? null : { from: min, to: max });
  }

  /** Values under the crosshair, or the newest. */
  private read(index: number | null): void {
    if (!this.plot) return;
    this.panel.curves.forEach((curve, i) => {
      const smoothed = this.plot!.data[2 + 2 * i] ?? [];
      const value = index === null ? [...smoothed].reverse().find(one => one !== undefined) : smoothed[index];
      const reading = this.readings.get(curve.name);
      if (reading) reading.textContent = figure(value);
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
    this.summaryAt = Date.now();
    const parts = this.panel.curves.map(curve => {
      const series = this.metrics.get(curve.name);
      return series && series.length > 0 ? `${curve.label}: from ${metric(series.value[0])} to ${metric(series.value[series.length - 1])} over ${series.length} points` : "";
    });
    this.canvas.setAttribute("aria-label", `${this.panel.title}. ${parts.filter(Boolean).join("; ")}.`);
  }

  private tools(): HTMLElement {
    const csv = el("button", { type: "button", class: "button quiet small", "aria-label": `Save ${this.panel.title} as CSV` }, "CSV");
    const png = el("button", { type: "button", class: "button quiet small", "aria-label": `Save ${this.panel.title} as PNG` }, "PNG");
    csv.addEventListener("click", () => save(new Blob([this.csv()], { type: "text/csv" }), `${this.panel.id}.csv`));
    png.addEventListener("click", () => this.png());
    return el("span", { class: "tools" }, csv, png);
  }

  private csv(): string {
    const curves = this.panel.curves.map(curve => ({ name: curve.name, series: this.metrics.get(curve.name) }));
    const lines = new Map<number, (string | number | null)[]>();
    curves.forEach((curve, column) => curve.series?.step.forEach((step, i) => {
      const line = lines.get(step) ?? [step, curve.series?.iteration[i] ?? 0, ...curves.map(() => null)];
      line[2 + column] = curve.series?.value[i] ?? null;
      lines.set(step, line);
    }));
    const rows = [...lines.values()].sort((a, b) => Number(a[0]) - Number(b[0])).map(line => line.map(cell => cell ?? "").join(","));
    return `${["global_step", "iteration", ...curves.map(curve => curve.name)].join(",")}\n${rows.join("\n")}\n`;
  }

  private png(): void {
    const source = this.plot?.ctx.canvas;
    if (!source) return;
    const margin = 16 * devicePixelRatio;
    const title = 28 * devicePixelRatio;
    const picture = el("canvas", { width: String(source.width + 2 * margin), height: String(source.height + 2 * margin + title) });
    const context = picture.getContext("2d");
    if (!context) return;
    context.fillStyle = colour("--surface", this.canvas);
    context.fillRect(0, 0, picture.width, picture.height);
    context.fillStyle = colour("--text", this.canvas);
    context.font = `600 ${15 * devicePixelRatio}px system-ui, sans-serif`;
    context.textBaseline = "top";
    context.fillText(this.panel.title, margin, margin);
    context.drawImage(source, margin, margin + title);
    picture.toBlob(blob => blob && save(blob, `${this.panel.id}.png`));
  }

  /** The figures as a table, for screen readers and for copying: evenly spaced, at most 25. */
  private table(): HTMLDetailsElement {
    const body = el("div", { class: "scroll-x" });
    const details = el("details", { class: "small" }, el("summary", {}, "Figures as a table"), body);
    details.addEventListener("toggle", () => {
      if (details.open) body.replaceChildren(this.rows());
    });
    return details;
  }

  private rows(): HTMLElement {
    const curves = this.panel.curves.map(curve => ({ ...curve, series: this.metrics.get(curve.name) }));
    const first = curves[0]?.series;
    if (!first || first.length === 0) return el("p", { class: "soft" }, "No figures yet.");
    const every = Math.max(1, Math.ceil(first.length / 25));
    const table = el("table", {}, el("caption", { class: "visually-hidden" }, this.panel.title),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Step"), el("th", { scope: "col" }, "Iteration"), ...curves.map(curve => el("th", { scope: "col" }, curve.label)))));
    const body = el("tbody");
    first.step.forEach((step, i) => {
      if (i % every !== 0 && i !== first.length - 1) return;
      body.append(el("tr", {}, el("th", { scope: "row" }, String(step)), el("td", {}, String(first.iteration[i])), ...curves.map(curve => el("td", {}, metric(curve.series?.value[i])))));
    });
    table.append(body);
    return table;
  }
}

/** Few and steady digits: enough to read along a curve, without making the line jump. */
function figure(value: number | null | undefined): string {
  if (typeof value !== "number" || Math.abs(value) < 0.001 || Math.abs(value) >= 1e5) return metric(value);
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3).replace("-", "−");
}

const wholes = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11].flatMap(unit => [unit, 2 * unit, 5 * unit]);
const moments = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];

function axisText(value: number, axis: Axis): string {
  return axis === "time" ? clock(value) : count(value);
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
