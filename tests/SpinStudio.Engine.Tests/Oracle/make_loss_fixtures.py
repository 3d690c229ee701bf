"""Writes losses.json: the losses of pairs and their gradients by plain PyTorch, over the decoder of make_llama_fixtures.py. Run with: python3 make_loss_fixtures.py"""

import json

import torch

from make_llama_fixtures import PAIRS, log_prob, weights

CONFIG = dict(model_type="llama", hidden_act="silu", max_position_embeddings=128, vocab_size=61, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
              num_attention_heads=4, num_key_value_heads=2, head_dim=8, rms_norm_eps=1e-5, rope_theta=10000.0, rope_scaling=None, tie_word_embeddings=True)
REFERENCE = [(-7.0, -6.5), (-11.0, -13.0), (-8.0, -9.0)]

LOSSES = {
    "sigmoid": lambda t: torch.log1p(torch.exp(-t)),
    "hinge": lambda t: torch.maximum(torch.zeros(()), 1 - t),
    "exponential": lambda t: torch.exp(-t),
    "correlation": lambda t: 1 - t,
}


def case(loss, beta=0.5, smoothing=0.0, normalised=False, sft=0.0):
    w = weights(CONFIG)
    of = LOSSES[loss]
    total, nll = 0, 0
    for (prompt, real, generated), (ref_real, ref_generated) in zip(PAIRS, REFERENCE):
        y, other = log_prob(CONFIG, w, prompt, real), log_prob(CONFIG, w, prompt, generated)
        n, m = (len(real), len(generated)) if normalised else (1, 1)
        margin = beta * ((y - ref_real) / n - (other - ref_generated) / m)
        nll = nll - y / len(real)
        total = total + (1 - smoothing) * of(margin) + smoothing * of(-margin) - sft * y / len(real)
    mean = total / len(PAIRS)
    mean.backward()
    return dict(loss=loss, beta=beta, label_smoothing=smoothing, length_normalised=normalised, sft_weight=sft, value=float(mean), nll=float(nll / len(PAIRS)),
                gradients={n: dict(norm=float(t.grad.norm()), first=[float(v) for v in t.grad.flatten()[:4]]) for n, t in w.items()})


if __name__ == "__main__":
    cases = [case(loss) for loss in LOSSES]
    cases += [case(loss, smoothing=0.1) for loss in LOSSES]
    cases += [case(loss, beta=2.0, normalised=True) for loss in ("sigmoid", "hinge")]
    cases += [case("sigmoid", sft=0.7), case("exponential", beta=0.1, smoothing=0.2, normalised=True, sft=1.5)]
    with open("losses.json", "w", encoding="utf-8") as f:
        json.dump(cases, f)
        f.write("\n")
