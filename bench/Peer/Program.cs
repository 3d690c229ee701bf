// The engine beside what one would pick instead, on one machine in one run: ./studio bench peer [train|generate|iteration|limit|growth] [--quick]
// Both sides are processes that work in turn; the tables that are measured replace those in docs/benchmarks/peer.md (with --quick they are only printed).

using SpinStudio.Bench.Peer;

if (args is ["worker", var folder])
{
    using var worker = new Worker(folder);
    worker.Run();
    return 0;
}

var parts = new Dictionary<string, Func<Setting, Section>>
{
    ["train-bf16"] = setting => TrainingComparison.Measure(setting, "bf16"),
    ["train-fp32"] = setting => TrainingComparison.Measure(setting, "fp32"),
    ["generate-pytorch"] = GenerationComparison.AgainstPyTorch,
    ["generate-llama"] = GenerationComparison.AgainstLlamaCpp,
    ["iteration"] = IterationComparison.Measure,
    ["limit"] = Limit.Measure,
    ["growth"] = Growth.Measure,
};
var quick = args.Contains("--quick");
string[] wanted = [.. args.Where(arg => arg != "--quick")];
if (wanted.FirstOrDefault(name => !parts.Keys.Any(part => Names(name, part))) is { } unknown)
{
    Console.Error.WriteLine($"bench peer: there is no part '{unknown}'. Parts are {string.Join(", ", parts.Keys)}; without one, all are measured. --quick takes seconds, on small sizes.");
    return 2;
}

foreach (var part in parts.Where(part => wanted.Length == 0 || wanted.Any(name => Names(name, part.Key))))
{
    using var setting = new Setting(quick);
    var section = part.Value(setting);
    Console.WriteLine(section.Text);
    if (!quick) Report.Put(Repository.Report, section);
}
return 0;

// "train" names both "train-bf16" and "train-fp32".
static bool Names(string name, string part) => part == name || part.StartsWith(name + "-", StringComparison.Ordinal);
