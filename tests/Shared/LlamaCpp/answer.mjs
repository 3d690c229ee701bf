// Loads a GGUF file with llama.cpp and writes, for each prompt, its token ids, those of the greedy answer, and the log-prob of each of these.
//
//   node answer.mjs MODEL.gguf PROMPTS.json MAX_TOKENS ANSWERS.json     (PROMPTS: a list of texts with control tokens written out; with 0 tokens they are cut into tokens only)
import { readFileSync, writeFileSync } from "node:fs";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

const [modelPath, promptsPath, maxTokens, answersPath] = process.argv.slice(2);
const prompts = JSON.parse(readFileSync(promptsPath, "utf8"));
const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error, progressLogs: false });
const model = await llama.loadModel({ modelPath });
const answers = Number(maxTokens) > 0 ? await answer() : prompts.map((text) => ({ prompt: model.tokenize(text, true), answer: [], logProbs: [] }));
const { tokenizer, general } = model.fileInfo.metadata;
writeFileSync(answersPath, JSON.stringify({ template: tokenizer.chat_template, fileType: general.file_type, architecture: general.architecture, answers }));
process.exit(0);

async function answer() {
  // Its usual attention and cache, in f16, would tell log-probs to two digits only.
  const context = await model.createContext({ contextSize: 512, threads: 1, flashAttention: false, experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32" });
  const sequence = context.getSequence();
  const all = [];
  for (const text of prompts) {
    const prompt = model.tokenize(text, true);
    await sequence.clearHistory();
    const answer = [];
    for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
      answer.push(token);
      if (model.isEogToken(token) || answer.length >= Number(maxTokens)) break;
    }
    all.push({ prompt, answer, logProbs: await logProbs(sequence, prompt, answer) });
  }
  return all;
}

/** Of an answer's tokens, each after those before it: the logit, less the largest one and the logarithm of what all weigh beside it. */
async function logProbs(sequence, prompt, answer) {
  await sequence.clearHistory();
  const options = { temperature: 1, topK: 0, topP: 1, minP: 0 };
  const asked = (next) => ({ generateNext: { logits: { filter: { tokens: [next], includeMax: true } }, totalLogitWeight: true, options } });
  const input = [...prompt.slice(0, -1), ...[prompt.at(-1), ...answer.slice(0, -1)].map((token, i) => [token, asked(answer[i])])];
  const told = (await sequence.controlledEvaluate(input)).filter((item) => item?.next?.logits);
  return told.map(({ next }, i) => next.logits.get(answer[i]) - Math.max(...next.logits.values()) - Math.log(next.totalLogitWeight));
}
