"""A Llama-style decoder as one writes it in plain PyTorch: padded batches, a mask, eager attention with repeated key-value heads, fp32 norms and softmax."""

import json
import struct
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint


def read_safetensors(path):
    """All tensors of a safetensors file as fp32: an 8-byte header length, a JSON header, raw little-endian data."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        assert entry["dtype"] == "F32", f"{name} is {entry['dtype']}"
        values = numpy.frombuffer(data, dtype="<f4", count=(end - begin) // 4, offset=8 + length + begin)
        tensors[name] = torch.from_numpy(values.copy()).view(entry["shape"])
    return tensors


class RMSNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps)
        return self.weight * wide.to(x.dtype)


def turn(x, cos, sin):
    """Rotary positions: halves of a head are turned together. x [batch, heads, time, width]; cos, sin [batch, 1, time, width]."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, self.width = config["hidden_size"], config["head_dim"]
        self.heads, self.kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
        self.q_proj = nn.Linear(hidden, self.heads * self.width, bias=False)
        self.k_proj = nn.Linear(hidden, self.kv_heads * self.width, bias=False)
        self.v_proj = nn.Linear(hidden, self.kv_heads * self.width, bias=False)
        self.o_proj = nn.Linear(self.heads * self.width, hidden, bias=False)

    def forward(self, x, cos, sin, mask, past):
        batch, time, _ = x.shape
        q = self.q_proj(x).view(batch, time, self.heads, self.width).transpose(1, 2)
        k = self.k_proj(x).view(batch, time, self.kv_heads, self.width).transpose(1, 2)
        v = self.v_proj(x).view(batch, time, self.kv_heads, self.width).transpose(1, 2)
        q, k = turn(q, cos, sin), turn(k, cos, sin)
        if past is not None:
            k, v = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
        present = (k, v)
        groups = self.heads // self.kv_heads
        k = k[:, :, None].expand(-1, -1, groups, -1, -1).reshape(batch, self.heads, -1, self.width)
        v = v[:, :, None].expand(-1, -1, groups, -1, -1).reshape(batch, self.heads, -1, self.width)
        scores = torch.matmul(q, k.transpose(2, 3)) / self.width**0.5 + mask
        shares = F.softmax(scores, dim=-1, dtype=torch.float32).to(q.dtype)
        mixed = torch.matmul(shares, v).transpose(1, 2).reshape(batch, time, -1)
        return self.o_proj(mixed), present


class FeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, wide = config["hidden_size"], config["intermediate_size"]
        self.gate_proj = nn.Linear(hidden, wide, bias=False)
        self.up_proj = nn.Linear(hidden, wide, bias=False)
        self.down_proj = nn.Linear(wide, hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.input_layernorm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])
        self.mlp = FeedForward(config)

    def forward(self, x, cos, sin, mask, past=None):
        attended, present = self.self_attn(self.input_layernorm(x), cos, sin, mask, past)
        x = x + attended
        return x + self.mlp(self.post_attention_layernorm(x)), present


class Llama(nn.Module):
    """Weights have the names of the checkpoint."""

    def __init__(self, config, checkpointing=False):
        super().__init__()
        self.config, self.checkpointing = config, checkpointing
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.model.layers = nn.ModuleList(Layer(config) for _ in range(config["num_hidden_layers"]))
        self.model.norm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])
        half = torch.arange(0, config["head_dim"], 2).float() / config["head_dim"]
        self.frequencies = config["rope_theta"] ** -half

    @classmethod
    def load(cls, folder, dtype, checkpointing=False):
        config = json.loads((Path(folder) / "config.json").read_text())
        assert config["tie_word_embeddings"]
        model = cls(config, checkpointing)
        model.load_state_dict(read_safetensors(Path(folder) / "model.safetensors"))
        return model.to(dtype)

    def forward(self, ids, attention_mask, positions, past=None):
        """ids [batch, time]; attention_mask [batch, past + time], 1 where a token counts. Returns fp32 logits [batch, time, vocab] and keys and values."""
        x = self.model.embed_tokens(ids)
        angles = positions[:, None, :, None].float() * self.frequencies
        cos, sin = (torch.cat((part, part), dim=-1).to(x.dtype) for part in (angles.cos(), angles.sin()))
        total, time = attention_mask.shape[1], ids.shape[1]
        future = torch.ones(time, total, dtype=torch.bool).triu(total - time + 1)
        hidden = future[None, None] | (attention_mask[:, None, None] == 0)
        mask = torch.zeros(hidden.shape, dtype=x.dtype).masked_fill(hidden, torch.finfo(x.dtype).min)
        presents = []
        for i, layer in enumerate(self.model.layers):
            if self.checkpointing and self.training and torch.is_grad_enabled():
                x, present = checkpoint(layer, x, cos, sin, mask)
            else:
                x, present = layer(x, cos, sin, mask, None if past is None else past[i])
            presents.append(present)
        return F.linear(self.model.norm(x), self.model.embed_tokens.weight).float(), presents
