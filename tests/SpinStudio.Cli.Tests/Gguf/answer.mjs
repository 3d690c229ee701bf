// Loads a GGUF file with llama.cpp and writes, for each prompt, its token ids and those of the greedy answer.
//
//   node answer.mjs MODEL.gguf PROMPTS.json MAX_TOKENS ANSWERS.json     (PROMPTS: a list of texts with control tokens written out)
import { readFileSync, writeFileSync } from "node:fs";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

const [modelPath, promptsPath, maxTokens, answersPath] = process.argv.slice(2);
const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error, progressLogs: false });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: 512, threads: 1 });
const sequence = context.getSequence();

const answers = [];
for (const text of JSON.parse(readFileSync(promptsPath, "utf8"))) {
  const prompt = model.tokenize(text, true);
  await sequence.clearHistory();
  const answer = [];
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    answer.push(token);
    if (model.isEogToken(token) || answer.length >= Number(maxTokens)) break;
  }
  answers.push({ prompt, answer });
}
writeFileSync(answersPath, JSON.stringify({ template: model.fileInfo.metadata.tokenizer.chat_template, fileType: model.fileInfo.metadata.general.file_type, answers }));
process.exit(0);
