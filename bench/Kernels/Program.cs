// Each native kernel beside the same computation in plain libtorch operators, at the sizes of a small Llama-style decoder (hidden 256, 8 heads on 4
// key-value heads of width 32, feed-forward 704, vocabulary 4096): training on 16 x 100 tokens, decoding 64 slots.
//   dotnet run -c Release --project bench/Kernels [threads] [rounds]
// Both sides run in turn in this process; the table gives the median of the rounds in microseconds, and how many times faster the kernel is.

using System.Diagnostics;
using System.Globalization;
using SpinStudio.Torch;
using F = SpinStudio.Torch.torch.nn.functional;

var threads = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 40;
torch.set_num_threads(threads);
torch.manual_seed(1);
var info = torch.backend_info();
Console.WriteLine($"libtorch {info.TorchVersion}, {info.Blas}, {info.CpuModel}, {threads} threads, {rounds} rounds\n");
Console.WriteLine("| what | type | plain µs | kernel µs | ratio |");
Console.WriteLine("|---|---|---:|---:|---:|");

const int Tokens = 1600, Sequence = 100, Hidden = 256, FeedForward = 704, Heads = 8, KvHeads = 4, Width = 32, Vocabulary = 4096, Slots = 64, Capacity = 160;
using var everything = torch.NewDisposeScope();
var positions = torch.arange(Sequence).repeat(Tokens / Sequence);
var offsets = Enumerable.Range(0, Tokens / Sequence + 1).Select(i => (long)i * Sequence).ToArray();
var angles = torch.arange(Capacity, torch.float32).unsqueeze(1) * torch.full([Width / 2], 10_000f).pow(torch.arange(Width / 2, torch.float32) / (-Width / 2f));
var (cos, sin) = (angles.cos(), angles.sin());
var (slots, ends) = (torch.arange(Slots), torch.full([Slots], 100));
var future = torch.ones([Sequence, Sequence], torch.@bool).triu(1);

foreach (var type in new[] { torch.bfloat16, torch.float32 })
{
    Tensor Leaf(params long[] shape) => torch.randn(shape).to(type).requires_grad_();
    Tensor[] normal = [Leaf(Tokens, Hidden), Leaf(Hidden)];
    Train("RMS norm, training", type, normal, x => F.reference.rms_norm(x[0], x[1]), x => F.rms_norm(x[0], x[1]));
    Tensor[] gates = [Leaf(Tokens, FeedForward), Leaf(Tokens, FeedForward)];
    Train("SwiGLU, training", type, gates, x => F.reference.swiglu(x[0], x[1]), x => F.swiglu(x[0], x[1]));
    Tensor[] heads = [Leaf(Tokens, Heads, Width)];
    Train("rotary, training", type, heads, x => F.reference.rotary(x[0], cos, sin, positions), x => F.rotary(x[0], cos, sin, positions));
    Tensor[] logits = [Leaf(Tokens, Vocabulary)];
    var targets = torch.arange(Tokens);
    Train("token log-probability, training", type, logits, x => F.reference.token_log_prob(x[0], targets), x => F.token_log_prob(x[0], targets));
    Tensor[] attention = [Leaf(Tokens, Heads, Width), Leaf(Tokens, KvHeads, Width), Leaf(Tokens, KvHeads, Width)];
    Train("attention, training", type, attention, x => PaddedAttention(x[0], x[1], x[2]), x => F.segment_attention(x[0], x[1], x[2], offsets));

    using var frozen = torch.no_grad();
    Tensor Data(params long[] shape) => torch.randn(shape).to(type);
    var (one, weight) = (Data(Slots, Hidden), Data(Hidden));
    Compare("RMS norm, decoding", type, () => F.reference.rms_norm(one, weight), () => F.rms_norm(one, weight));
    var (gate, up) = (Data(Slots, FeedForward), Data(Slots, FeedForward));
    Compare("SwiGLU, decoding", type, () => F.reference.swiglu(gate, up), () => F.swiglu(gate, up));
    var step = Data(Slots, Heads, Width);
    Compare("rotary, decoding", type, () => F.reference.rotary(step, cos, sin, ends), () => F.rotary(step, cos, sin, ends));
    var (key, value) = (Data(Slots, KvHeads, Width), Data(Slots, KvHeads, Width));
    var (keys, values) = (Data(Slots, KvHeads, Capacity, Width), Data(Slots, KvHeads, Capacity, Width));
    Compare("attention over the cache, decoding", type, () => F.reference.cached_attention(step, key, value, keys, values, slots, ends),
        () => F.cached_attention(step, key, value, keys, values, slots, ends));
}

const int Parameters = 5_000_000;
using (torch.no_grad())
{
    var (master, first, second, gradient, model) = (torch.randn([Parameters]), torch.zeros([Parameters]), torch.zeros([Parameters]), torch.randn([Parameters]), torch.zeros([Parameters], torch.bfloat16));
    Compare("AdamW step, 5 million parameters", torch.float32, () => torch.optim.reference.adamw_(master, first, second, gradient, model, 1e-4, .9, .95, 1e-8, .1, 3),
        () => torch.optim.adamw_(master, first, second, gradient, model, 1e-4, .9, .95, 1e-8, .1, 3));
    Compare("RMSProp step, 5 million parameters", torch.float32, () => torch.optim.reference.rmsprop_(master, second, gradient, model, 1e-4),
        () => torch.optim.rmsprop_(master, second, gradient, model, 1e-4));
    var (a, b) = (torch.ones([1]), torch.ones([1]));
    var call = Median(() =>
    {
        for (var i = 0; i < 10_000; i++)
            a.add(b).Dispose();
    }, rounds);
    Console.WriteLine($"\nOne small operator from C#: {call / 10_000:F2} µs");
}

void Train(string what, ScalarType type, Tensor[] leaves, Func<Tensor[], Tensor> plain, Func<Tensor[], Tensor> kernel)
{
    Compare(what, type, () => Step(plain), () => Step(kernel));

    void Step(Func<Tensor[], Tensor> forward)
    {
        var result = forward(leaves);
        result.backward(torch.ones_like(result));
        foreach (var leaf in leaves)
            leaf.grad = null;
    }
}

void Compare(string what, ScalarType type, Action plain, Action kernel)
{
    var (plainTimes, kernelTimes) = (new List<double>(), new List<double>());
    for (var round = -3; round < rounds; round++)
    {
        var (plainTime, kernelTime) = (Once(plain), Once(kernel));
        if (round < 0)
            continue;
        plainTimes.Add(plainTime);
        kernelTimes.Add(kernelTime);
    }
    var (before, after) = (Middle(plainTimes), Middle(kernelTimes));
    Console.WriteLine($"| {what} | {type} | {before:F0} | {after:F0} | {before / after:F1} |");
}

// What one would write without the kernel: a padded batch, key-value heads repeated by broadcasting, a mask, softmax in Float32.
Tensor PaddedAttention(Tensor query, Tensor key, Tensor value)
{
    const int Batch = Tokens / Sequence, Group = Heads / KvHeads;
    var q = query.view(Batch, Sequence, KvHeads, Group, Width).permute(0, 2, 3, 1, 4).reshape(Batch * KvHeads, Group * Sequence, Width);
    var k = key.view(Batch, Sequence, KvHeads, Width).permute(0, 2, 3, 1).reshape(Batch * KvHeads, Width, Sequence);
    var v = value.view(Batch, Sequence, KvHeads, Width).permute(0, 2, 1, 3).reshape(Batch * KvHeads, Sequence, Width);
    var scores = q.bmm(k).view(Batch * KvHeads, Group, Sequence, Sequence) * (1 / Math.Sqrt(Width));
    var shares = scores.masked_fill(future, double.NegativeInfinity).softmax(-1, torch.float32).to(query.dtype);
    var mixed = shares.view(Batch * KvHeads, Group * Sequence, Sequence).bmm(v);
    return mixed.view(Batch, KvHeads, Group, Sequence, Width).permute(0, 3, 1, 2, 4).reshape(Tokens, Heads, Width);
}

static double Once(Action action)
{
    using var scope = torch.NewDisposeScope();
    var watch = Stopwatch.StartNew();
    action();
    return watch.Elapsed.TotalMicroseconds;
}

static double Median(Action action, int rounds) => Middle([.. Enumerable.Range(0, rounds).Select(_ => Once(action))]);

static double Middle(List<double> times)
{
    times.Sort();
    return times[times.Count / 2];
}
