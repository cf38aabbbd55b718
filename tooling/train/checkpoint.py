"""Reads and writes the Hugging Face folder: config, bfloat16 safetensors, tokenizer, generation config."""
import json
import os
import shutil

import numpy
import torch

from model import NemotronH
from tokenizer import END_OF_SEQUENCE_IDS, SPECIAL_TOKENS, Tokenizer, special_token

# Fields that the Hugging Face configuration has and this model does not vary.
FIXED_CONFIG = {
    "architectures": ["NemotronHForCausalLM"], "model_type": "nemotron_h", "torch_dtype": "bfloat16",
    "attention_bias": False, "attention_dropout": 0.0, "bos_token_id": 1, "chunk_size": 128, "eos_token_id": 12,
    "expand": 2, "hidden_dropout": 0.0, "initializer_range": 0.02, "mamba_hidden_act": "silu",
    "mamba_proj_bias": False, "max_position_embeddings": 4096, "mlp_bias": False, "mlp_hidden_act": "relu2",
    "num_logits_to_keep": 1, "pad_token_id": 0, "rescale_prenorm_residual": True, "residual_in_fp32": False,
    "rms_norm_eps": 1e-5, "sliding_window": None, "tie_word_embeddings": False, "time_step_floor": 1e-4,
    "time_step_limit": [0.0, float("inf")], "time_step_max": 0.1, "time_step_min": 0.001, "time_step_rank": 256,
    "use_bias": False, "use_cache": True, "use_conv_bias": True, "use_mamba_kernels": True,
}


def float32_to_bfloat16_bytes(array):
    """Rounds to nearest, ties to even."""
    bits = numpy.ascontiguousarray(array, numpy.float32).view(numpy.uint32).astype(numpy.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def bfloat16_bytes_to_float32(data, shape):
    bits = numpy.frombuffer(data, "<u2").astype(numpy.uint32) << 16
    return torch.from_numpy(bits.view(numpy.float32).reshape(shape).copy())


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        tensors[name] = bfloat16_bytes_to_float32(data[start + first:start + last], entry["shape"])
    return tensors


def write_safetensors(path, tensors):
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in tensors.items():
        blob = float32_to_bfloat16_bytes(tensor.numpy())
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def load_folder(folder):
    """(model, tokenizer) of an exported folder."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        model = NemotronH(json.load(file))
    model.load_state_dict(read_safetensors(os.path.join(folder, "model.safetensors")))
    return model, Tokenizer.load(os.path.join(folder, "tokenizer.json"))


def write_folder(folder, config, tensors, tokenizer_folder):
    """Writes all five files; tokenizer.json and tokenizer_config.json are copied from `tokenizer_folder`."""
    os.makedirs(folder, exist_ok=True)
    write_safetensors(os.path.join(folder, "model.safetensors"), tensors)
    layers = {"num_hidden_layers": len(config["hybrid_override_pattern"])}
    _write_json(os.path.join(folder, "config.json"), dict(sorted({**FIXED_CONFIG, **config, **layers}.items())))
    _write_json(os.path.join(folder, "generation_config.json"), {
        "_from_model_config": True, "bos_token_id": 1, "eos_token_id": list(END_OF_SEQUENCE_IDS),
        "pad_token_id": 0, "do_sample": False,
    })
    for name in ("tokenizer.json", "tokenizer_config.json"):
        target = os.path.join(folder, name)
        if os.path.abspath(tokenizer_folder) != os.path.abspath(folder):
            shutil.copyfile(os.path.join(tokenizer_folder, name), target)


def write_tokenizer(folder, tokenizer, chat_template):
    """The two tokenizer files of a new tokenizer."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(tokenizer.to_json(), file, ensure_ascii=False)
    _write_json(os.path.join(folder, "tokenizer_config.json"), {
        "added_tokens_decoder": {str(i): special_token(token) for i, token in enumerate(SPECIAL_TOKENS)},
        "bos_token": "<s>", "eos_token": "<SPECIAL_12>", "unk_token": "<unk>", "pad_token": "<unk>",
        "clean_up_tokenization_spaces": False, "add_bos_token": False, "add_eos_token": False,
        "model_max_length": 4096, "tokenizer_class": "PreTrainedTokenizerFast", "chat_template": chat_template,
    })


def _write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
