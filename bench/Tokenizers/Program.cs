// How fast real tokenizers encode and decode, in megabytes of UTF-8 a second on one thread.
//   dotnet run -c Release --project bench/Tokenizers [folder …]
// A folder holds a tokenizer.json; without one, those that the parity tests have fetched are taken. The texts are this repository's prose and code, and the parity
// tests' strings of all scripts laid end to end. "first" is a tokenizer that has seen nothing yet; "again" finds the words that it knows in its cache.

using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Tokenization;

const string Fetched = "artifacts/tokenizers/out";
string[] folders = args.Length > 0 ? args : [.. Directory.GetFiles(Fetched, "*.jsonl").Where(file => new FileInfo(file).Length > 2 << 20).Order(StringComparer.Ordinal).Select(file => Path.ChangeExtension(file, null))];
(string Name, string[] Texts)[] corpora =
[
    ("prose and code", [.. ((string[])["docs", "src", "tests"]).SelectMany(root => Directory.GetFiles(root, "*.*", SearchOption.AllDirectories)).Where(file => Path.GetExtension(file) is ".md" or ".cs" or ".cpp").Order(StringComparer.Ordinal).Select(File.ReadAllText)]),
    ("all scripts", [.. Directory.GetFiles(Fetched, "llama3_1.jsonl").SelectMany(File.ReadLines).Skip(1).Take(10_000).Select(line => TextOf(line)).Chunk(20).Select(part => string.Concat(part))]),
];
Console.WriteLine("| tokenizer | text | MB | tokens | first, MB/s | again, MB/s | decode, MB/s |");
Console.WriteLine("|---|---|---:|---:|---:|---:|---:|");
foreach (var folder in folders)
{
    Tokenizer.Load(folder).Encode("The machine warms up: 123 words, and «другие» 言葉。");
    foreach (var (name, texts) in corpora)
    {
        var tokenizer = Tokenizer.Load(folder);
        var megabytes = texts.Sum(Encoding.UTF8.GetByteCount) / 1e6;
        var ids = new List<int[]>();
        var first = Seconds(() => ids.AddRange(texts.Select(text => tokenizer.Encode(text))));
        var again = Seconds(() => { foreach (var text in texts) tokenizer.Encode(text); });
        var decode = Seconds(() => { foreach (var one in ids) tokenizer.Decode(one); });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {Path.GetFileName(folder)} | {name} | {megabytes:F2} | {ids.Sum(one => one.Length)} | {megabytes / first:F1} | {megabytes / again:F1} | {megabytes / decode:F1} |"));
    }
}

static string TextOf(string line) => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!;

static double Seconds(Action work)
{
    var watch = Stopwatch.StartNew();
    work();
    return watch.Elapsed.TotalSeconds;
}
