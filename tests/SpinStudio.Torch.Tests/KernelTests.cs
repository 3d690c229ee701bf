using Xunit;
using F = SpinStudio.Torch.torch.nn.functional;

namespace SpinStudio.Torch.Tests;

/// <summary>The native kernels against their definition in plain operators, and their gradients against finite differences.</summary>
[Collection(nameof(Alone))]
public sealed class KernelTests
{
    private static readonly long[] s_offsets = [0, 5, 42, 60, 60, 61, 100];
    private static readonly long[] s_parents = [-1, 0, 0, -1, -1, 4];

    /// <summary>Each kernel on some inputs: the tensors to differentiate, the kernel and its definition.</summary>
    private static readonly Dictionary<string, Func<ScalarType, Case>> s_cases = new()
    {
        ["rms_norm"] = type => new([Normal(type, 3, 7, 37), Normal(type, 37)], x => F.rms_norm(x[0], x[1], 1e-5), x => F.reference.rms_norm(x[0], x[1], 1e-5)),
        ["swiglu"] = type => new([Normal(type, 5, 53) * 4, Normal(type, 5, 53)], x => F.swiglu(x[0], x[1]), x => F.reference.swiglu(x[0], x[1])),
        ["rotary"] = type => Rotary(type),
        ["token_log_prob"] = type =>
        {
            var targets = torch.tensor<long>([0, 52, 7, 31]);
            return new([Normal(type, 4, 53) * 3], x => F.token_log_prob(x[0], targets), x => F.reference.token_log_prob(x[0], targets));
        },
        ["linear_log_prob"] = type =>
        {
            var targets = torch.tensor<long>([0, 52, 7, 31, 9, 9, 1]);
            return new([Normal(type, 7, 12), Normal(type, 53, 12)], x => F.linear_log_prob(x[0], x[1], targets, chunk: 3), x => F.reference.token_log_prob(F.linear(x[0], x[1]), targets));
        },
        ["linear_log_prob, frozen head"] = type =>
        {
            var (targets, head) = (torch.tensor<long>([0, 52, 7, 31, 9, 9, 1]), Normal(type, 53, 12));
            return new([Normal(type, 7, 12)], x => F.linear_log_prob(x[0], head, targets, chunk: 2), x => F.reference.token_log_prob(F.linear(x[0], head.to(x[0].dtype)), targets));
        },
        ["adapted_linear"] = type => Adapted(type, dropped: false),
        ["adapted_linear, dropped input"] = type => Adapted(type, dropped: true),
        ["segment_attention"] = type => new(
            [Normal(type, 100, 4, 20), Normal(type, 100, 2, 20), Normal(type, 100, 2, 20)],
            x => F.segment_attention(x[0], x[1], x[2], s_offsets, s_parents),
            x => F.reference.segment_attention(x[0], x[1], x[2], s_offsets, s_parents)),
        ["segment_attention, window"] = type => new(
            [Normal(type, 100, 4, 20), Normal(type, 100, 2, 20), Normal(type, 100, 2, 20)],
            x => F.segment_attention(x[0], x[1], x[2], s_offsets, s_parents, window: 9),
            x => F.reference.segment_attention(x[0], x[1], x[2], s_offsets, s_parents, window: 9)),
        ["segment_attention, wide heads"] = type => new(
            [Normal(type, 40, 2, 80), Normal(type, 40, 2, 80), Normal(type, 40, 2, 80)],
            x => F.segment_attention(x[0], x[1], x[2], [0, 40], scale: 0.2),
            x => F.reference.segment_attention(x[0], x[1], x[2], [0, 40], scale: 0.2)),
    };

    public static TheoryData<string> Kernels => [.. s_cases.Keys];

    public static TheoryData<string, ScalarType> KernelsByType
    {
        get
        {
            var data = new TheoryData<string, ScalarType>();
            foreach (var kernel in s_cases.Keys)
                foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float64 })
                    data.Add(kernel, type);
            return data;
        }
    }

    /// <summary>Three parts, of which the second has no adapter.</summary>
    private static Case Adapted(ScalarType type, bool dropped)
    {
        var (weight, bias) = (Normal(type, 19, 12), Normal(type, 19));
        long[] rows = [8, 5, 6], ranks = [3, 0, 3];
        return new(
            [Normal(type, 7, 12), Normal(type, 6, 12), Normal(type, 14, 3), .. dropped ? (Tensor[])[Normal(type, 7, 12)] : []],
            x => F.adapted_linear(x[0], x.ElementAtOrDefault(3), weight.to(x[0].dtype), dropped ? bias.to(x[0].dtype) : null, x[1], x[2], 1.5, rows, ranks),
            x => F.reference.adapted_linear(x[0], x.ElementAtOrDefault(3), weight.to(x[0].dtype), dropped ? bias.to(x[0].dtype) : null, x[1], x[2], 1.5, rows, ranks));
    }

    [Theory]
    [MemberData(nameof(KernelsByType))]
    public void Kernel_and_gradients_agree_with_the_plain_operators(string kernel, ScalarType type)
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(2);
        var (inputs, native, plain) = s_cases[kernel](type);
        // The definition runs in at least Float32, so that only the kernel's rounding shows.
        var (results, gradients) = Run(native, inputs, type);
        var (expected, expectedGradients) = Run(plain, inputs, type == ScalarType.BFloat16 ? ScalarType.Float32 : type);

        Assert.Equal(expected.shape, results.shape);
        var tolerance = type switch { ScalarType.Float64 => 1e-11, ScalarType.Float32 => 1e-5, _ => 0.02 };
        AssertClose(expected, results, tolerance, "value");
        for (var i = 0; i < gradients.Length; i++)
        {
            Assert.Equal(type, gradients[i].dtype);
            AssertClose(expectedGradients[i], gradients[i], tolerance, $"gradient {i}");
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Gradient_agrees_with_finite_differences(string kernel)
    {
        const double Step = 1e-6;
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(4);
        var (inputs, native, _) = s_cases[kernel](ScalarType.Float64);
        var (_, gradients) = Run(native, inputs, ScalarType.Float64);

        for (var i = 0; i < inputs.Length; i++)
            for (var element = 0L; element < inputs[i].numel(); element += Math.Max(1, inputs[i].numel() / 40))
            {
                var values = inputs[i].data<double>();
                var original = values[(int)element];
                values[(int)element] = original + Step;
                var above = Loss(native(inputs)).item<double>();
                values[(int)element] = original - Step;
                var below = Loss(native(inputs)).item<double>();
                values[(int)element] = original;
                Assert.Equal((above - below) / (2 * Step), gradients[i].contiguous().data<double>()[(int)element], 1e-6);
            }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void The_bits_are_the_same_for_any_number_of_threads(string kernel)
    {
        var before = torch.get_num_threads();
        try
        {
            foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
            {
                using var scope = torch.NewDisposeScope();
                torch.manual_seed(6);
                var (inputs, native, _) = s_cases[kernel](type);
                torch.set_num_threads(1);
                var (one, oneGradients) = Run(native, inputs, type);
                torch.set_num_threads(3);
                var (three, threeGradients) = Run(native, inputs, type);
                Assert.True(one.bytes().SequenceEqual(three.bytes()));
                foreach (var (first, second) in oneGradients.Zip(threeGradients))
                    Assert.True(first.contiguous().bytes().SequenceEqual(second.contiguous().bytes()));
            }
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 0.02)]
    public void Cached_attention_agrees_with_the_plain_operators_and_fills_the_same_cache(ScalarType type, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(8);
        var (slots, positions) = (torch.tensor<long>([3, 1, 1, 0]), torch.tensor<long>([9, 4, 5, 0]));
        Tensor[] caches = [Normal(type, 4, 2, 12, 24), Normal(type, 4, 2, 12, 24)], copies = [caches[0].clone(), caches[1].clone()];
        var (query, key, value) = (Normal(type, 4, 6, 24), Normal(type, 4, 2, 24), Normal(type, 4, 2, 24));

        var result = F.cached_attention(query, key, value, caches[0], caches[1], slots, positions);
        var wide = copies.Select(cache => cache.to(ScalarType.Float32)).ToArray();
        var expected = F.reference.cached_attention(
            query.to(ScalarType.Float32), key.to(ScalarType.Float32), value.to(ScalarType.Float32), wide[0], wide[1], slots, positions);

        AssertClose(expected, result, tolerance, "value");
        AssertClose(wide[0], caches[0], 0, "key cache");
        AssertClose(wide[1], caches[1], 0, "value cache");
    }

    [Fact]
    public void Token_by_token_through_the_cache_equals_the_whole_sequence()
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(10);
        const int Time = 40;
        var (query, key, value) = (Normal(ScalarType.Float32, Time, 4, 32), Normal(ScalarType.Float32, Time, 2, 32), Normal(ScalarType.Float32, Time, 2, 32));
        var (keys, values) = (torch.zeros([1, 2, Time, 32]), torch.zeros([1, 2, Time, 32]));

        var steps = new List<Tensor> { Step(0, 10) };
        for (var t = 10; t < Time; t++)
            steps.Add(Step(t, 1));

        AssertClose(F.segment_attention(query, key, value, [0, Time]), torch.cat(steps), 2e-6, "value");

        Tensor Step(long from, long count) => F.cached_attention(
            query.narrow(0, from, count), key.narrow(0, from, count), value.narrow(0, from, count), keys, values,
            torch.zeros([count], ScalarType.Int64), torch.arange(from, from + count));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    public void Drawn_tokens_are_those_of_the_cumulative_distribution(ScalarType type)
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(20);
        const int Rows = 600, Vocabulary = 1000;
        var logits = (torch.randn([Rows, Vocabulary]) * 3).to(type);
        var temperatures = torch.tensor<double>([.. Enumerable.Range(0, Rows).Select(i => i % 4 * 0.5)]);
        // The first and the last tokens are drawn as well.
        var uniforms = torch.tensor<double>([.. Enumerable.Range(0, Rows).Select(i => i < 4 ? 0 : i < 8 ? 1 - 1e-16 : (i * 0.6180339887) % 1)]);

        var drawn = F.sample(logits, temperatures, uniforms).data<long>().ToArray();
        var expected = F.reference.sample(logits, temperatures, uniforms).data<long>().ToArray();

        // Where a uniform number lies within rounding of a boundary, a neighbour may be drawn.
        Assert.InRange(drawn.Zip(expected, (a, b) => a == b ? 0 : 1).Sum(), 0, 3);
        Assert.All(drawn, id => Assert.InRange(id, 0, Vocabulary - 1));
        Assert.True(drawn.Distinct().Count() > Rows / 3);
        var alone = F.sample(logits.narrow(0, 77, 1), temperatures.narrow(0, 77, 1), uniforms.narrow(0, 77, 1)).item<long>();
        Assert.Equal(drawn[77], alone);
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 0.01)]
    [InlineData(ScalarType.Float64, 1e-12)]
    public void Products_of_few_rows_agree_with_the_plain_operator_and_with_each_row_alone(ScalarType type, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(22);
        foreach (var (rows, inner, outer) in new[] { (1, 64, 128), (4, 40, 203), (3, 7, 5) })
        {
            var (input, weight, bias) = (Normal(type, rows, inner), Normal(type, outer, inner), Normal(type, outer));
            var plain = F.linear(input.to(ScalarType.Float64), weight.to(ScalarType.Float64), bias.to(ScalarType.Float64));
            using var inference = torch.inference_mode();
            Assert.True(torch.is_inference_mode_enabled());
            var product = F.linear(input, weight, bias);
            AssertClose(plain, product, tolerance * Math.Sqrt(inner), "value");
            var last = F.linear(input.narrow(0, rows - 1, 1), weight, bias);
            Assert.True(product.narrow(0, rows - 1, 1).contiguous().bytes().SequenceEqual(last.bytes()));
        }
        Assert.False(torch.is_inference_mode_enabled());
    }

    [Fact]
    public void A_segments_bits_do_not_depend_on_its_neighbours()
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(12);
        var (query, key, value) = (Normal(ScalarType.BFloat16, 70, 4, 32), Normal(ScalarType.BFloat16, 70, 2, 32), Normal(ScalarType.BFloat16, 70, 2, 32));
        var together = F.segment_attention(query, key, value, [0, 30, 70]).narrow(0, 30, 40).contiguous();
        var alone = F.segment_attention(query.narrow(0, 30, 40), key.narrow(0, 30, 40), value.narrow(0, 30, 40), [0, 40]);
        Assert.True(together.bytes().SequenceEqual(alone.bytes()));
    }

    [Fact]
    public void A_cached_tokens_bits_do_not_depend_on_its_neighbours()
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(14);
        var tokens = Normal(ScalarType.BFloat16, 8, 2, 32);
        var (keys, values) = (Normal(ScalarType.BFloat16, 8, 2, 6, 32), Normal(ScalarType.BFloat16, 8, 2, 6, 32));
        Tensor Run(long first, long count)
        {
            var some = tokens.narrow(0, first, count);
            return F.cached_attention(some, some, some, keys, values, torch.arange(first, first + count), torch.full([count], 3));
        }

        var together = Run(0, 8).narrow(0, 5, 1).contiguous();
        Assert.True(together.bytes().SequenceEqual(Run(5, 1).bytes()));
    }

    [Fact]
    public void An_answer_with_a_parent_equals_the_answer_after_the_prompt()
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(16);
        var (query, key, value) = (Normal(ScalarType.Float32, 50, 4, 32), Normal(ScalarType.Float32, 50, 4, 32), Normal(ScalarType.Float32, 50, 4, 32));
        var whole = F.segment_attention(query, key, value, [0, 50]);
        var split = F.segment_attention(query, key, value, [0, 20, 50], [-1, 0]);
        AssertClose(whole, split, 2e-6, "value");
    }

    [Fact]
    public void Large_logits_neither_overflow_nor_lose_their_log_probability()
    {
        using var scope = torch.NewDisposeScope();
        var logits = torch.tensor<float>([1e4f, 0, -1e4f, float.NegativeInfinity], [1, 4]).requires_grad_();
        var result = F.token_log_prob(logits, torch.tensor<long>([1]));
        result.sum().backward();
        Assert.Equal(-1e4f, result.item<float>());
        Assert.Equal([-1f, 1f, 0f, 0f], logits.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Plain_operators_are_used_when_kernels_are_switched_off()
    {
        using var scope = torch.NewDisposeScope();
        var (input, weight) = (Normal(ScalarType.Float32, 3, 64), torch.ones([64]));
        torch.backends.native_kernels = false;
        try
        {
            Assert.True(F.rms_norm(input, weight).bytes().SequenceEqual(F.reference.rms_norm(input, weight).bytes()));
        }
        finally
        {
            torch.backends.native_kernels = true;
        }
    }

    [Theory]
    [InlineData("rms_norm")]
    [InlineData("swiglu")]
    [InlineData("rotary")]
    [InlineData("token_log_prob")]
    [InlineData("linear_log_prob")]
    [InlineData("segment_attention")]
    [InlineData("cached_attention")]
    public void Inputs_that_do_not_fit_are_refused_with_what_is_needed(string kernel)
    {
        using var scope = torch.NewDisposeScope();
        var (x, ids) = (torch.zeros([4, 2, 8]), torch.zeros([4], ScalarType.Int64));
        var (call, message) = kernel switch
        {
            "rms_norm" => ((Action)(() => F.rms_norm(x, torch.zeros([4]))), "the weight must be [8]"),
            "swiglu" => (() => F.swiglu(x, torch.zeros([4, 2, 4])), "one shape and type"),
            "rotary" => (() => F.rotary(x, torch.zeros([2, 4]), torch.zeros([2, 4]), ids + 2), "position 2 is outside the table of 2"),
            "token_log_prob" => (() => F.token_log_prob(torch.zeros([4, 5]), ids + 5), "target 5 is outside the vocabulary of 5"),
            "linear_log_prob" => (() => F.linear_log_prob(torch.zeros([4, 3]), torch.zeros([5, 3]), ids + 5, chunk: 1), "target 5 is outside the vocabulary of 5"),
            "segment_attention" => (() => F.segment_attention(x, x, x, [0, 3]), "offsets must go from 0 to the 4 tokens"),
            _ => (() => F.cached_attention(x, x, x, torch.zeros([1, 2, 3, 8]), torch.zeros([1, 2, 3, 8]), ids, ids + 3), "position 3 is outside the cache's capacity of 3"),
        };
        var error = Assert.Throws<TorchException>(call);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("spinstudio::" + kernel, error.Message, StringComparison.Ordinal);
    }

    private static Case Rotary(ScalarType type)
    {
        var positions = torch.tensor<long>([0, 3, 11, 2, 2, 8], [2, 3]);
        var tables = type == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var angles = torch.arange(12, ScalarType.Float64).unsqueeze(1) * torch.arange(1, 10, ScalarType.Float64) * 0.1;
        var (cos, sin) = (angles.cos().to(tables), angles.sin().to(tables));
        return new([Normal(type, 2, 3, 5, 18)], x => F.rotary(x[0], cos, sin, positions), x => F.reference.rotary(x[0], cos, sin, positions));
    }

    private static (Tensor result, Tensor[] gradients) Run(Func<Tensor[], Tensor> kernel, Tensor[] inputs, ScalarType type)
    {
        var leaves = inputs.Select(input => input.detach().to(type).clone().requires_grad_()).ToArray();
        var result = kernel(leaves);
        Loss(result).backward();
        return (result.detach(), [.. leaves.Select(leaf => leaf.grad!)]);
    }

    private static Tensor Loss(Tensor output)
    {
        var wide = output.dtype == ScalarType.BFloat16 ? output.to(ScalarType.Float32) : output;
        return (wide * (torch.arange(output.numel(), wide.dtype) * 0.37).cos().view(output.shape)).sum();
    }

    private static Tensor Normal(ScalarType type, params long[] shape) => torch.randn(shape, ScalarType.Float64).to(type);

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance, string what)
    {
        var (a, b) = (expected.to(ScalarType.Float64), actual.to(ScalarType.Float64));
        var scale = Math.Max(1, a.abs().max().item<double>());
        var worst = (a - b).abs().max().item<double>();
        Assert.True(worst <= tolerance * scale, $"{what} differs by {worst:R}, of at most {scale:R}");
    }

    private sealed record Case(Tensor[] Inputs, Func<Tensor[], Tensor> Native, Func<Tensor[], Tensor> Plain);
}
