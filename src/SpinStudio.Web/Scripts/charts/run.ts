import { get } from "../shared/api";
import { isMetrics, RunListener, type Connection, type JournalEvent, type MetricsEvent, type RunState } from "../shared/live";
import { Metrics, type Axis, type SeriesDto } from "./series";

interface Loaded {
  last_seq: number;
  iterations: { iteration: number; first_step: number }[];
  series: SeriesDto[];
}

/** Points of a whole curve: more than a chart has pixels. The page names the same address to load it beside the scripts. */
const wholeCurve = 600;

/** Live points that one curve may gather beyond what the server sent before the server thins them again. */
const mostLive = 1000;

/** The curves of one run: loaded, followed live, thinned by the server as they grow, and loaded finer where somebody looks closer. */
export class RunCurves {
  readonly metrics = new Metrics();
  connection: Connection = "connecting";
  status = "";
  /** False until the curves were loaded. */
  ready = false;
  private listener: RunListener | null = null;
  private late: MetricsEvent[] = [];
  private reloading = false;
  private thinned = false;
  private sizeLoaded = 0;
  private zoomed = 0;
  private stopped = false;

  constructor(
    readonly id: string,
    private readonly onChange: () => void,
  ) {}

  async start(): Promise<void> {
    let lastSeq = 0;
    try {
      lastSeq = await this.load();
    } catch {
      // The hub replays the whole journal instead.
    }
    if (this.stopped) return;
    this.ready = true;
    this.onChange();
    this.listener = new RunListener(this.id, lastSeq, (events, run) => this.hear(events, run), state => {
      this.connection = state;
      this.onChange();
    });
    this.listener.start();
  }

  stop(): void {
    this.stopped = true;
    this.listener?.stop();
  }

  /** Loads the part between two positions of the axis in full resolution; null: the whole again. True when something changed. */
  async look(range: { from: number; to: number } | null, axis: Axis): Promise<boolean> {
    const wanted = ++this.zoomed;
    if (!range || !this.thinned) {
      this.metrics.zoom(null);
      return this.thinned;
    }
    const from = this.metrics.stepAt(range.from, axis, false);
    const to = this.metrics.stepAt(range.to, axis, true);
    if (from === undefined || to === undefined) return false;
    const part = await get<Loaded>(`/api/v1/runs/${this.id}/metrics?from=${from}&to=${to}`);
    if (wanted !== this.zoomed) return false;
    this.metrics.zoom(part.series);
    return true;
  }

  private async load(): Promise<number> {
    const loaded = await get<Loaded>(`/api/v1/runs/${this.id}/metrics?max_points=${wholeCurve}`);
    this.metrics.load(loaded.iterations, loaded.series);
    this.thinned = loaded.series.some(series => series.mean !== undefined);
    this.sizeLoaded = this.metrics.size;
    return loaded.last_seq;
  }

  private hear(events: JournalEvent[], run: RunState): void {
    this.status = run.status;
    this.metrics.planned = run.phase === "train" ? run.phase_total : this.metrics.planned;
    for (const event of events.filter(isMetrics)) {
      this.metrics.hear(event);
      if (this.reloading) this.late.push(event);
    }
    if (this.metrics.size > this.sizeLoaded + mostLive && !this.reloading) void this.thin();
    this.onChange();
  }

  /** What was heard while the server answered is taken in again: what the answer holds already is not doubled. */
  private async thin(): Promise<void> {
    this.reloading = true;
    try {
      await this.load();
      this.late.forEach(event => this.metrics.hear(event));
      this.onChange();
    } catch {
      // The server is away: the curves go on with more points than needed, and this is tried again with the next one.
      this.sizeLoaded += mostLive;
    } finally {
      this.late = [];
      this.reloading = false;
    }
  }
}
