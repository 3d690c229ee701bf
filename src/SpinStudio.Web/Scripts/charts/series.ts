import type { MetricsEvent } from "../shared/live";

export type Axis = "step" | "iteration" | "time" | "tokens";

/** Part of a metric as the server sends it: parallel arrays, ascending by step. */
export interface SeriesDto {
  name: string;
  step: number[];
  iteration: number[];
  value: (number | null)[];
  tokens: number[];
  /** Milliseconds since 1970. */
  at: number[];
  /** Mean of what each point stands for, where the server left points out. */
  mean?: (number | null)[];
}

/** Points of a metric, ascending by step. A null value is a gap. */
export class Points {
  readonly step: number[] = [];
  readonly iteration: number[] = [];
  readonly value: (number | null)[] = [];
  readonly mean: (number | null)[] = [];
  /** Seconds since 1970. */
  readonly at: number[] = [];
  readonly tokens: number[] = [];

  get length(): number {
    return this.step.length;
  }

  static of(dto: SeriesDto): Points {
    const points = new Points();
    dto.step.forEach((step, i) => points.add(step, dto.iteration[i] ?? 0, dto.value[i] ?? null, (dto.at[i] ?? 0) / 1000, dto.tokens[i] ?? 0, dto.mean ? (dto.mean[i] ?? null) : (dto.value[i] ?? null)));
    return points;
  }

  /** A point that is known already (the server's series and the live events may overlap) is not doubled. */
  add(step: number, iteration: number, value: number | null, at: number, tokens: number, mean = value): void {
    if (this.length > 0 && step <= (this.step[this.length - 1] ?? -1)) return;
    this.step.push(step);
    this.iteration.push(iteration);
    this.value.push(value);
    this.mean.push(mean);
    this.at.push(at);
    this.tokens.push(tokens);
  }

  /** These points, with a finer part in the place of what it covers. */
  with(part: Points): Points {
    const from = part.step[0];
    const to = part.step[part.length - 1];
    if (from === undefined || to === undefined) return this;
    const merged = new Points();
    const take = (points: Points, i: number) =>
      merged.add(points.step[i] ?? 0, points.iteration[i] ?? 0, points.value[i] ?? null, points.at[i] ?? 0, points.tokens[i] ?? 0, points.mean[i] ?? null);
    this.step.forEach((step, i) => step < from && take(this, i));
    part.step.forEach((_, i) => take(part, i));
    this.step.forEach((step, i) => step > to && take(this, i));
    return merged;
  }
}

/**
 * Exponential moving average, debiased as in Adam: ŷ_t = m_t / (1 − w^t) with m_t = w·m_{t−1} + (1 − w)·y_t. It starts anew in each iteration,
 * where the loss is ln 2 again; a gap stays a gap.
 */
export function smooth(values: readonly (number | null)[], iterations: readonly number[], weight: number): (number | null)[] {
  let mean = 0;
  let bias = 1;
  let iteration: number | undefined;
  return values.map((value, i) => {
    if (iterations[i] !== iteration) {
      iteration = iterations[i];
      mean = 0;
      bias = 1;
    }
    if (value === null) return null;
    mean = weight * mean + (1 - weight) * value;
    bias *= weight;
    return mean / (1 - bias);
  });
}

/** All metrics of a run. */
export class Metrics {
  private readonly whole = new Map<string, Points>();
  private parts = new Map<string, Points>();
  /** First step of each iteration, by number. */
  readonly starts = new Map<number, number>();
  /** Steps planned for the iteration that trains now. */
  planned = 0;

  get(name: string): Points | undefined {
    const points = this.whole.get(name);
    const part = this.parts.get(name);
    return points && part ? points.with(part) : points;
  }

  /** Replaces what is known. */
  load(iterations: { iteration: number; first_step: number }[], series: SeriesDto[]): void {
    this.whole.clear();
    this.parts.clear();
    for (const start of iterations) this.starts.set(start.iteration, start.first_step);
    for (const one of series) this.whole.set(one.name, Points.of(one));
  }

  /** Finer points for a part of the curves; null goes back to the whole. */
  zoom(series: SeriesDto[] | null): void {
    this.parts = new Map((series ?? []).map(one => [one.name, Points.of(one)]));
  }

  hear(event: MetricsEvent): void {
    if (!this.starts.has(event.iteration)) this.starts.set(event.iteration, event.global_step - event.step);
    for (const [name, value] of Object.entries(event.values)) {
      const finite = typeof value === "number" && Number.isFinite(value) ? value : null;
      let points = this.whole.get(name);
      if (!points) this.whole.set(name, (points = new Points()));
      points.add(event.global_step, event.iteration, finite, Date.parse(event.at) / 1000, event.tokens);
    }
  }

  /** Most points of one curve. */
  get size(): number {
    return Math.max(0, ...[...this.whole.values()].map(points => points.length));
  }

  /** When the first point was made, in seconds since 1970. */
  get start(): number {
    return Math.min(...[...this.whole.values()].map(points => points.at[0] ?? Infinity));
  }

  /** Where points stand on the horizontal axis. */
  x(points: Points, axis: Axis): number[] {
    const start = this.start;
    switch (axis) {
      case "tokens":
        return points.tokens;
      case "time":
        return points.at.map(at => at - start);
      case "iteration":
        return this.inIterations(points);
      default:
        return points.step;
    }
  }

  /** Where a position on the axis lies in steps: the last point at or before it, or the first one at or after. */
  stepAt(position: number, axis: Axis, after: boolean): number | undefined {
    const points = this.whole.get("loss");
    if (!points) return undefined;
    const xs = this.x(points, axis);
    const index = after ? xs.findIndex(x => x >= position) : xs.findLastIndex(x => x <= position);
    return points.step[index < 0 ? (after ? xs.length - 1 : 0) : index];
  }

  /** The newest step of all. */
  get last(): number {
    return Math.max(0, ...[...this.whole.values()].map(points => points.step[points.length - 1] ?? 0));
  }

  /** 1.5 is the middle of iteration 1. An iteration that is not over is as long as planned, else as the one before. */
  private inIterations(points: Points): number[] {
    const last = this.last;
    const spans = new Map([...this.starts].map(([iteration, first]) => {
      const next = this.starts.get(iteration + 1);
      const before = this.starts.get(iteration - 1);
      const length = next !== undefined ? next - first : Math.max(this.planned, before === undefined ? 0 : first - before, last - first + 1);
      return [iteration, { first, length: Math.max(1, length) }];
    }));
    return points.step.map((step, i) => {
      const iteration = points.iteration[i] ?? 0;
      const span = spans.get(iteration);
      return span ? iteration + (step - span.first) / span.length : iteration;
    });
  }
}
