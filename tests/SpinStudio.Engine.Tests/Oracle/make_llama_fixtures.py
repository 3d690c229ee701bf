"""Makes llama.json: what a Llama-family decoder must compute, by a plain implementation in Python on PyTorch that shares no line with the engine.

Run from this folder with: python3 make_llama_fixtures.py   (Debian: python3-torch)

Weights are given by a formula that both sides evaluate, so that the fixture holds only results: logits, summed log-probs, the SPIN loss, the norm and the
first entries of every gradient, and ten steps of AdamW and RMSprop by torch.optim.
"""
import json
import math

import torch

IDS = [[5, 9, 1, 33, 60, 2, 7], [8, 0, 44, 13, 13, 21, 3]]
PAIRS = [  # prompt, human answer, opponent's answer
    ([5, 9, 1], [33, 60, 2, 7], [11, 2]),
    ([8, 0], [44, 13, 13], [44, 21, 3, 17, 2]),
    ([30], [31, 32], [29, 28]),
]


def tensors(c):
    h, d = c["hidden_size"], c["head_dim"]
    yield "model.embed_tokens.weight", [c["vocab_size"], h]
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        yield p + "input_layernorm.weight", [h]
        yield p + "self_attn.q_proj.weight", [c["num_attention_heads"] * d, h]
        yield p + "self_attn.k_proj.weight", [c["num_key_value_heads"] * d, h]
        yield p + "self_attn.v_proj.weight", [c["num_key_value_heads"] * d, h]
        yield p + "self_attn.o_proj.weight", [h, c["num_attention_heads"] * d]
        yield p + "post_attention_layernorm.weight", [h]
        yield p + "mlp.gate_proj.weight", [c["intermediate_size"], h]
        yield p + "mlp.up_proj.weight", [c["intermediate_size"], h]
        yield p + "mlp.down_proj.weight", [h, c["intermediate_size"]]
    yield "model.norm.weight", [h]
    if not c["tie_word_embeddings"]:
        yield "lm_head.weight", [c["vocab_size"], h]


def weights(c):
    out = {}
    for k, (name, shape) in enumerate(tensors(c)):
        n = math.prod(shape)
        values = torch.sin(torch.arange(n, dtype=torch.float64) * 0.7 + 1.3 * k)
        values = 1 + 0.1 * values if len(shape) == 1 else 0.2 * values
        out[name] = values.float().reshape(shape).requires_grad_(True)
    return out


def inverse_frequencies(c):
    d = c["head_dim"]
    freqs = [c["rope_theta"] ** (-2 * i / d) for i in range(d // 2)]
    s = c["rope_scaling"]
    if s is None:
        return freqs
    if s["rope_type"] == "linear":
        return [f / s["factor"] for f in freqs]
    low = s["original_max_position_embeddings"] / s["low_freq_factor"]
    high = s["original_max_position_embeddings"] / s["high_freq_factor"]
    out = []
    for f in freqs:
        wavelength = 2 * math.pi / f
        if wavelength < high:
            out.append(f)
        elif wavelength > low:
            out.append(f / s["factor"])
        else:
            smooth = (s["original_max_position_embeddings"] / wavelength - s["low_freq_factor"]) / (s["high_freq_factor"] - s["low_freq_factor"])
            out.append((1 - smooth) * f / s["factor"] + smooth * f)
    return out


def norm(x, w, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * w


def rotate(x, angles):  # one head of one sequence: [time, d]
    d = x.shape[-1]
    both = torch.cat([angles, angles], -1)
    return x * both.cos() + torch.cat([-x[:, d // 2:], x[:, : d // 2]], -1) * both.sin()


def logits_of(c, w, ids):
    """One sequence, head by head: [time, vocab]."""
    time, d = len(ids), c["head_dim"]
    angles = torch.tensor([[p * f for f in inverse_frequencies(c)] for p in range(time)], dtype=torch.float32)
    x = w["model.embed_tokens.weight"][torch.tensor(ids)]
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        h = norm(x, w[p + "input_layernorm.weight"], c["rms_norm_eps"])
        q, k, v = (h @ w[p + f"self_attn.{n}_proj.weight"].T for n in "qkv")
        heads = []
        for head in range(c["num_attention_heads"]):
            kv = head // (c["num_attention_heads"] // c["num_key_value_heads"])
            qh = rotate(q[:, head * d:(head + 1) * d], angles)
            kh = rotate(k[:, kv * d:(kv + 1) * d], angles)
            scores = qh @ kh.T / math.sqrt(d)
            scores = scores.masked_fill(torch.ones(time, time).triu(1).bool(), -torch.inf)
            heads.append(scores.softmax(-1) @ v[:, kv * d:(kv + 1) * d])
        x = x + torch.cat(heads, -1) @ w[p + "self_attn.o_proj.weight"].T
        h = norm(x, w[p + "post_attention_layernorm.weight"], c["rms_norm_eps"])
        gate = h @ w[p + "mlp.gate_proj.weight"].T
        x = x + (gate * torch.sigmoid(gate) * (h @ w[p + "mlp.up_proj.weight"].T)) @ w[p + "mlp.down_proj.weight"].T
    x = norm(x, w["model.norm.weight"], c["rms_norm_eps"])
    return x @ (w["model.embed_tokens.weight"] if c["tie_word_embeddings"] else w["lm_head.weight"]).T


def log_prob(c, w, prompt, answer):
    logp = logits_of(c, w, prompt + answer).log_softmax(-1)
    return sum(logp[len(prompt) + j - 1, token] for j, token in enumerate(answer))


def spin_loss(c, w, reference, beta):
    losses = []
    for (prompt, real, generated), (ref_real, ref_generated) in zip(PAIRS, reference):
        margin = log_prob(c, w, prompt, real) - log_prob(c, w, prompt, generated) - (ref_real - ref_generated)
        losses.append(torch.nn.functional.softplus(-beta * margin))
    return sum(losses) / len(losses)


def case(name, **overrides):
    c = dict(architectures=["LlamaForCausalLM"], model_type="llama", hidden_act="silu", torch_dtype="float32", max_position_embeddings=128,
             vocab_size=61, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
             rms_norm_eps=1e-5, rope_theta=10000.0, rope_scaling=None, tie_word_embeddings=True, bos_token_id=0, eos_token_id=2)
    c.update(overrides)
    w = weights(c)
    out = {"name": name, "config": c}
    out["logits"] = [[float(v) for v in logits_of(c, w, ids)[-1]] for ids in IDS]
    # The reference differs from the policy, so that the loss is not ln 2 and no gradient vanishes.
    reference = [(-7.0, -6.5), (-11.0, -13.0), (-8.0, -9.0)]
    out["log_probs"] = [[float(log_prob(c, w, p, a)) for a in (r, g)] for p, r, g in PAIRS]
    loss = spin_loss(c, w, reference, 0.5)
    loss.backward()
    out["loss"] = float(loss)
    out["gradients"] = {n: {"norm": float(t.grad.norm()), "first": [float(v) for v in t.grad.flatten()[:4]]} for n, t in w.items()}
    for optimizer in ("adamw", "rmsprop"):
        w = weights(c)
        step = torch.optim.AdamW(w.values(), lr=2e-3, weight_decay=0.01) if optimizer == "adamw" else torch.optim.RMSprop(w.values(), lr=1e-3)
        losses = []
        for _ in range(10):
            step.zero_grad()
            loss = spin_loss(c, w, reference, 0.5)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(w.values(), 1.0)
            step.step()
            losses.append(float(loss))
        out[optimizer] = losses
    return out


if __name__ == "__main__":
    torch.manual_seed(0)
    cases = [
        case("tied, grouped queries"),
        case("separate head, one key head", tie_word_embeddings=False, num_key_value_heads=1),
        case("linear scaling, wide heads", rope_scaling={"rope_type": "linear", "factor": 4.0}, head_dim=12, num_key_value_heads=4),
        case("llama3 scaling", rope_theta=500.0, rope_scaling={
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}),
    ]
    with open("llama.json", "w", encoding="utf-8") as f:
        json.dump({"ids": IDS, "pairs": PAIRS, "reference": [[-7.0, -6.5], [-11.0, -13.0], [-8.0, -9.0]], "beta": 0.5, "cases": cases}, f, indent=None)
        f.write("\n")
