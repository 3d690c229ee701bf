// Follows a run until it ends. Needs Node.js 20 or later and the package @microsoft/signalr.
//
//   node follow-run.mjs http://localhost:5080 spin_… RUN-ID [LAST-SEQ]
import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";

const [studio, token, run, from = "0"] = process.argv.slice(2);
let lastSeq = Number(from);

const hub = new HubConnectionBuilder()
  .withUrl(`${studio}/hubs/runs`, { accessTokenFactory: () => token, transport: HttpTransportType.WebSockets, skipNegotiation: true })
  .withAutomaticReconnect()
  .configureLogging(LogLevel.Error)
  .build();

// Events come in the order of their sequence numbers, none missing, none twice.
const ended = new Promise(resolve => {
  hub.on("Events", (id, summary, events) => {
    for (const event of events) {
      lastSeq = event.seq;
      if (event.kind === "metrics") console.log(`step ${event.global_step}: loss ${event.values.loss}`);
    }
    console.log(`${summary.name}: ${summary.status}, at event ${lastSeq}`);
    if (["completed", "failed", "stopped"].includes(summary.status)) resolve(summary);
  });
});

// A new connection knows nothing of the old one: join again from where you are.
hub.onreconnected(() => hub.invoke("Join", run, lastSeq));

await hub.start();
await hub.invoke("Join", run, lastSeq);
const summary = await ended;
await hub.stop();
process.exitCode = summary.status === "completed" ? 0 : 1;
