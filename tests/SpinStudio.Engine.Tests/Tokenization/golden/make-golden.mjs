// Writes golden.json: ids that @huggingface/tokenizers gives for many texts, under each variant of the tokenizer that lies beside this script.
//
//   npm install --no-save @huggingface/tokenizers@0.2.0 && node make-golden.mjs
//
// With folders of real tokenizers as arguments it writes golden.json into each of those instead.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Tokenizer } from "@huggingface/tokenizers";

const here = fileURLToPath(new URL(".", import.meta.url));
const readJson = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));

let state = 20240101;
const random = (n) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};

const words = readFileSync(join(here, "corpus.txt"), "utf8").split(/(?<=\s)/u);
// Assigned letters, marks, digits, signs and blanks; not U+0085 and U+FEFF, which JavaScript's \s classes differently from the Rust original's.
const ranges = [[0x20, 0x7e], [0x09, 0x0d], [0xa0, 0x17f], [0x300, 0x341], [0x391, 0x3a1], [0x410, 0x44f], [0x5d0, 0x5ea], [0x660, 0x669], [0x905, 0x939],
  [0x1e00, 0x1eff], [0x2000, 0x200a], [0x2028, 0x2029], [0x2150, 0x2188], [0x3041, 0x3096], [0x4e00, 0x4eff], [0xac00, 0xad00], [0x1100, 0x1112], [0x1161, 0x1175],
  [0x11a8, 0x11c2], [0xf900, 0xf910], [0x10400, 0x1044f], [0x1d400, 0x1d454], [0x1d7ce, 0x1d7ff], [0x1f600, 0x1f64f], [0x20000, 0x20020]];
const odd = ["\n", "\n\n", "\r\n", "  ", "   ", "\t", "'s", "'LL", "'Re", "<|im_end|>", "<|im_start|>", " <|im_end|> ", "<|im_", "123456", "e\u0301", "\u212B", "\u2126", "ǅ", "½"];

const character = () => {
  const [first, last] = ranges[random(ranges.length)];
  return String.fromCodePoint(first + random(last - first + 1));
};
const piece = () => [() => words[random(words.length)], character, () => odd[random(odd.length)]][random(3)]();
const text = () => Array.from({ length: 1 + random(12) }, piece).join("");

const fixed = ["", " ", "a", "\n", "Hello world", " Hello", "don't DON'T we'Ll", "x = 10000;\n\n\n  y", "trailing   ", "a\u00a0b\u2003c", "\u1112\u1161\u11ab", "A\u030a\u0323", "𐐀𐐁 𝒜 𝟘𝟙"];
const texts = [...fixed, ...Array.from({ length: 400 }, text)];
// Its Digits pre-tokenizer knows 0-9 alone, unlike the Rust original: such texts get null there.
const foreignDigits = /(?![0-9])\p{N}/u;
const usesDigits = (json) => JSON.stringify(json.pre_tokenizer).includes('"Digits"');
const encode = (json, config) => {
  const tokenizer = new Tokenizer(json, config);
  return texts.map((one) => (usesDigits(json) && foreignDigits.test(one) ? null : tokenizer.encode(one, { add_special_tokens: false }).ids));
};
const save = (folder, content) =>
  writeFileSync(join(folder, "golden.json"), "{\n" + Object.entries(content).map(([key, list]) => `"${key}": [\n${list.map((item) => JSON.stringify(item)).join(",\n")}\n]`).join(",\n") + "\n}\n");

if (process.argv.length > 2) {
  for (const folder of process.argv.slice(2))
    save(folder, { texts, as_is: encode(readJson(folder, "tokenizer.json"), readJson(folder, "tokenizer_config.json")) });
} else {
  const base = readJson(here, "tokenizer.json");
  const config = readJson(here, "tokenizer_config.json");
  const golden = { texts };
  for (const [name, { normalizer, pre_tokenizer, ignore_merges }] of Object.entries(readJson(here, "variants.json")))
    golden[name] = encode({ ...base, normalizer, pre_tokenizer, model: { ...base.model, ignore_merges } }, config);
  save(here, golden);
}
