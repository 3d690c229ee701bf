#!/usr/bin/env python3
"""Writes operators.json: calls of the binding's members with the values that they must return.

    apt-get install python3-torch && python3 make_fixtures.py

Every expected value is computed by PyTorch in float64, whatever the type of the inputs, and rounded to the type of the result at the end; so the
fixtures do not repeat the rounding of the kernels under test. A case is {"call": "Tensor.add", "args": [...], "kwargs": {...}, "expect": [...]},
where the first argument of a Tensor member is the tensor itself. "grad" marks the cases whose gradient is checked by finite differences.
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(20)
NAMES = {torch.float32: "Float32", torch.float64: "Float64", torch.bfloat16: "BFloat16", torch.float16: "Float16", torch.int64: "Int64",
         torch.int32: "Int32", torch.bool: "Bool", torch.uint8: "Byte"}
cases = []


def encode(value):
    if isinstance(value, torch.Tensor):
        data = value.detach().to(torch.float64 if value.dtype.is_floating_point else value.dtype).flatten().tolist()
        if value.dtype.is_floating_point:
            data = [x if math.isfinite(x) else str(x) for x in data]
        return {"type": NAMES[value.dtype], "shape": list(value.shape), "data": data}
    if isinstance(value, torch.dtype):
        return {"dtype": NAMES[value]}
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], torch.Tensor):
        return {"tensors": [encode(x) for x in value]}
    return value


def widened(value):
    if isinstance(value, torch.Tensor):
        return value.to(torch.float64) if value.dtype.is_floating_point else value.clone()
    if isinstance(value, (list, tuple)):
        return [widened(x) for x in value]
    return value


def case(call, *args, by=None, grad=True, kinds=None, **kwargs):
    """`by` computes the expected value where PyTorch's call differs from ours; `kinds` gives result types that differ from the first tensor's."""
    name = call.split(".")[-1]
    owner = {"Tensor": torch.Tensor, "torch": torch, "functional": F}[call.split(".")[-2]]
    compute = by or getattr(owner, name)
    encoded = [encode(x) for x in args]
    tensors = [x for x in args if isinstance(x, torch.Tensor)] + [t for x in args if isinstance(x, (list, tuple)) for t in x if isinstance(t, torch.Tensor)]
    floats = [x.dtype for x in tensors if x.dtype.is_floating_point]
    results = compute(*[widened(x) for x in args], **kwargs)
    results = list(results) if isinstance(results, (tuple, list)) else [results]
    for i, result in enumerate(results):
        if kinds:
            results[i] = result.to(kinds[i])
        elif result.dtype == torch.float64 and floats:
            results[i] = result.to(floats[0])
        elif result.dtype == torch.float64:
            results[i] = result.to(torch.float32)
    smooth = grad and bool(floats) and all(t == torch.float32 for t in floats) and results[0].dtype.is_floating_point
    entry = {"call": call, "args": encoded}
    if kwargs:
        entry["kwargs"] = {k: encode(v) for k, v in kwargs.items()}
    if smooth:
        entry["grad"] = True
    entry["expect"] = [encode(x) for x in results]
    cases.append(entry)


def r(*shape, dtype=torch.float32):
    """Numbers with few digits, so that the file stays small; all different, so that no order is ambiguous."""
    count = math.prod(shape)
    return ((torch.randperm(4 * count)[:count] - 2 * count).to(torch.float64) / count * 1.5 + 0.01).mul(256).round().div(256).view(shape).to(dtype)


def positive(*shape, dtype=torch.float32):
    return r(*shape).abs().add(0.125).to(dtype)


a, b, row = r(2, 3), r(2, 3), r(3)
ints = torch.tensor([[3, -1, 2], [0, 5, -4]])
mask = torch.tensor([[True, False, True], [False, True, False]])

# Arithmetic.
for name in ["add", "sub", "mul", "div"]:
    case(f"Tensor.{name}", a, b)
    case(f"Tensor.{name}", a, row)
    case(f"Tensor.{name}", a, 2.5)
    case(f"Tensor.{name}_", a, b)
    case(f"Tensor.{name}_", a, -1.5)
    case(f"Tensor.{name}", a.to(torch.bfloat16), b.to(torch.bfloat16))
case("Tensor.add", a, b, alpha=-0.5)
case("Tensor.sub", a, b, alpha=3)
case("Tensor.add_", a, b, alpha=0.25)
case("Tensor.add", ints, 2)
case("Tensor.mul", ints, 1.5)
for symbol, function in [("Addition", torch.add), ("Subtraction", torch.sub), ("Multiply", torch.mul), ("Division", torch.div)]:
    case(f"Tensor.op_{symbol}", a, b, by=function)
    case(f"Tensor.op_{symbol}", a, 1.5, by=function)
case("Tensor.op_Addition", 1.5, a, by=lambda x, y: x + y)
case("Tensor.op_Subtraction", 1.5, a, by=lambda x, y: x - y)
case("Tensor.op_Multiply", 1.5, a, by=lambda x, y: x * y)
case("Tensor.op_UnaryNegation", a, by=torch.neg)
case("Tensor.addcmul_", a, b, row, 0.75, by=lambda x, y, z, v: x.addcmul_(y, z, value=v))
case("Tensor.addcdiv_", a, b, positive(3), -0.75, by=lambda x, y, z, v: x.addcdiv_(y, z, value=v))
case("Tensor.lerp", a, b, 0.25)
case("Tensor.lerp_", a, b, 0.25)
case("Tensor.zero_", a, grad=False)
case("Tensor.fill_", a, 1.25, grad=False)
case("Tensor.copy_", a, row)
case("Tensor.pow", a, 3)
case("Tensor.pow", positive(2, 3), -1.5)
case("Tensor.pow", positive(2, 3), b)
case("Tensor.remainder", ints, 3)
case("Tensor.maximum", a, b)
case("Tensor.minimum", a, b)
for name in ["maximum", "minimum"]:
    case(f"torch.{name}", a, row)

# Each element by itself.
for name in ["neg", "abs", "sign", "square", "exp", "exp_", "sin", "cos", "tanh", "sigmoid", "relu", "floor", "round"]:
    case(f"Tensor.{name}", a, grad=name not in ("sign", "floor", "round"))
for name in ["reciprocal", "sqrt", "rsqrt", "log", "log1p"]:
    case(f"Tensor.{name}", positive(2, 3))
case("Tensor.exp", a.to(torch.bfloat16))
case("Tensor.silu", a, by=F.silu)
case("Tensor.softplus", a, by=F.softplus)
case("Tensor.clamp", a, -0.5, 0.75)
case("Tensor.clamp", a, min=0.1)
case("Tensor.clamp", a, max=0.1)
case("Tensor.clamp_", a, -0.5, 0.75)
odd = torch.tensor([1.0, float("nan"), float("inf"), -float("inf")])
case("Tensor.isfinite", odd)
case("Tensor.isnan", odd)
case("Tensor.triu", r(2, 3, 3))
case("Tensor.triu", r(3, 4), 1)
case("Tensor.tril", r(3, 4), -1)
for name in ["exp", "sigmoid", "tanh", "sin", "cos"]:
    case(f"torch.{name}", a)
for name in ["log", "sqrt", "rsqrt"]:
    case(f"torch.{name}", positive(2, 3))
case("torch.triu", r(3, 3), 1)
case("torch.tril", r(3, 3))

# Comparisons and logic.
other = torch.tensor([[3, 0, 5], [0, -5, 4]])
for name in ["eq", "ne", "lt", "le", "gt", "ge"]:
    case(f"Tensor.{name}", ints, other)
    case(f"Tensor.{name}", ints, 2)
    case(f"Tensor.{name}", a, 0.1)
case("Tensor.logical_and", mask, torch.tensor([True, True, False]))
case("Tensor.logical_or", mask, torch.tensor([True, True, False]))
case("Tensor.logical_not", mask)
for name in ["any", "all"]:
    case(f"Tensor.{name}", mask)
    case(f"Tensor.{name}", mask, 0)
    case(f"Tensor.{name}", mask, 1, keepdim=True)

# Reductions and orders.
x = r(2, 3, 4)
case("Tensor.sum", x)
case("Tensor.sum", x, 1)
case("Tensor.sum", x, -1, keepdim=True)
case("Tensor.sum", x, [0, 2])
case("Tensor.sum", ints, dtype=torch.float32, kinds=[torch.float32])
case("Tensor.sum", x.to(torch.bfloat16), -1, dtype=torch.float32, kinds=[torch.float32])
case("Tensor.mean", x)
case("Tensor.mean", x, 1, keepdim=True)
case("Tensor.mean", x, [0, 1])
case("Tensor.var", x)
case("Tensor.var", x, unbiased=False)
case("Tensor.var", x, 1, unbiased=False, keepdim=True, by=lambda t, d, unbiased, keepdim: t.var(dim=d, unbiased=unbiased, keepdim=keepdim))
case("Tensor.norm", x)
case("Tensor.norm", x, 1, by=lambda t, d: t.norm(p=2, dim=d))
case("Tensor.norm", x, p=1.0)
case("Tensor.norm", x, 1, keepdim=True, by=lambda t, d, keepdim: t.norm(p=2, dim=d, keepdim=keepdim))
for name in ["max", "min"]:
    case(f"Tensor.{name}", x)
    case(f"Tensor.{name}", x, 1, kinds=[torch.float32, torch.int64])
    case(f"Tensor.{name}", x, -1, keepdim=True, kinds=[torch.float32, torch.int64])
case("Tensor.amax", x, 1)
case("Tensor.argmax", x)
case("Tensor.argmax", x, 2)
case("Tensor.argmax", x, 0, keepdim=True)
case("Tensor.cumsum", x, 1)
case("Tensor.cumsum", ints, 1, dtype=torch.float32, kinds=[torch.float32])
case("Tensor.sort", x, 1, kinds=[torch.float32, torch.int64])
case("Tensor.sort", torch.tensor([2, 1, 2, 1]), -1, descending=True, stable=True, by=lambda t, d, descending, stable: t.sort(dim=d, descending=descending, stable=stable))
case("Tensor.argsort", x, 1, descending=True)
case("Tensor.topk", x, 2, kinds=[torch.float32, torch.int64])
case("Tensor.topk", x, 2, 0, largest=False, kinds=[torch.float32, torch.int64])
case("Tensor.logsumexp", x, -1)
case("Tensor.logsumexp", x * 100, 1, keepdim=True, grad=False)
for name in ["softmax", "log_softmax"]:
    case(f"Tensor.{name}", x, -1)
    case(f"Tensor.{name}", x.to(torch.bfloat16), 1, dtype=torch.float32, kinds=[torch.float32])
    case(f"torch.{name}", x, 0)
    case(f"torch.nn.functional.{name}", x, 1)
case("torch.logsumexp", x, -1)

# Shapes.
case("Tensor.view", x, [4, -1])
case("Tensor.reshape", x, [6, 4])
case("Tensor.transpose", x, 1, 2)
case("Tensor.t", r(2, 3))
case("Tensor.permute", x, [2, 0, 1])
case("Tensor.unsqueeze", x, -1)
case("Tensor.squeeze", r(1, 2, 1))
case("Tensor.squeeze", r(1, 2, 1), 0)
case("Tensor.expand", r(2, 1, 3), [4, 2, 2, -1])
case("Tensor.flatten", x)
case("Tensor.flatten", x, 1)
case("Tensor.repeat", a, [2, 1, 2])
case("Tensor.repeat_interleave", a, 2)
case("Tensor.repeat_interleave", a, 2, 1)
case("Tensor.split", r(5, 2), 2)
case("Tensor.split", r(2, 5), 2, 1)
case("Tensor.to", a, torch.bfloat16, kinds=[torch.bfloat16], grad=False)
case("Tensor.to", a, torch.float64, kinds=[torch.float64], grad=False)
case("Tensor.to", ints, torch.bool)
case("Tensor.clone", a)
case("Tensor.detach", a, grad=False)
case("Tensor.contiguous", a)
case("Tensor.cpu", a)
case("Tensor.alias", a, by=torch.clone)

# Parts.
index = torch.tensor([2, 0, 2])
case("Tensor.narrow", x, 2, 1, 2)
case("Tensor.slice", x, 2, 0, 4, 2, by=lambda t, d, s, e, k: t[:, :, s:e:k])
case("Tensor.slice", x, 1, -2, 3, by=lambda t, d, s, e: t[:, s:e])
case("Tensor.select", x, 1, -1)
case("Tensor.index_select", x, 1, index)
case("Tensor.index_add", x, 1, index, r(2, 3, 4))
case("Tensor.index_add", x, 1, index, r(2, 3, 4), alpha=-0.5)
case("Tensor.index_add_", x, 1, index, r(2, 3, 4))
case("Tensor.index_copy_", x, 1, torch.tensor([2, 0]), r(2, 2, 4))
case("Tensor.index", x, [torch.tensor([1, 0]), torch.tensor([2, 2])], by=lambda t, i: t[i[0], i[1]])
case("Tensor.index_put_", x, [torch.tensor([1, 0]), torch.tensor([2, 1])], r(2, 4))
case("Tensor.index_put_", x, [torch.tensor([1, 1]), torch.tensor([2, 2])], r(2, 4), accumulate=True)
cols = torch.tensor([[2, 0], [1, 1]])
case("Tensor.gather", a, 1, cols)
unique = torch.tensor([[2, 0], [1, 0]])
case("Tensor.scatter", a, 1, unique, r(2, 2))
case("Tensor.scatter", a, 1, unique, 0.5)
case("Tensor.scatter_", a, 1, unique, r(2, 2))
case("Tensor.scatter_", a, 1, unique, 0.5)
case("Tensor.scatter_add_", a, 1, cols, r(2, 2))
case("Tensor.masked_fill", a, mask, -2.5)
case("Tensor.masked_fill_", a, mask, -2.5)
case("Tensor.nonzero", ints)
case("torch.cat", [a, r(1, 3)])
case("torch.cat", [a, r(2, 2)], 1)
case("torch.stack", [a, b], 1)
case("torch.where", mask, a, b)
case("torch.embedding", r(5, 3), torch.tensor([[4, 1], [1, 0]]))
case("torch.nn.functional.embedding", torch.tensor([[4, 1], [1, 0]]), r(5, 3))

# Matrix products.
case("Tensor.matmul", r(2, 3), r(3, 4))
case("Tensor.matmul", r(2, 1, 3, 4), r(3, 4, 2))
case("Tensor.mm", r(2, 3), r(3, 4))
# Large enough for oneDNN: below 4,096 multiplications libtorch 1.13 multiplies bfloat16 by a plain loop that also adds in bfloat16.
case("Tensor.mm", r(8, 32).div(8).to(torch.bfloat16), r(32, 24).div(8).to(torch.bfloat16))
case("Tensor.bmm", r(2, 3, 4), r(2, 4, 2))
case("Tensor.addmm", r(4), r(2, 3), r(3, 4), beta=0.5, alpha=-2)
case("Tensor.addmm_", r(2, 4), r(2, 3), r(3, 4), beta=0.5, alpha=-2)
case("Tensor.baddbmm", r(2, 3, 2), r(2, 3, 4), r(2, 4, 2), beta=0.5, alpha=2)
case("Tensor.outer", r(3), r(4))
case("Tensor.dot", r(5), r(5))
case("torch.matmul", r(2, 3), r(3))
case("torch.mm", r(2, 3), r(3, 2))
case("torch.bmm", r(2, 3, 4), r(2, 4, 2))
case("torch.addmm", r(4), r(2, 3), r(3, 4))
case("torch.baddbmm", r(2, 3, 2), r(2, 3, 4), r(2, 4, 2))
case("torch.outer", r(3), r(2))
case("torch.nn.functional.linear", r(2, 2, 3), r(4, 3))
case("torch.nn.functional.linear", r(2, 3), r(4, 3), r(4))
case("torch.nn.functional.linear", r(2, 8).to(torch.bfloat16), r(4, 8).to(torch.bfloat16), r(4).to(torch.bfloat16))

# The rest of torch.nn.functional.
for name in ["silu", "relu", "logsigmoid"]:
    case(f"torch.nn.functional.{name}", r(2, 3))
case("torch.nn.functional.logsigmoid", torch.tensor([-1000.0, 1000.0]), grad=False)
case("torch.nn.functional.softplus", r(2, 3), 2.0, 20.0)
case("torch.nn.functional.dropout", a, 0.5, False)

# Creation.
case("torch.zeros_like", a, grad=False)
case("torch.ones_like", ints)
for name, size in [("zeros", [2, 3]), ("ones", [3])]:
    case(f"torch.{name}", size)
    case(f"torch.{name}", size, dtype=torch.int64)
case("torch.full", [2, 2], 1.5)
case("torch.full", [2], 3, dtype=torch.bfloat16, kinds=[torch.bfloat16])
case("torch.arange", 5)
case("torch.arange", 2, 5, dtype=torch.float32)
case("torch.arange", 0.5, 3.0, 0.75)

lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
pathlib.Path(__file__).with_name("operators.json").write_text(f"[\n{lines}\n]\n")
print(f"{len(cases)} cases")
