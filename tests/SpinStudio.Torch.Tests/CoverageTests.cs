using System.Reflection;
using Xunit;

namespace SpinStudio.Torch.Tests;

public sealed class CoverageTests
{
    /// <summary>Public members that no fixture can hold, and the test that exercises each.</summary>
    private static readonly Dictionary<string, string> s_elsewhere = new()
    {
        ["Tensor.Dispose"] = nameof(LifetimeTests),
        ["Tensor.MoveToOuterDisposeScope"] = nameof(LifetimeTests),
        ["Tensor.DetachFromDisposeScope"] = nameof(LifetimeTests),
        ["Tensor.ToString"] = nameof(TensorDataTests),
        ["Tensor.numel"] = nameof(TensorDataTests),
        ["Tensor.size"] = nameof(TensorDataTests),
        ["Tensor.stride"] = nameof(TensorDataTests),
        ["Tensor.is_contiguous"] = nameof(TensorDataTests),
        ["Tensor.data"] = nameof(TensorDataTests),
        ["Tensor.bytes"] = nameof(TensorDataTests),
        ["Tensor.data_ptr"] = nameof(TensorDataTests),
        ["Tensor.item"] = nameof(TensorDataTests),
        ["Tensor.ToSingle"] = nameof(TensorDataTests),
        ["Tensor.ToDouble"] = nameof(TensorDataTests),
        ["Tensor.ToInt64"] = nameof(TensorDataTests),
        ["Tensor.ToBoolean"] = nameof(TensorDataTests),
        ["Tensor.to(Device, ScalarType?)"] = nameof(TensorDataTests),
        ["Tensor.view(ScalarType)"] = nameof(TensorDataTests),
        ["Tensor.requires_grad_"] = nameof(AutogradTests),
        ["Tensor.backward"] = nameof(AutogradTests),
        ["torch.no_grad"] = nameof(AutogradTests),
        ["torch.enable_grad"] = nameof(AutogradTests),
        ["torch.is_grad_enabled"] = nameof(AutogradTests),
        ["torch.NewDisposeScope"] = nameof(LifetimeTests),
        ["torch.tensor"] = nameof(TensorDataTests),
        ["torch.from_bytes"] = nameof(TensorDataTests),
        ["torch.from_pointer"] = nameof(TensorDataTests),
        ["torch.empty"] = nameof(TensorDataTests),
        ["torch.empty_like"] = nameof(TensorDataTests),
        ["torch.rand"] = nameof(RandomTests),
        ["torch.randn"] = nameof(RandomTests),
        ["torch.manual_seed"] = nameof(RandomTests),
        ["torch.set_num_threads"] = nameof(BackendTests),
        ["torch.get_num_threads"] = nameof(BackendTests),
        ["torch.cuda_is_available"] = nameof(BackendTests),
        ["torch.set_default_device"] = nameof(TensorDataTests),
        ["torch.get_default_device"] = nameof(TensorDataTests),
        ["torch.config"] = nameof(BackendTests),
        ["torch.backend_info"] = nameof(BackendTests),
        ["torch.nn.functional.rms_norm"] = nameof(KernelTests),
        ["torch.nn.functional.swiglu"] = nameof(KernelTests),
        ["torch.nn.functional.rotary"] = nameof(KernelTests),
        ["torch.nn.functional.token_log_prob"] = nameof(KernelTests),
        ["torch.nn.functional.linear_log_prob"] = nameof(KernelTests),
        ["torch.nn.functional.adapted_linear"] = nameof(KernelTests),
        ["torch.nn.functional.segment_attention"] = nameof(KernelTests),
        ["torch.nn.functional.cached_attention"] = nameof(KernelTests),
        ["torch.nn.functional.sample"] = nameof(KernelTests),
        ["torch.inference_mode"] = nameof(KernelTests),
        ["torch.is_inference_mode_enabled"] = nameof(KernelTests),
        ["torch.nn.functional.scaled_dot_product_attention"] = nameof(BackendTests),
    };

    [Fact]
    public void Every_public_operator_is_exercised()
    {
        var covered = Fixture.All.Select(fixture => fixture.Method).ToHashSet();
        var owners = new[] { (typeof(Tensor), "Tensor"), (typeof(torch), "torch"), (typeof(torch.nn.functional), "torch.nn.functional") };

        var missing = owners
            .SelectMany(owner => owner.Item1.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                .Where(method => !IsAccessor(method) && !covered.Contains(method))
                .Select(method => (name: $"{owner.Item2}.{method.Name}", signature: $"{owner.Item2}.{method.Name}({Parameters(method)})")))
            .Where(member => !s_elsewhere.ContainsKey(member.name) && !s_elsewhere.ContainsKey(member.signature))
            .Select(member => member.signature);

        Assert.Empty(missing);
    }

    [Fact]
    public void Every_test_that_is_said_to_exercise_a_member_names_it()
    {
        var sources = Directory.EnumerateFiles(Sources.Tests, "*.cs").ToDictionary(path => Path.GetFileNameWithoutExtension(path), File.ReadAllText);
        var unnamed = s_elsewhere.Where(entry => !sources[entry.Value].Contains(entry.Key.Split('(')[0].Split('.')[^1], StringComparison.Ordinal));
        Assert.Empty(unnamed);
    }

    [Fact]
    public void Every_operator_of_the_binding_exists_in_this_libtorch()
    {
        var missing = typeof(Ops).GetFields(BindingFlags.Static | BindingFlags.NonPublic)
            .Where(entry => !((Op)entry.GetValue(null)!).Exists())
            .Select(entry => entry.Name);
        // libtorch has it since 2.0.
        Assert.Empty(missing.Except(torch.version.StartsWith("1.", StringComparison.Ordinal) ? ["scaled_dot_product_attention"] : []));
    }

    private static bool IsAccessor(MethodInfo method) =>
        method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static string Parameters(MethodInfo method) => string.Join(", ", method.GetParameters().Select(p =>
        Nullable.GetUnderlyingType(p.ParameterType) is { } inner ? inner.Name + "?" : p.ParameterType.Name));
}
