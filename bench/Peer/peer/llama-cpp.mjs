// llama.cpp's side of ./studio bench peer generate: one command a line as JSON, one answer a line; see Worker.cs for the commands.
//   node llama-cpp.mjs FOLDER NPM_FOLDER      (NPM_FOLDER: where node-llama-cpp is installed)
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [folder, npm] = process.argv.slice(2);
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(join(npm, "node_modules", "node-llama-cpp", "dist", "index.js")).href);
const pairs = JSON.parse(readFileSync(join(folder, "pairs.json"), "utf8"));
let sequences = [];

const commands = {
  // As many sequences as are decoded together, each with room for the longest prompt and answer.
  async open({ gguf, threads, batch, context }) {
    const llama = await getLlama({ gpu: false, build: "never", maxThreads: threads, logLevel: LlamaLogLevel.error, progressLogs: false });
    const model = await llama.loadModel({ modelPath: gguf });
    const created = await model.createContext({ contextSize: context, sequences: batch, batchSize: 512, threads, flashAttention: true });
    sequences = Array.from({ length: batch }, () => created.getSequence());
    return {};
  },

  // Every sequence takes the next prompt as soon as its answer ends.
  async generate({ prompts, max_new, stop }) {
    const stops = new Set(stop), lengths = new Array(prompts.length);
    let next = 0;
    await Promise.all(sequences.map(async (sequence) => {
      for (let i = next++; i < prompts.length; i = next++) {
        await sequence.clearHistory();
        let length = 0;
        for await (const token of sequence.evaluate(pairs[prompts[i]].prompt, { temperature: 1, topK: 0, topP: 1, minP: 0, yieldEogToken: true })) {
          length++;
          if (stops.has(token) || length >= max_new) break;
        }
        lengths[i] = length;
      }
    }));
    return { lengths };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: command, ...rest } = JSON.parse(line);
  const started = performance.now();
  const answer = await commands[command](rest);
  console.log(JSON.stringify({ ...answer, seconds: (performance.now() - started) / 1000 }));
}
process.exit(0);
