using System.Runtime.CompilerServices;
using System.Text;

namespace SpinStudio.Torch;

/// <summary>
/// One operator of libtorch's dispatcher, named as in its schema: <c>"add.Tensor"</c> is <c>aten::add</c>, overload <c>Tensor</c>; other
/// namespaces are spelled out. It is looked up at the first call and kept.
/// </summary>
internal sealed unsafe class Op(string schemaName)
{
    private const int StackSlots = 64;

    private nint _native;

    /// <summary>Calls an operator with one tensor as its result.</summary>
    internal Tensor Call(params ReadOnlySpan<Arg> args)
    {
        nint result;
        _ = Invoke(args, &result, 1);
        return new Tensor(result);
    }

    /// <summary>Calls an operator for its effect on an argument.</summary>
    internal void Run(params ReadOnlySpan<Arg> args) => _ = Invoke(args, null, 0);

    /// <summary>Calls an operator with two tensors as its result.</summary>
    internal (Tensor, Tensor) Call2(params ReadOnlySpan<Arg> args)
    {
        var results = stackalloc nint[2];
        _ = Invoke(args, results, 2);
        return (new Tensor(results[0]), new Tensor(results[1]));
    }

    /// <summary>Calls an operator whose result is a list of at most <paramref name="capacity"/> tensors.</summary>
    internal Tensor[] CallList(int capacity, params ReadOnlySpan<Arg> args)
    {
        var handles = new nint[capacity];
        int count;
        fixed (nint* results = handles)
            count = Invoke(args, results, capacity);
        var tensors = new Tensor[count];
        for (var i = 0; i < count; i++)
            tensors[i] = new Tensor(handles[i]);
        return tensors;
    }

    [SkipLocalsInit]
    private int Invoke(ReadOnlySpan<Arg> args, nint* results, int capacity)
    {
        if (_native == 0)
            Resolve();

        // Lists are copied next to the arguments: pinning a handful of numbers costs more than copying them.
        var slots = 0;
        foreach (ref readonly var arg in args)
            slots += arg.Length;
        var lists = slots <= StackSlots ? stackalloc long[StackSlots] : new long[slots];
        var native = stackalloc NativeArgument[args.Length];
        int status, count, held = 0;
        fixed (long* list = lists)
        {
            try
            {
                var next = list;
                for (; held < args.Length; held++)
                    next = Lower(args[held], &native[held], next);
                status = Interop.spin_call(_native, native, args.Length, results, capacity, &count);
            }
            finally
            {
                for (var i = 0; i < held; i++)
                    Release(args[i]);
            }
        }
        if (status != 0)
            throw Failure(args);
        return count;
    }

    /// <summary>Writes <paramref name="arg"/> in native form, holding its tensors; lists go to <paramref name="list"/>. Returns the next free slot.</summary>
    private static long* Lower(in Arg arg, NativeArgument* native, long* list)
    {
        native->Tag = arg.Tag;
        native->Length = arg.Length;
        switch (arg.Tag)
        {
            case ArgumentTag.Tensor:
                native->Bits = Unsafe.As<Tensor>(arg.Reference!).Handle.Hold();
                return list;
            case ArgumentTag.IntList:
                native->Bits = (long)list;
                Unsafe.As<long[]>(arg.Reference!).AsSpan().CopyTo(new Span<long>(list, arg.Length));
                return list + arg.Length;
            case ArgumentTag.TensorList or ArgumentTag.OptionalTensorList:
                native->Bits = (long)list;
                LowerTensors(Unsafe.As<Tensor?[]>(arg.Reference!), list);
                return list + arg.Length;
            case ArgumentTag.String:
                native->Bits = (long)list;
                Encoding.ASCII.GetBytes((string)arg.Reference!, new Span<byte>(list, arg.Length));
                return list + arg.Length;
            default:
                native->Bits = arg.Bits;
                return list;
        }
    }

    private static void LowerTensors(Tensor?[] tensors, long* list)
    {
        var held = 0;
        try
        {
            for (; held < tensors.Length; held++)
                list[held] = tensors[held]?.Handle.Hold() ?? 0;
        }
        finally
        {
            if (held < tensors.Length)
                foreach (var tensor in tensors.AsSpan(0, held))
                    tensor?.Handle.DangerousRelease();
        }
    }

    private static void Release(in Arg arg)
    {
        if (arg.Tag == ArgumentTag.Tensor)
            Unsafe.As<Tensor>(arg.Reference!).Handle.DangerousRelease();
        else if (arg.Tag is ArgumentTag.TensorList or ArgumentTag.OptionalTensorList)
            foreach (var tensor in Unsafe.As<Tensor?[]>(arg.Reference!))
                tensor?.Handle.DangerousRelease();
    }

    /// <summary>Whether this libtorch has the operator.</summary>
    internal bool Exists() => _native != 0 || Find(out _) == 0;

    private void Resolve()
    {
        if (Find(out var name) != 0)
            throw new TorchException($"libtorch {torch.version} has no operator {name}: {NativeText.LastError()}", schemaName);
    }

    private int Find(out string name)
    {
        name = schemaName.Contains("::", StringComparison.Ordinal) ? schemaName : "aten::" + schemaName;
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var (baseName, overload) = dot < 0 ? (name, "") : (name[..dot], name[(dot + 1)..]);
        // An out argument is cleared first: written straight to the field, it would take the operator from under a thread that found it a moment ago.
        var status = Interop.spin_operator(baseName, overload, out var native);
        if (status == 0)
            _native = native;
        return status;
    }

    private TorchException Failure(ReadOnlySpan<Arg> args)
    {
        var message = NativeText.LastError();
        var shown = new string[args.Length];
        for (var i = 0; i < shown.Length; i++)
            shown[i] = args[i].ToString();
        return new TorchException($"{schemaName}({string.Join(", ", shown)}): {message}", schemaName);
    }
}
