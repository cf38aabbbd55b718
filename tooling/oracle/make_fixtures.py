"""Writes the fixtures: tiny checkpoints in the real layout, and what the oracle computes from them.

    python3 make_fixtures.py OUT_FOLDER

Weights come from fixed seeds, so the checkpoints are the same bytes with the same numpy. Goldens are
float64 results rounded to float32.
"""
import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from nemotron_h import Config, NemotronH
from safetensors_file import to_bf16, write_safetensors

# Fields that the released models carry too, whether or not anything reads them.
COMMON = {
    "architectures": ["NemotronHForCausalLM"], "model_type": "nemotron_h", "torch_dtype": "bfloat16",
    "attention_bias": False, "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 12, "pad_token_id": 0,
    "expand": 2, "hidden_dropout": 0.0, "initializer_range": 0.02, "layer_norm_epsilon": 1e-05,
    "mamba_hidden_act": "silu", "mamba_proj_bias": False, "max_position_embeddings": 131072, "mlp_bias": False,
    "mlp_hidden_act": "relu2", "num_logits_to_keep": 1, "rescale_prenorm_residual": True, "residual_in_fp32": False,
    "rms_norm_eps": 1e-05, "sliding_window": None, "tie_word_embeddings": False,
    "time_step_floor": 0.0001, "time_step_max": 0.1, "time_step_min": 0.001,
    "use_bias": False, "use_cache": True, "use_conv_bias": True, "use_mamba_kernels": True, "conv_kernel": 4,
}

FIXTURES = {
    # Small and quick: two groups, chunks of 32.
    "tiny-a": dict(seed=101, shard_bytes=120_000, config=dict(
        vocab_size=512, hidden_size=64, hybrid_override_pattern="M-M*-M-", num_attention_heads=4,
        num_key_value_heads=2, head_dim=32, intermediate_size=160, mamba_num_heads=8, mamba_head_dim=16,
        ssm_state_size=32, n_groups=2, chunk_size=32)),
    # The 9B's proportions. The infinity becomes the bare word, which JSON lacks and published configs have.
    "tiny-b": dict(seed=202, shard_bytes=4_000_000, config=dict(
        vocab_size=1024, hidden_size=128, hybrid_override_pattern="M-M-M*-M-M*-", num_attention_heads=8,
        num_key_value_heads=2, head_dim=128, intermediate_size=448, mamba_num_heads=8, mamba_head_dim=80,
        ssm_state_size=128, n_groups=8, chunk_size=128, time_step_limit=[0.0, float("inf")])),
}
PROMPT_LENGTHS = (1, 7, 64, 300)
GREEDY_TOKENS = 32
SPECIAL_IDS = {0, 1, 2, 11, 12}  # not in a greedy path, so that no engine stops there
MINIMUM_MARGIN = 0.05  # of the best logit over the second along a greedy path: float32 decides alike


def make_weights(config: Config, rng) -> dict[str, np.ndarray]:
    """Random, at scales that keep each layer's contribution to the residual stream near 0.5 to 1."""
    hidden, weights = config.hidden_size, {}

    def matrix(name, outputs, inputs, gain=1.0):
        weights[name + ".weight"] = rng.standard_normal((outputs, inputs)) * (gain / np.sqrt(inputs))

    def around_one(name, length):
        weights[name + ".weight"] = 1 + 0.15 * rng.standard_normal(length)

    weights["backbone.embeddings.weight"] = rng.standard_normal((config.vocab_size, hidden))
    for layer, kind in enumerate(config.hybrid_override_pattern):
        name = f"backbone.layers.{layer}."
        mixer = name + "mixer."
        around_one(name + "norm", hidden)
        if kind == "M":
            heads, channels = config.mamba_num_heads, config.conv_channels
            time_step = np.exp(rng.uniform(np.log(0.001), np.log(0.1), heads))
            weights[mixer + "A_log"] = np.log(rng.uniform(1, 16, heads))
            weights[mixer + "D"] = rng.uniform(0.5, 1.5, heads)
            weights[mixer + "conv1d.weight"] = rng.standard_normal((channels, 1, config.conv_kernel)) * 0.5
            weights[mixer + "conv1d.bias"] = rng.standard_normal(channels) * 0.2
            weights[mixer + "dt_bias"] = time_step + np.log(-np.expm1(-time_step))  # softplus gives it back
            matrix(mixer + "in_proj", config.inner + channels + heads, hidden, 1.2)
            around_one(mixer + "norm", config.inner)
            matrix(mixer + "out_proj", hidden, config.inner, 0.8)
        elif kind == "*":
            queries, keys = (count * config.head_dim for count in (config.num_attention_heads, config.num_key_value_heads))
            matrix(mixer + "q_proj", queries, hidden, 1.6)
            matrix(mixer + "k_proj", keys, hidden, 1.6)
            matrix(mixer + "v_proj", keys, hidden)
            matrix(mixer + "o_proj", hidden, queries, 1.5)
        else:
            matrix(mixer + "up_proj", config.intermediate_size, hidden)
            matrix(mixer + "down_proj", hidden, config.intermediate_size, 0.6)
    around_one("backbone.norm_f", hidden)
    matrix("lm_head", config.vocab_size, hidden, 3.0)
    return weights


def write_checkpoint(folder: Path, config_json: dict, weights: dict[str, np.ndarray], shard_bytes: int) -> None:
    stored = {name: ("BF16", to_bf16(values)) for name, values in weights.items()}
    shards, size = [{}], 0
    for name, (dtype, values) in stored.items():
        if size + values.nbytes > shard_bytes and shards[-1]:
            shards.append({})
            size = 0
        shards[-1][name] = (dtype, values)
        size += values.nbytes
    weight_map = {}
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        write_safetensors(folder / file, shard)
        weight_map.update({name: file for name in shard})
    total = sum(values.nbytes for _, values in stored.values())
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1))
    (folder / "config.json").write_text(json.dumps(config_json, indent=2))


def greedy(model: NemotronH, prompt) -> tuple[list[int], float, np.ndarray]:
    """The ids, the smallest margin of the best logit over the second, and the logits that chose each id."""
    state = model.new_state()
    logits = model.head(model.hidden(prompt, state)[-1:])[0]
    ids, margins, rows = [], [], []
    for _ in range(GREEDY_TOKENS):
        second, best = np.partition(logits, -2)[-2:]
        ids.append(int(np.argmax(logits)))
        margins.append(best - second)
        rows.append(logits)
        logits = model.head(model.hidden(ids[-1:], state))[0]
    return ids, min(margins), np.array(rows)


def recorded_positions(length: int, chunk: int) -> list[int]:
    """The first ones, the last ones, and those around the edges of chunks."""
    wanted = {0, 1, 2, 3, 4, 5, 6, length // 2, length - 2, length - 1}
    for edge in (chunk, 2 * chunk, 64, 128, 256):
        wanted |= {edge - 2, edge - 1, edge, edge + 1, edge + 3}
    return sorted(position for position in wanted if 0 <= position < length)


def make(name: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    spec = FIXTURES[name]
    config_json = {**COMMON, **spec["config"]}
    config_json["num_hidden_layers"] = len(config_json["hybrid_override_pattern"])
    config_json = dict(sorted(config_json.items()))
    config = Config.from_json(config_json)
    rng = np.random.default_rng(spec["seed"])
    write_checkpoint(folder, config_json, make_weights(config, rng), spec["shard_bytes"])
    model = NemotronH.load(folder)  # goldens come from the bytes on disk

    golden, prompts = {}, {}
    for length in PROMPT_LENGTHS:
        while True:  # until a prompt's greedy path has no near ties, no special ids, and some variety
            prompt = rng.integers(16, config.vocab_size, length)
            ids, margin, rows = greedy(model, prompt)
            if margin >= MINIMUM_MARGIN and not SPECIAL_IDS & set(ids) and len(set(ids)) >= 12:
                break
        trace, state = [], model.new_state()
        logits = model.head(model.hidden(prompt, state, trace))
        positions = recorded_positions(length, config.chunk_size)
        p = f"p{length}."
        golden[p + "ids"] = ("I64", prompt)
        golden[p + "logits_pos"] = ("I64", np.array(positions))
        golden[p + "logits"] = ("F32", logits[positions])
        golden[p + "hidden_last"] = ("F32", np.array([hidden[-1] for hidden in trace]))
        golden[p + "greedy"] = ("I64", np.array(ids))
        if length == 7:
            golden[p + "hidden"] = ("F32", np.array(trace))
        if length == 64:
            golden[p + "greedy_logits"] = ("F32", rows)
            last_mamba = config.hybrid_override_pattern.rindex("M")
            for layer, kind in enumerate(config.hybrid_override_pattern):
                if kind == "M":
                    golden[f"{p}state.{layer}.conv"] = ("F32", state.conv[layer])
                    if config.ssm_state_size <= 64 or layer == last_mamba:  # they are large
                        golden[f"{p}state.{layer}.ssm"] = ("F32", state.ssm[layer])
                elif kind == "*":
                    golden[f"{p}state.{layer}.k"] = ("F32", state.k[layer])
                    golden[f"{p}state.{layer}.v"] = ("F32", state.v[layer])
        prompts[str(length)] = {"min_greedy_margin": round(float(margin), 4)}
    write_safetensors(folder / "golden.safetensors", golden)
    sha256 = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
              for path in sorted(folder.iterdir()) if path.name != "golden.json"}
    manifest = {"fixture": name, "prompts": prompts, "tolerance": 1e-4, "sha256": sha256}
    (folder / "golden.json").write_text(json.dumps(manifest, indent=1))


if __name__ == "__main__":
    for fixture in FIXTURES:
        make(fixture, Path(sys.argv[1]) / fixture)
