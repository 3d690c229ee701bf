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
    q, kv, m = c["num_attention_heads"] * d, c["num_key_value_heads"] * d, c["intermediate_size"]
    family = c["model_type"]
    qkv_bias, o_bias, mlp_bias = family == "qwen2" or c.get("attention_bias"), family != "qwen2" and c.get("attention_bias"), c.get("mlp_bias")
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        yield p + "input_layernorm.weight", [h]
        yield p + "self_attn.q_proj.weight", [q, h]
        yield p + "self_attn.k_proj.weight", [kv, h]
        yield p + "self_attn.v_proj.weight", [kv, h]
        if qkv_bias:
            yield p + "self_attn.q_proj.bias", [q]
            yield p + "self_attn.k_proj.bias", [kv]
            yield p + "self_attn.v_proj.bias", [kv]
        yield p + "self_attn.o_proj.weight", [h, q]
        if o_bias:
            yield p + "self_attn.o_proj.bias", [h]
        if family == "qwen3":
            yield p + "self_attn.q_norm.weight", [d]
            yield p + "self_attn.k_norm.weight", [d]
        yield p + "post_attention_layernorm.weight", [h]
        yield p + "mlp.gate_proj.weight", [m, h]
        yield p + "mlp.up_proj.weight", [m, h]
        if mlp_bias:
            yield p + "mlp.gate_proj.bias", [m]
            yield p + "mlp.up_proj.bias", [m]
        yield p + "mlp.down_proj.weight", [h, m]
        if mlp_bias:
            yield p + "mlp.down_proj.bias", [h]
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
    if s is None or s["rope_type"] == "dynamic":  # which changes nothing up to the model's positions
        return freqs
    if s["rope_type"] == "linear":
        return [f / s["factor"] for f in freqs]
    if s["rope_type"] == "yarn":  # arXiv 2309.00071, section 3.2, with the bounds rounded as in its published code
        def place(turns):
            return d * math.log(s["original_max_position_embeddings"] / (turns * 2 * math.pi)) / (2 * math.log(c["rope_theta"]))
        low, high = max(math.floor(place(s.get("beta_fast", 32))), 0), min(math.ceil(place(s.get("beta_slow", 1))), d - 1)
        ramp = [min(max((i - low) / ((high - low) or 0.001), 0), 1) for i in range(d // 2)]
        return [f / s["factor"] * r + f * (1 - r) for f, r in zip(freqs, ramp)]
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


def rotate(x, angles, scale):  # one head of one sequence: [time, d]
    d = x.shape[-1]
    both = torch.cat([angles, angles], -1)
    return x * both.cos() * scale + torch.cat([-x[:, d // 2:], x[:, : d // 2]], -1) * both.sin() * scale


def linear(w, name, x):
    return x @ w[name + ".weight"].T + w.get(name + ".bias", 0)


def window(c, layer, time):
    """How many tokens a token of this layer sees, itself included."""
    if c["model_type"] == "mistral":
        return c.get("sliding_window") or time
    return c["sliding_window"] if c.get("use_sliding_window") and layer >= c["max_window_layers"] else time


def logits_of(c, w, ids):
    """One sequence, head by head: [time, vocab]."""
    time, d = len(ids), c["head_dim"]
    scaling = c["rope_scaling"] or {}
    scale = 0.1 * math.log(scaling["factor"]) + 1 if scaling.get("rope_type") == "yarn" else 1
    angles = torch.tensor([[p * f for f in inverse_frequencies(c)] for p in range(time)], dtype=torch.float32)
    x = w["model.embed_tokens.weight"][torch.tensor(ids)]
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        h = norm(x, w[p + "input_layernorm.weight"], c["rms_norm_eps"])
        q, k, v = (linear(w, p + f"self_attn.{n}_proj", h) for n in "qkv")
        far = torch.ones(time, time).tril(-window(c, i, time)).bool()
        heads = []
        for head in range(c["num_attention_heads"]):
            kv = head // (c["num_attention_heads"] // c["num_key_value_heads"])
            qh, kh = q[:, head * d:(head + 1) * d], k[:, kv * d:(kv + 1) * d]
            if c["model_type"] == "qwen3":
                qh, kh = norm(qh, w[p + "self_attn.q_norm.weight"], c["rms_norm_eps"]), norm(kh, w[p + "self_attn.k_norm.weight"], c["rms_norm_eps"])
            qh, kh = rotate(qh, angles, scale), rotate(kh, angles, scale)
            scores = qh @ kh.T / math.sqrt(d)
            scores = scores.masked_fill(torch.ones(time, time).triu(1).bool() | far, -torch.inf)
            heads.append(scores.softmax(-1) @ v[:, kv * d:(kv + 1) * d])
        x = x + linear(w, p + "self_attn.o_proj", torch.cat(heads, -1))
        h = norm(x, w[p + "post_attention_layernorm.weight"], c["rms_norm_eps"])
        gate = linear(w, p + "mlp.gate_proj", h)
        x = x + linear(w, p + "mlp.down_proj", gate * torch.sigmoid(gate) * linear(w, p + "mlp.up_proj", h))
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


def case(name, trains=False, **overrides):
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
    for optimizer in ("adamw", "rmsprop") if trains else ():
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
        case("tied, grouped queries", trains=True),
        case("separate head, one key head", trains=True, tie_word_embeddings=False, num_key_value_heads=1),
        case("linear scaling, wide heads", rope_scaling={"rope_type": "linear", "factor": 4.0}, head_dim=12, num_key_value_heads=4),
        case("llama3 scaling", trains=True, rope_theta=500.0, rope_scaling={
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}),
        case("biases everywhere", attention_bias=True, mlp_bias=True),
        case("mistral, window of three", architectures=["MistralForCausalLM"], model_type="mistral", sliding_window=3, head_dim=12),
        case("qwen2, biases", architectures=["Qwen2ForCausalLM"], model_type="qwen2", num_key_value_heads=1),
        case("qwen2, window in the second layer", architectures=["Qwen2ForCausalLM"], model_type="qwen2", use_sliding_window=True, sliding_window=2, max_window_layers=1),
        case("qwen3, norms of queries and keys", architectures=["Qwen3ForCausalLM"], model_type="qwen3", head_dim=16, tie_word_embeddings=False),
        case("yarn scaling", rope_theta=100.0, rope_scaling={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "beta_fast": 2.0, "beta_slow": 0.5}),
        case("dynamic scaling", rope_scaling={"rope_type": "dynamic", "factor": 2.0}),
    ]
    with open("llama.json", "w", encoding="utf-8") as f:
        json.dump({"ids": IDS, "pairs": PAIRS, "reference": [[-7.0, -6.5], [-11.0, -13.0], [-8.0, -9.0]], "beta": 0.5, "cases": cases}, f, indent=None)
        f.write("\n")
