"""The model: Qwen3's architecture (pre-norm, rotary positions, grouped queries with normalised heads, SwiGLU, tied embeddings), names as Hugging Face has them."""
import math

import torch
import torch.nn.functional as F
from torch import nn

# Widths are multiples of 128.
SIZES = {
    "speck": dict(hidden=128, layers=1, heads=2, kv_heads=1, head_dim=64, inner=128),
    "tiny": dict(hidden=128, layers=2, heads=2, kv_heads=1, head_dim=64, inner=384),
    "small": dict(hidden=256, layers=4, heads=4, kv_heads=2, head_dim=64, inner=512),
    "medium": dict(hidden=256, layers=8, heads=4, kv_heads=2, head_dim=64, inner=512),
    "large": dict(hidden=384, layers=8, heads=6, kv_heads=2, head_dim=64, inner=768),
}
THETA = 10000.0
EPSILON = 1e-6


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + EPSILON)).to(x.dtype) * self.weight.to(x.dtype)


class Attention(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = s["heads"], s["kv_heads"], s["head_dim"]
        self.q_proj = nn.Linear(s["hidden"], self.heads * self.head_dim, bias=False)
        self.k_proj = nn.Linear(s["hidden"], self.kv_heads * self.head_dim, bias=False)
        self.v_proj = nn.Linear(s["hidden"], self.kv_heads * self.head_dim, bias=False)
        self.o_proj = nn.Linear(self.heads * self.head_dim, s["hidden"], bias=False)
        self.q_norm = Norm(self.head_dim)
        self.k_norm = Norm(self.head_dim)

    def forward(self, x, cos, sin):
        rows, length, _ = x.shape
        q = self.q_norm(self.q_proj(x).view(rows, length, self.heads, self.head_dim)).transpose(1, 2)
        k = self.k_norm(self.k_proj(x).view(rows, length, self.kv_heads, self.head_dim)).transpose(1, 2)
        v = self.v_proj(x).view(rows, length, self.kv_heads, self.head_dim).transpose(1, 2)
        # Under autocast the values are bf16, while turning widens.
        q, k = turned(q, cos, sin).to(v.dtype), turned(k, cos, sin).to(v.dtype)
        k = k.repeat_interleave(self.heads // self.kv_heads, 1)
        v = v.repeat_interleave(self.heads // self.kv_heads, 1)
        if hasattr(F, "scaled_dot_product_attention"):
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = q @ k.transpose(-1, -2) / math.sqrt(self.head_dim)
            future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
            mixed = scores.masked_fill(future, float("-inf")).softmax(-1).to(v.dtype) @ v
        return self.o_proj(mixed.transpose(1, 2).reshape(rows, length, -1))


class Mlp(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.gate_proj = nn.Linear(s["hidden"], s["inner"], bias=False)
        self.up_proj = nn.Linear(s["hidden"], s["inner"], bias=False)
        self.down_proj = nn.Linear(s["inner"], s["hidden"], bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.input_layernorm = Norm(s["hidden"])
        self.self_attn = Attention(s)
        self.post_attention_layernorm = Norm(s["hidden"])
        self.mlp = Mlp(s)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, s, vocabulary):
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, s["hidden"])
        self.layers = nn.ModuleList(Layer(s) for _ in range(s["layers"]))
        self.norm = Norm(s["hidden"])


class Net(nn.Module):
    def __init__(self, s, vocabulary, context):
        super().__init__()
        self.model = Body(s, vocabulary)
        angles = torch.outer(torch.arange(context).float(), 1.0 / THETA ** (torch.arange(0, s["head_dim"], 2).float() / s["head_dim"]))
        self.register_buffer("cos", torch.cat([angles.cos(), angles.cos()], -1), persistent=False)
        self.register_buffer("sin", torch.cat([angles.sin(), angles.sin()], -1), persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                deep = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * s["layers"]) if deep else 0.02)

    def hidden(self, ids):
        x = self.model.embed_tokens(ids)
        cos, sin = self.cos[: ids.shape[1]].to(x.dtype), self.sin[: ids.shape[1]].to(x.dtype)
        for layer in self.model.layers:
            x = layer(x, cos, sin)
        return self.model.norm(x)

    def forward(self, ids, learnt):
        """Logits of the positions whose next token is learnt, and those tokens."""
        wanted = learnt[:, 1:].bool()
        x = self.hidden(ids[:, :-1])[wanted]
        return F.linear(x, self.model.embed_tokens.weight), ids[:, 1:][wanted]


def turned(x, cos, sin):
    half = x.shape[-1] // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin
