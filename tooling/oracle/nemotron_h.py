"""Nemotron-H in numpy, float64 throughout: the oracle that Krait's goldens come from.

Written for clarity, not speed: one sequence at a time, no batching, no padding. Weights are cast
exactly from what the checkpoint holds to float64, so the result is the precise answer for the stored
weights. An engine in float32 lands within about 1e-5 of it; the pass mark is 1e-4.

One character of `hybrid_override_pattern` for each layer:

    M  Mamba-2        -  MLP, relu(x)^2, without a gate        *  attention, without positions

    h = embeddings[token];    h = h + mixer(rmsnorm(h)) for each layer;    logits = head @ rmsnorm(h)

NVIDIA 2025, arXiv:2504.03624. Where implementations disagree, the choice and its reason stand beside
the code.
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from safetensors_file import read_safetensors


@dataclass
class Config:
    """The fields of `config.json` that the model depends on, under their own names."""

    vocab_size: int
    hidden_size: int
    hybrid_override_pattern: str
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int  # explicit, and not hidden_size / num_attention_heads
    intermediate_size: int
    mamba_num_heads: int
    mamba_head_dim: int
    ssm_state_size: int
    n_groups: int
    conv_kernel: int
    chunk_size: int  # changes rounding only
    layer_norm_epsilon: float  # of every norm
    use_conv_bias: bool = True
    # No limit. transformers 5 clamps to (time_step_min, inf) instead, and in prefill only; the model was
    # trained without a clamp, and NVIDIA's own code, vLLM and ggml run it so.
    time_step_limit: tuple[float, float] = (0.0, float("inf"))

    @property
    def inner(self) -> int:
        """Mamba's width: heads * head_dim, and not expand * hidden_size."""
        return self.mamba_num_heads * self.mamba_head_dim

    @property
    def conv_channels(self) -> int:
        """The channels that the convolution mixes along time: x, B and C."""
        return self.inner + 2 * self.n_groups * self.ssm_state_size

    @staticmethod
    def from_json(json: dict) -> Config:
        known = {name: json[name] for name in Config.__dataclass_fields__ if name in json}
        return Config(**known)


@dataclass
class State:
    """What is carried from one call to the next, by the index of the layer.

    conv    (conv_channels, conv_kernel - 1)  the last inputs of the convolution, oldest first
    ssm     (mamba_num_heads, mamba_head_dim, ssm_state_size)
    k, v    (tokens, num_key_value_heads, head_dim)
    """

    conv: dict[int, np.ndarray]
    ssm: dict[int, np.ndarray]
    k: dict[int, np.ndarray]
    v: dict[int, np.ndarray]


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def silu(x):
    return x * sigmoid(x)


def softplus(x):
    return np.logaddexp(0, x)


def rmsnorm(x, weight, epsilon):
    return weight * x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + epsilon)


def gated_group_rmsnorm(y, gate, weight, epsilon, groups):
    """The gate first, then each group of channels normalized on its own, then the weight."""
    y = y * silu(gate)
    g = y.reshape(*y.shape[:-1], groups, -1)
    g = g / np.sqrt(np.mean(g * g, axis=-1, keepdims=True) + epsilon)
    return g.reshape(y.shape) * weight


class NemotronH:
    def __init__(self, config: Config, weights: dict[str, np.ndarray]):
        self.config = config
        self.weights = {name: np.asarray(values, np.float64) for name, values in weights.items()}

    @staticmethod
    def load(folder: Path) -> NemotronH:
        """A folder in the Hugging Face layout, with an index of shards."""
        index = json.loads((folder / "model.safetensors.index.json").read_text())
        weights = {}
        for shard in sorted(set(index["weight_map"].values())):
            weights.update(read_safetensors(folder / shard))
        return NemotronH(Config.from_json(json.loads((folder / "config.json").read_text())), weights)

    def new_state(self) -> State:
        c = self.config
        state = State({}, {}, {}, {})
        for layer, kind in enumerate(c.hybrid_override_pattern):
            if kind == "M":
                state.conv[layer] = np.zeros((c.conv_channels, c.conv_kernel - 1))
                state.ssm[layer] = np.zeros((c.mamba_num_heads, c.mamba_head_dim, c.ssm_state_size))
            elif kind == "*":
                state.k[layer] = np.zeros((0, c.num_key_value_heads, c.head_dim))
                state.v[layer] = np.zeros((0, c.num_key_value_heads, c.head_dim))
        return state

    def hidden(self, tokens, state: State, trace: list | None = None) -> np.ndarray:
        """The final norm's output `(tokens, hidden_size)`, after `state`, which is brought up to date.

        `trace` receives the embedding, the residual stream after every layer, and the result.
        """
        c = self.config
        h = self.weights["backbone.embeddings.weight"][np.asarray(tokens)]
        trace = [] if trace is None else trace
        trace.append(h)
        for layer, kind in enumerate(c.hybrid_override_pattern):
            name = f"backbone.layers.{layer}."
            mixer = {"M": self._mamba, "*": self._attention, "-": self._mlp}[kind]
            x = rmsnorm(h, self.weights[name + "norm.weight"], c.layer_norm_epsilon)
            h = h + mixer(layer, name + "mixer.", x, state)
            trace.append(h)
        h = rmsnorm(h, self.weights["backbone.norm_f.weight"], c.layer_norm_epsilon)
        trace.append(h)
        return h

    def head(self, hidden: np.ndarray) -> np.ndarray:
        """Logits `(tokens, vocab_size)`: no bias, no scale, and weights of its own."""
        return hidden @ self.weights["lm_head.weight"].T

    def _linear(self, x, name):
        return x @ self.weights[name + ".weight"].T

    def _mlp(self, layer, name, x, state):
        return self._linear(np.maximum(self._linear(x, name + "up_proj"), 0) ** 2, name + "down_proj")

    def _attention(self, layer, name, x, state):
        c = self.config
        new = len(x)
        # Query head h reads key-value head h // shared.
        shared = c.num_attention_heads // c.num_key_value_heads
        q = self._linear(x, name + "q_proj").reshape(new, c.num_key_value_heads, shared, c.head_dim)
        for cache, projection in ((state.k, "k_proj"), (state.v, "v_proj")):
            rows = self._linear(x, name + projection).reshape(new, c.num_key_value_heads, c.head_dim)
            cache[layer] = np.concatenate([cache[layer], rows])
        k = state.k[layer].transpose(1, 2, 0)[:, None]  # (kv heads, 1, head_dim, positions)
        v = state.v[layer].transpose(1, 0, 2)[:, None]  # (kv heads, 1, positions, head_dim)
        score = q.transpose(1, 2, 0, 3) @ k / np.sqrt(c.head_dim)
        positions = k.shape[-1]
        future = np.arange(positions) > np.arange(positions - new, positions)[:, None]
        score[..., future] = -np.inf
        score = np.exp(score - score.max(axis=-1, keepdims=True))
        score /= score.sum(axis=-1, keepdims=True)
        out = (score @ v).transpose(2, 0, 1, 3).reshape(new, c.num_attention_heads * c.head_dim)
        return self._linear(out, name + "o_proj")

    def _mamba(self, layer, name, x, state):
        c = self.config
        rows, heads, groups, states, kernel = len(x), c.mamba_num_heads, c.n_groups, c.ssm_state_size, c.conv_kernel
        gate, xbc, dt = np.split(self._linear(x, name + "in_proj"), [c.inner, c.inner + c.conv_channels], axis=-1)

        # Tap kernel - 1 is the row itself; the state keeps the inputs, before weight, bias and SiLU.
        taps = self.weights[name + "conv1d.weight"][:, 0, :]
        past = np.concatenate([state.conv[layer], xbc.T], axis=1)
        mixed = sum(taps[:, j : j + 1] * past[:, j : j + rows] for j in range(kernel))
        if c.use_conv_bias:
            mixed = mixed + self.weights[name + "conv1d.bias"][:, None]
        state.conv[layer] = past[:, past.shape[1] - (kernel - 1) :]
        xs, b, cs = np.split(silu(mixed).T, [c.inner, c.inner + groups * states], axis=-1)
        xs = xs.reshape(rows, heads, c.mamba_head_dim)
        # Head h reads group h // (heads / groups).
        b = np.repeat(b.reshape(rows, groups, states), heads // groups, axis=1)
        cs = np.repeat(cs.reshape(rows, groups, states), heads // groups, axis=1)

        dt = np.clip(softplus(dt + self.weights[name + "dt_bias"]), *c.time_step_limit)
        a = -np.exp(self.weights[name + "A_log"])
        y, state.ssm[layer] = self._scan(xs, dt, a, b, cs, state.ssm[layer])
        # The skip takes x after convolution and SiLU, and not multiplied by dt.
        y = (y + self.weights[name + "D"][:, None] * xs).reshape(rows, c.inner)
        y = gated_group_rmsnorm(y, gate, self.weights[name + "norm.weight"], c.layer_norm_epsilon, groups)
        return self._linear(y, name + "out_proj")

    def _scan(self, x, dt, a, b, c, s):
        """s = exp(dt a) s + dt x b^T;  y = s c  for each head, `chunk_size` rows at a time.

        Dao & Gu 2024, arXiv:2405.21060, section 6.
        """
        y = np.empty_like(x)
        for first in range(0, len(x), self.config.chunk_size):
            rows = slice(first, min(first + self.config.chunk_size, len(x)))
            decay = np.cumsum(dt[rows] * a, axis=0)  # log decay from the chunk's start, (rows, heads)
            drive = dt[rows][:, :, None] * x[rows]
            between = decay[:, None, :] - decay[None, :, :]
            causal = np.tril(np.ones((len(decay), len(decay)), bool))[:, :, None]
            mix = np.einsum("thn,shn->tsh", c[rows], b[rows]) * np.exp(np.where(causal, between, -np.inf))
            y[rows] = np.einsum("tsh,shp->thp", mix, drive)
            y[rows] += np.einsum("thn,hpn->thp", c[rows], s) * np.exp(decay)[:, :, None]
            to_end = np.exp(decay[-1] - decay)
            s = s * np.exp(decay[-1])[:, None, None] + np.einsum("thp,thn->hpn", drive * to_end[:, :, None], b[rows])
        return y, s
