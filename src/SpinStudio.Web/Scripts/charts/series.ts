import type { MetricsEvent } from "../shared/live";

export type Axis = "step" | "tokens" | "time";

/** The newest point of a metric beside all before it, as the server sends them: parallel arrays. */
export interface SeriesDto {
  name: string;
  step: number[];
  iteration: number[];
  value: (number | null)[];
  tokens: number[];
  /** Milliseconds since 1970. */
  at: number[];
}

/** One metric over the run, ascending by step. A null value is a gap. */
export class Series {
  readonly step: number[] = [];
  readonly iteration: number[] = [];
  readonly value: (number | null)[] = [];
  /** Seconds since 1970. */
  readonly at: number[] = [];
  readonly tokens: number[] = [];

  get length(): number {
    return this.step.length;
  }

  x(axis: Axis, start: number): number[] {
    if (axis === "tokens") return this.tokens;
    if (axis === "time") return this.at.map(at => at - start);
    return this.step;
  }

  /** Columns for drawing: x, values, smoothed values. Between two iterations stands a gap, for nothing was trained there. */
  columns(axis: Axis, start: number, weight: number): [number[], (number | null)[], (number | null)[]] {
    const xs = this.x(axis, start);
    const smooth = weight > 0 ? this.smooth(weight) : this.value;
    const columns: [number[], (number | null)[], (number | null)[]] = [[], [], []];
    xs.forEach((x, i) => {
      const before = xs[i - 1];
      if (before !== undefined && this.iteration[i] !== this.iteration[i - 1]) {
        columns[0].push((before + x) / 2);
        columns[1].push(null);
        columns[2].push(null);
      }
      columns[0].push(x);
      columns[1].push(this.value[i] ?? null);
      columns[2].push(smooth[i] ?? null);
    });
    return columns;
  }

  add(step: number, iteration: number, value: number | null, at: number, tokens: number): void {
    // A point that is known already (the server's series and the live events may overlap by one) is not doubled.
    if (this.length > 0 && step <= (this.step[this.length - 1] ?? -1)) return;
    this.step.push(step);
    this.iteration.push(iteration);
    this.value.push(value);
    this.at.push(at);
    this.tokens.push(tokens);
  }

  /**
   * Exponential moving average, debiased as in Adam: ŷ_t = m_t / (1 − w^t) with m_t = w·m_{t−1} + (1 − w)·y_t. It starts anew in each iteration,
   * where the loss is ln 2 again; a gap stays a gap.
   */
  smooth(weight: number): (number | null)[] {
    let mean = 0;
    let bias = 1;
    let iteration: number | undefined;
    return this.value.map((value, i) => {
      if (this.iteration[i] !== iteration) {
        iteration = this.iteration[i];
        mean = 0;
        bias = 1;
      }
      if (value === null) return null;
      mean = weight * mean + (1 - weight) * value;
      bias *= weight;
      return mean / (1 - bias);
    });
  }
}

/** All metrics of a run. */
export class Metrics {
  private readonly byName = new Map<string, Series>();

  get(name: string): Series | undefined {
    return this.byName.get(name);
  }

  load(series: SeriesDto[]): void {
    for (const one of series) {
      const target = this.of(one.name);
      one.step.forEach((step, i) =>
        target.add(step, one.iteration[i] ?? 0, one.value[i] ?? null, (one.at[i] ?? 0) / 1000, one.tokens[i] ?? 0));
    }
  }

  hear(event: MetricsEvent): void {
    for (const [name, value] of Object.entries(event.values)) {
      const finite = typeof value === "number" && Number.isFinite(value) ? value : null;
      this.of(name).add(event.global_step, event.iteration, finite, Date.parse(event.at) / 1000, event.tokens);
    }
  }

  /** When the first point was made, in seconds since 1970. */
  get start(): number {
    return Math.min(...[...this.byName.values()].map(series => series.at[0] ?? Infinity));
  }

  get empty(): boolean {
    return this.byName.size === 0;
  }

  private of(name: string): Series {
    let series = this.byName.get(name);
    if (!series) this.byName.set(name, (series = new Series()));
    return series;
  }
}
