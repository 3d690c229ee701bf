"""Makes lora.json: log-probs, SPIN loss and every gradient of low-rank adapters, by the plain decoder of make_llama_fixtures.py on W + s·B·A.

Run from this folder with: python3 make_lora_fixtures.py   (Debian: python3-torch)
"""
import json
import math

import torch

from make_llama_fixtures import PAIRS, log_prob, spin_loss, tensors, weights

REFERENCE = [(-7.0, -6.5), (-11.0, -13.0), (-8.0, -9.0)]


def fill(k, shape):
    return (0.1 * torch.sin(torch.arange(math.prod(shape), dtype=torch.float64) * 0.3 + 0.9 * k)).float().reshape(shape).requires_grad_(True)


def case(name, rank, alpha, targets, rslora=False, **overrides):
    c = dict(architectures=["LlamaForCausalLM"], model_type="llama", hidden_act="silu", torch_dtype="float32", max_position_embeddings=128,
             vocab_size=61, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
             rms_norm_eps=1e-5, rope_theta=10000.0, rope_scaling=None, tie_word_embeddings=True, bos_token_id=0, eos_token_id=2)
    c.update(overrides)
    scale = alpha / (math.sqrt(rank) if rslora else rank)
    w = {n: t.detach() for n, t in weights(c).items()}
    adapters = {}
    modules = [(n[: -len(".weight")], s) for n, s in tensors(c) if n.endswith("_proj.weight") and n.split(".")[-2] in targets]
    for k, (module, (rows, columns)) in enumerate(modules):
        a, b = fill(2 * k, [rank, columns]), fill(2 * k + 1, [rows, rank])
        adapters[f"base_model.model.{module}.lora_A.weight"], adapters[f"base_model.model.{module}.lora_B.weight"] = a, b
        w[module + ".weight"] = w[module + ".weight"] + scale * (b @ a)
    loss = spin_loss(c, w, REFERENCE, 0.5)
    loss.backward()
    return {"name": name, "config": c, "rank": rank, "alpha": alpha, "targets": targets, "rslora": rslora,
            "log_probs": [[float(log_prob(c, w, p, x)) for x in (r, g)] for p, r, g in PAIRS], "loss": float(loss),
            "gradients": {n: {"norm": float(t.grad.norm()), "first": [float(v) for v in t.grad.flatten()[:4]]} for n, t in adapters.items()}}


if __name__ == "__main__":
    everything = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    cases = [
        case("every projection", 4, 8.0, everything),
        case("queries and values alone", 2, 3.0, ["q_proj", "v_proj"]),
        case("up alone, rank-stabilised", 9, 6.0, ["up_proj"], rslora=True, tie_word_embeddings=False),
        case("qwen2, biases", 3, 3.0, everything, architectures=["Qwen2ForCausalLM"], model_type="qwen2", num_key_value_heads=1),
    ]
    with open("lora.json", "w", encoding="utf-8") as f:
        json.dump({"pairs": PAIRS, "reference": REFERENCE, "beta": 0.5, "cases": cases}, f, indent=None)
        f.write("\n")
