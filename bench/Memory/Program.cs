// Time and peak memory of one training step (forward, loss, backward; no update) of a decoder of hidden 512, 8 layers, 8 heads on 4 key-value heads and feed-forward 1408,
// on 20 pairs of a prompt and two answers of 128 tokens each: with all logits, with logits in chunks, with layers computed twice, and with low-rank adapters.
//   dotnet run -c Release --project bench/Memory [rounds] [bf16|fp32]
// Each row is a process of its own; the rows run in turn, round by round. Peak is the largest resident set beyond what the process had before the first step.

using System.Diagnostics;
using System.Globalization;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

const int Pairs = 20, Length = 128;
string[] ways = ["all logits", "chunks", "chunks, checkpointing", "chunks, LoRA", "chunks, LoRA, checkpointing"];
if (args is ["step", var way, var size, var type])
{
    Step(way, int.Parse(size, CultureInfo.InvariantCulture), type == "bf16" ? Precision.Bf16 : Precision.Fp32);
    return;
}

var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 3;
Console.WriteLine($"libtorch {torch.version}, {Environment.ProcessorCount} threads, median of {rounds} rounds\n");
Console.WriteLine("| vocabulary | type | | ms a step | peak MB | estimated MB |");
Console.WriteLine("|---:|---|---|---:|---:|---:|");
var dtype = args.Length > 1 ? args[1] : "bf16";
foreach (var vocabulary in new[] { 8192, 49152 })
{
    var results = ways.ToDictionary(name => name, _ => new List<double[]>());
    for (var round = 0; round < rounds; round++)
    {
        foreach (var name in ways)
            results[name].Add(Child(name, vocabulary, dtype));
    }
    foreach (var (name, values) in results)
        Console.WriteLine($"| {vocabulary} | {dtype} | {name} | {Median(values, 0):F0} | {Median(values, 1):F0} | {values[0][2]:F0} |");
}

static double Median(List<double[]> values, int index) => values.Select(value => value[index]).Order().ElementAt(values.Count / 2);

static double[] Child(string way, int vocabulary, string dtype)
{
    var start = new ProcessStartInfo(Environment.ProcessPath!, ["step", way, vocabulary.ToString(CultureInfo.InvariantCulture), dtype]) { RedirectStandardOutput = true };
    start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
    using var process = Process.Start(start)!;
    var line = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return [.. line.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
}

static void Step(string way, int vocabulary, Precision precision)
{
    torch.set_num_threads(Environment.ProcessorCount);
    var config = new ModelConfig { VocabSize = vocabulary, HiddenSize = 512, IntermediateSize = 1408, Layers = 8, Heads = 8, KeyValueHeads = 4, HeadDim = 64, TieWordEmbeddings = true };
    var run = new RunConfig
    {
        Model = "", Dataset = "", Dtype = precision, MicroBatchSize = Pairs, GradientCheckpointing = way.Contains("checkpointing", StringComparison.Ordinal),
        Lora = new LoraConfig { Rank = way.Contains("LoRA", StringComparison.Ordinal) ? 16 : 0 },
    };
    using var model = new LlamaModel(config, precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32, run.Lora) { GradientCheckpointing = run.GradientCheckpointing };
    LlamaModelFiles.Randomise(model, RandomStream.From(1));
    model.Adapters?.Randomise(RandomStream.From(2));
    model.Trained.RequireGradients().add_(1).zero_(); // touched, so that its pages count as there

    var packed = new PackedSequences();
    var (predictors, targets) = (new List<long>(), new List<long>());
    var ids = Enumerable.Range(0, Length).Select(i => i * 37 % vocabulary).ToArray();
    for (var pair = 0; pair < Pairs; pair++)
    {
        var prompt = packed.Add(ids);
        for (var answer = 0; answer < 2; answer++)
        {
            var first = packed.Offsets[packed.Add(ids, prompt)];
            predictors.AddRange(Enumerable.Range(0, Length).Select(t => first + t));
            targets.AddRange(ids.Select(id => (long)id));
        }
    }

    var before = Memory("VmRSS:");
    var times = new List<double>();
    for (var i = 0; i < 2; i++)
    {
        using var scope = torch.NewDisposeScope();
        var watch = Stopwatch.StartNew();
        var hidden = model.Forward(packed).index_select(0, torch.tensor([.. predictors]));
        var expected = torch.tensor([.. targets]);
        var logProbs = way == "all logits" ? torch.nn.functional.token_log_prob(model.Logits(hidden), expected) : model.LogProbs(hidden, expected);
        model.Backward(-logProbs.mean());
        times.Add(watch.Elapsed.TotalMilliseconds);
    }
    var estimated = MemoryEstimate.OfMicroBatch(config, run, packed.Ids.Count, predictors.Count) / 1e6;
    Console.Write(string.Create(CultureInfo.InvariantCulture, $"{times.Skip(1).Min()} {(Memory("VmHWM:") - before) / 1e6} {estimated}"));
}

static double Memory(string field) =>
    double.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(field, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
