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
}

export type Connection = "connecting" | "live" | "lost";

/**
 * Hears a run from a sequence number on, each event once and in order. A lost connection is taken up again for as long as the page is open,
 * from the last event that arrived.
 */
export class RunListener {
  private readonly hub: HubConnection;
  private stopped = false;

  constructor(
    private readonly runId: string,
    private lastSeq: number,
    private readonly onEvents: (events: JournalEvent[], run: RunState) => void,
    private readonly onConnection: (state: Connection) => void,
  ) {
    this.hub = new HubConnectionBuilder()
      .withUrl("/hubs/runs")
      .withAutomaticReconnect({ nextRetryDelayInMilliseconds: context => Math.min(10000, 500 * 2 ** Math.min(context.previousRetryCount, 5)) })
      .configureLogging(LogLevel.Error)
      .build();
    this.hub.on("Events", (id: string, run: RunState, events: JournalEvent[]) => this.hear(id, run, events));
    this.hub.onreconnecting(() => this.onConnection("lost"));
    this.hub.onreconnected(() => void this.join());
  }

  async start(): Promise<void> {
    this.onConnection("connecting");
    for (let attempt = 0; !this.stopped; attempt++) {
      try {
        await this.hub.start();
        await this.join();
        return;
      } catch {
        // The server is away, perhaps restarting: that is what the waiting is for.
        this.onConnection("lost");
        await new Promise(resolve => setTimeout(resolve, Math.min(10000, 500 * 2 ** Math.min(attempt, 5))));
      }
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.hub.state !== HubConnectionState.Disconnected) await this.hub.stop();
  }

  private async join(): Promise<void> {
    await this.hub.invoke("Join", this.runId, this.lastSeq);
    this.onConnection("live");
  }

  private hear(id: string, run: RunState, events: JournalEvent[]): void {
    if (id !== this.runId) return;
    const fresh = events.filter(event => event.seq > this.lastSeq);
    const last = fresh[fresh.length - 1];
    if (last) this.lastSeq = last.seq;
    this.onEvents(fresh, run);
  }
}
