import { HubConnectionBuilder, HubConnectionState, LogLevel, type HubConnection } from "@microsoft/signalr";

/** A journal event; what it holds depends on its kind. See docs/run-folder.md. */
export interface JournalEvent {
  seq: number;
  at: string;
  kind: string;
  [field: string]: unknown;
}

export interface MetricsEvent extends JournalEvent {
  kind: "metrics";
  iteration: number;
  step: number;
  global_step: number;
  tokens: number;
  values: Record<string, number | null>;
}

export function isMetrics(event: JournalEvent): event is MetricsEvent {
  return event.kind === "metrics";
}

export interface RunState {
  id: string;
  status: string;
  current_iteration: number | null;
  phase: string | null;
  phase_total: number;
}

export type Connection = "connecting" | "live" | "lost";

/** One connection for everything on the page, opened with the first listener and closed with the last. */
const listeners = new Map<string, RunListener>();
let hub: HubConnection | null = null;

function open(): HubConnection {
  const connection = new HubConnectionBuilder()
    .withUrl("/hubs/runs")
    .withAutomaticReconnect({ nextRetryDelayInMilliseconds: context => pause(context.previousRetryCount) })
    .configureLogging(LogLevel.Error)
    .build();
  connection.on("Events", (id: string, run: RunState, events: JournalEvent[]) => listeners.get(id)?.hear(run, events));
  connection.onreconnecting(() => listeners.forEach(listener => listener.onConnection("lost")));
  connection.onreconnected(() => listeners.forEach(listener => void listener.join()));
  void start(connection);
  return connection;
}

async function start(connection: HubConnection): Promise<void> {
  for (let attempt = 0; connection === hub || hub === null; attempt++) {
    try {
      await connection.start();
      listeners.forEach(listener => void listener.join());
      return;
    } catch {
      // The server is away, perhaps restarting: that is what the waiting is for.
      listeners.forEach(listener => listener.onConnection("lost"));
      await new Promise(resolve => setTimeout(resolve, pause(attempt)));
    }
  }
}

function pause(attempts: number): number {
  return Math.min(10000, 500 * 2 ** Math.min(attempts, 5));
}

/**
 * Hears a run from a sequence number on, each event once and in order. A lost connection is taken up again for as long as the page is open,
 * from the last event that arrived.
 */
export class RunListener {
  private joining = false;

  constructor(
    private readonly runId: string,
    private lastSeq: number,
    private readonly onEvents: (events: JournalEvent[], run: RunState) => void,
    readonly onConnection: (state: Connection) => void,
  ) {}

  start(): void {
    listeners.set(this.runId, this);
    this.onConnection("connecting");
    if (!hub) hub = open();
    else if (hub.state === HubConnectionState.Connected) void this.join();
  }

  stop(): void {
    if (listeners.get(this.runId) !== this) return;
    listeners.delete(this.runId);
    if (listeners.size === 0) {
      void hub?.stop();
      hub = null;
    } else if (hub?.state === HubConnectionState.Connected) {
      void hub.invoke("Leave", this.runId).catch(() => this.onConnection("lost"));
    }
  }

  /** Asks for everything after the last event that arrived. */
  async join(): Promise<void> {
    if (this.joining || listeners.get(this.runId) !== this) return;
    this.joining = true;
    try {
      await hub?.invoke("Join", this.runId, this.lastSeq);
      this.onConnection("live");
    } catch {
      // Lost in the middle of joining; the reconnection joins again.
      this.onConnection("lost");
    } finally {
      this.joining = false;
    }
  }

  hear(run: RunState, events: JournalEvent[]): void {
    const fresh = events.filter(event => event.seq > this.lastSeq);
    const [first] = fresh;
    const last = fresh[fresh.length - 1];
    if (first && first.seq > this.lastSeq + 1) {
      // Sequence numbers have no gaps: something between was lost, so it is asked for again.
      void this.join();
      return;
    }
    if (last) this.lastSeq = last.seq;
    this.onEvents(fresh, run);
  }
}
