"""A small Nemotron-H in plain PyTorch, with the tensor names of the Hugging Face checkpoint.

`hybrid_override_pattern` names the mixer of each layer: "M" Mamba-2, "*" grouped-query attention without
position encoding, "-" MLP with squared ReLU. Every mixer runs in two ways: over whole sequences, for
training and prefill, and over one token with a state, for generation.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from operations import (CausalConvSiluFunction, LinearBfloat16, NEGATIVE_INFINITY, RmsNormFunction,
                        SquaredReluFunction, scan_chunked)

TRAINING_CHUNK_SIZE = 32

# The shape of the first checkpoint, which later ones continue.
DEFAULT_CONFIG = {
    "vocab_size": 1536, "hidden_size": 192, "hybrid_override_pattern": "M-M*-M*-M-",
    "intermediate_size": 768, "mamba_num_heads": 8, "mamba_head_dim": 48, "n_groups": 2, "ssm_state_size": 32,
    "conv_kernel": 4, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64,
    "layer_norm_epsilon": 1e-5,
}


class Linear(nn.Module):
    """A linear map without bias; `low_precision` switches all of them to bfloat16 products."""
    low_precision = False

    def __init__(self, inputs, outputs, scale=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * 0.02 * scale)

    def forward(self, x):
        return LinearBfloat16.apply(x, self.weight) if Linear.low_precision else F.linear(x, self.weight)


class RmsNorm(nn.Module):
    def __init__(self, size, epsilon, groups=1):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon, self.groups = epsilon, groups

    def forward(self, x):
        if self.groups == 1:
            return RmsNormFunction.apply(x, self.weight, self.epsilon)
        grouped = x.view(*x.shape[:-1], self.groups, -1)
        return RmsNormFunction.apply(grouped, self.weight.view(self.groups, -1), self.epsilon).view(x.shape)


class Mamba2(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads, self.head_dim = config["mamba_num_heads"], config["mamba_head_dim"]
        self.groups, self.state_size = config["n_groups"], config["ssm_state_size"]
        self.inner = self.heads * self.head_dim
        self.channels = self.inner + 2 * self.groups * self.state_size
        self.taps = config["conv_kernel"]
        hidden, layers = config["hidden_size"], len(config["hybrid_override_pattern"])

        self.in_proj = Linear(hidden, self.inner + self.channels + self.heads)
        self.conv1d = nn.Module()
        self.conv1d.weight = nn.Parameter((torch.rand(self.channels, 1, self.taps) * 2 - 1) / self.taps ** 0.5)
        self.conv1d.bias = nn.Parameter(torch.zeros(self.channels))
        dt = torch.exp(torch.rand(self.heads) * math.log(0.1 / 0.001) + math.log(0.001)).clamp(min=1e-4)
        self.dt_bias = nn.Parameter(dt + torch.log(-torch.expm1(-dt)))  # inverse of softplus
        self.A_log = nn.Parameter(torch.log(torch.empty(self.heads).uniform_(1, 16)))
        self.D = nn.Parameter(torch.ones(self.heads))
        self.norm = RmsNorm(self.inner, config["layer_norm_epsilon"], self.groups)
        self.out_proj = Linear(self.inner, hidden, scale=layers ** -0.5)

    def new_state(self, batch):
        return {"conv": torch.zeros(batch, self.taps - 1, self.channels),
                "ssm": torch.zeros(batch, self.heads, self.head_dim, self.state_size)}

    def forward(self, u, state=None):
        batch, time, _ = u.shape
        z, xBC, dt = torch.split(self.in_proj(u), [self.inner, self.channels, self.heads], -1)
        A = -torch.exp(self.A_log)
        dt = F.softplus(dt + self.dt_bias)
        widths = [self.inner, self.groups * self.state_size, self.groups * self.state_size]
        if state is None:
            xBC = CausalConvSiluFunction.apply(xBC, self.conv1d.weight, self.conv1d.bias)
            x, B, C = torch.split(xBC, widths, -1)
            x = x.reshape(batch, time, self.heads, self.head_dim)
            B = B.reshape(batch, time, self.groups, self.state_size)
            C = C.reshape(batch, time, self.groups, self.state_size)
            y = scan_chunked(x, dt, A, B, C, min(TRAINING_CHUNK_SIZE, time))
        else:
            window = torch.cat([state["conv"], xBC], 1)
            state["conv"] = window[:, 1:]
            xBC = F.silu((window * self.conv1d.weight[:, 0].t()).sum(1) + self.conv1d.bias)
            x, B, C = torch.split(xBC, widths, -1)
            x = x.view(batch, self.heads, self.head_dim)
            repeats = self.heads // self.groups
            B = B.view(batch, self.groups, self.state_size).repeat_interleave(repeats, 1)
            C = C.view(batch, self.groups, self.state_size).repeat_interleave(repeats, 1)
            dt = dt[:, 0]
            decay = torch.exp(dt * A)[..., None, None]
            state["ssm"] = state["ssm"] * decay + (dt[..., None] * x)[..., None] * B[:, :, None]
            y, x = (state["ssm"] * C[:, :, None]).sum(-1)[:, None], x[:, None]
        y = (y + x * self.D[:, None]).reshape(batch, time, self.inner) * F.silu(z)
        return self.out_proj(self.norm(y))


class Mlp(nn.Module):
    def __init__(self, config):
        super().__init__()
        layers = len(config["hybrid_override_pattern"])
        self.up_proj = Linear(config["hidden_size"], config["intermediate_size"])
        self.down_proj = Linear(config["intermediate_size"], config["hidden_size"], scale=layers ** -0.5)

    def new_state(self, batch):
        return {}

    def forward(self, x, state=None):
        return self.down_proj(SquaredReluFunction.apply(self.up_proj(x)))


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.kv_heads, self.head_dim = config["num_key_value_heads"], config["head_dim"]
        self.queries_per_kv = config["num_attention_heads"] // self.kv_heads
        hidden, query_size = config["hidden_size"], config["num_attention_heads"] * self.head_dim
        self.q_proj = Linear(hidden, query_size)
        self.k_proj = Linear(hidden, self.kv_heads * self.head_dim)
        self.v_proj = Linear(hidden, self.kv_heads * self.head_dim)
        self.o_proj = Linear(query_size, hidden, scale=len(config["hybrid_override_pattern"]) ** -0.5)

    def new_state(self, batch):
        return {"key": torch.zeros(batch, self.kv_heads, 0, self.head_dim),
                "value": torch.zeros(batch, self.kv_heads, 0, self.head_dim)}

    def forward(self, x, state=None):
        batch, time, _ = x.shape
        heads = (batch, self.kv_heads, self.queries_per_kv, time)
        # Query heads of one key-value head lie one after the other, so that a single product serves them all.
        query = self.q_proj(x).view(batch, time, self.kv_heads, self.queries_per_kv, self.head_dim)
        query = query.permute(0, 2, 3, 1, 4).reshape(batch, self.kv_heads, -1, self.head_dim)
        key = self.k_proj(x).view(batch, time, self.kv_heads, self.head_dim).transpose(1, 2)
        value = self.v_proj(x).view(batch, time, self.kv_heads, self.head_dim).transpose(1, 2)
        if state is not None:
            key = state["key"] = torch.cat([state["key"], key], 2)
            value = state["value"] = torch.cat([state["value"], value], 2)
        scores = (query * self.head_dim ** -0.5) @ key.transpose(-1, -2)
        if state is None:
            future = torch.ones(time, time, dtype=torch.bool).triu(1)
            scores = scores.view(*heads, time).masked_fill(future, NEGATIVE_INFINITY).view(scores.shape)
        mixed = (torch.softmax(scores, -1) @ value).view(*heads, self.head_dim)
        return self.o_proj(mixed.permute(0, 3, 1, 2, 4).reshape(batch, time, -1))


class Block(nn.Module):
    def __init__(self, config, kind):
        super().__init__()
        self.norm = RmsNorm(config["hidden_size"], config["layer_norm_epsilon"])
        self.mixer = {"M": Mamba2, "*": Attention, "-": Mlp}[kind](config)

    def forward(self, x, state=None):
        return x + self.mixer(self.norm(x), state)


class NemotronH(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = {name: config.get(name, value) for name, value in DEFAULT_CONFIG.items()}
        config = self.config
        self.backbone = nn.Module()
        self.backbone.embeddings = nn.Embedding(config["vocab_size"], config["hidden_size"])
        nn.init.normal_(self.backbone.embeddings.weight, std=0.02)
        self.backbone.layers = nn.ModuleList(Block(config, kind) for kind in config["hybrid_override_pattern"])
        self.backbone.norm_f = RmsNorm(config["hidden_size"], config["layer_norm_epsilon"])
        self.lm_head = Linear(config["hidden_size"], config["vocab_size"])

    def hidden(self, ids, states=None):
        """[batch, time] -> [batch, time, hidden]. Without states, time must be a multiple of the chunk size."""
        x = self.backbone.embeddings(ids)
        for index, layer in enumerate(self.backbone.layers):
            x = layer(x, states[index] if states else None)
        return self.backbone.norm_f(x)

    def new_states(self, batch):
        return [layer.mixer.new_state(batch) for layer in self.backbone.layers]
