// Texts to tokenize: the same at every run.

export function makeRandom(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const fixed = ["", " ", "  ", "a", "\n", "\r\n", "\t", "\u3000", "Hello world", " Hello", "Hello ", "don't DON'T we'Ll y'all'd've", "x = 10000;\n\n\n  y", "trailing   ", "a\u00a0b\u2003c",
  "\u1112\u1161\u11ab", "A\u030a\u0323", "𐐀𐐁 𝒜 𝟘𝟙", "e\u0301\u0302", "\u212b\u2126\u212a", "1234567890", "3.14159e-10", "▁▁ ▁a", "<0x41>", "<0xE2><0x96>", "Ġhello", "½⅓Ⅷ²", "ſtraße 'ſ I'ſ"];

const words = ("the of and to in is that for it with as was on be at by this have from or one had not but what all were when we there can an your which their said if do will each about how up out them "
  + "then she many some so these would other into has more her two like him see time could no make than first been its who now people my made over did down only way find use may water long little very "
  + "Straße naïve café coöperate façade Zürich œuvre İstanbul ǅ ﬁne наука привет мир Ελλάδα λόγος שלום עולם مرحبا بالعالم हिन्दी भाषा বাংলা ภาษาไทย 日本語 ひらがな カタカナ 中文字符 漢語 한국어 말하다 አማርኛ ქართული Հայերեն ᏣᎳᎩ "
  + "don't I'm we'll they've he'd it's O'Reilly rock'n'roll 1st 2nd 42 1,000,000 3.14 0xFF 1e-9 user@example.org https://example.org/a?b=c#d C++ C# .NET node.js snake_case camelCase kebab-case __init__").split(" ");

const code = ["def f(x: int) -> str:\n    return f\"{x!r}\"\n", "for (int i = 0; i < n; ++i) {\n\t\ta[i] += b[i] * 2;\n\t}\n", "SELECT * FROM t WHERE a >= 'x' AND b <> \"y\";\n", "<div class=\"a b\">&nbsp;</div>\n",
  "#include <stdio.h>\r\nint main() { return 0; }\r\n", "{\"key\": [1, 2.5, null, true], \"nested\": {\"a\": \"\\n\"}}", "$ ls -la | grep '^d' && echo \"done\"\n", "\\begin{align}\n  x^2 &= y_1 \\\\\n\\end{align}", "var x=a?.b??c=>{};//~`!@#$%^&*()"];

const emoji = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "❤️", "☺", "🧑🏻‍💻", "1️⃣", "🐻", "🫠", "🪿"];
const blanks = [" ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "\t\t", " \n", "\n ", "        ", "\u00a0", "\u2003", "\u3000", "\u200b", "\v", "\f"];
const odd = ["'s", "'LL", "'Re", "'", "’s", "...", "!?", "--", "——", "▁", "▁▁", "Ġ", "<s>", "</s>", "<|im_end|>", "<|im_", "<0x0A>", "\u0000", "\u0007", "\u007f", "\u00ad", "\ufffd", "\ue000", "\u{10ffff}", "\u0301", "\u200d", "\ufe0f", "\u202e", "'ſ"];

const ranges = [[0x20, 0x7e], [0x21, 0x2f], [0x30, 0x39], [0xa0, 0x17f], [0x180, 0x24f], [0x250, 0x2ff], [0x300, 0x36f], [0x370, 0x3ff], [0x400, 0x4ff], [0x531, 0x58f], [0x591, 0x5f4], [0x600, 0x6ff],
  [0x900, 0x97f], [0x980, 0x9fe], [0xb80, 0xbfa], [0xe01, 0xe5b], [0xf00, 0xfda], [0x10a0, 0x10ff], [0x1100, 0x11ff], [0x1200, 0x139f], [0x13a0, 0x13fd], [0x1780, 0x17f9], [0x1e00, 0x1fff],
  [0x2000, 0x206f], [0x2070, 0x20bf], [0x2100, 0x218b], [0x2190, 0x23ff], [0x2460, 0x27bf], [0x2800, 0x2bff], [0x3000, 0x30ff], [0x3105, 0x318e], [0x4e00, 0x9fff], [0xa000, 0xa4c6], [0xac00, 0xd7a3],
  [0xf900, 0xfaff], [0xfb00, 0xfdff], [0xfe00, 0xfe6f], [0xff00, 0xffee], [0x10000, 0x101ff], [0x10330, 0x1044f], [0x12000, 0x12399], [0x1d100, 0x1d7ff], [0x1f000, 0x1faff], [0x20000, 0x2a6df], [0x2f800, 0x2fa1d],
  [0xe0100, 0xe01ef], [0xf0000, 0xf00ff], [0x100, 0xffff], [0x10000, 0x2ffff]];

/** A character that this machine's Unicode knows: what a newer version assigns is another implementation's letter and ours not yet, or the reverse. */
function character(random) {
  for (;;) {
    const [first, last] = ranges[random(ranges.length)];
    const c = first + random(last - first + 1);
    if (c >= 0xd800 && c <= 0xdfff) continue;
    const text = String.fromCodePoint(c);
    if (!/\p{Cn}/u.test(text)) return text;
  }
}

const repeat = (random, most, make) => Array.from({ length: 1 + random(most) }, make).join("");
const pick = (random, list) => list[random(list.length)];

function makeText(random, tokens) {
  const sources = [
    () => pick(random, words), () => pick(random, words) + " ", () => " " + pick(random, words), () => character(random), () => pick(random, blanks), () => pick(random, odd), () => pick(random, emoji),
    () => pick(random, code), () => String(random(10 ** (1 + random(9)))), () => pick(random, blanks).repeat(1 + random(6)), () => pick(random, ["=", "-", "a", "ha", "0", "✓", "\n"]).repeat(1 + random(40)),
  ];
  if (tokens.length > 0) {
    const token = () => pick(random, tokens);
    sources.push(token, token, () => " " + token() + " ", () => token() + token(), () => token().slice(1 + random(2)), () => token().slice(0, -1), () => pick(random, words) + token() + pick(random, words), () => pick(random, blanks) + token());
  }
  const [kind] = [random(6)];
  if (kind === 0) return repeat(random, 30, () => character(random));
  if (kind === 1) return repeat(random, 40, () => pick(random, words) + pick(random, [" ", " ", " ", ", ", ". ", "\n"]));
  if (kind === 2) return repeat(random, 4, () => pick(random, code) + pick(random, blanks));
  return repeat(random, 14, () => pick(random, sources)());
}

/** @param tokens Added tokens to put in odd places; may be empty. */
export function makeTexts(count, seed, tokens) {
  const random = makeRandom(seed);
  return [...fixed, ...Array.from({ length: count - fixed.length }, (_, i) => makeText(random, i % 3 === 0 ? tokens : []))];
}

/** Ids that no text gives: torn characters, control tokens inside words. */
export function makeIds(count, seed, ids) {
  const random = makeRandom(seed);
  return Array.from({ length: count }, () => Array.from({ length: 1 + random(12) }, () => (random(4) === 0 ? pick(random, ids.slice(0, 300)) : pick(random, ids))));
}
