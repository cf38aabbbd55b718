"""Safetensors in and out, for numpy. BF16, which numpy lacks, is widened to float32 on reading."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np

DTYPES = {"F32": "<f4", "I64": "<i8", "BF16": "<u2"}


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    bytes = path.read_bytes()
    data_start = 8 + int.from_bytes(bytes[:8], "little")
    tensors = {}
    for name, entry in json.loads(bytes[8:data_start]).items():
        if name == "__metadata__":
            continue
        first, end = entry["data_offsets"]
        values = np.frombuffer(bytes[data_start + first : data_start + end], DTYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def write_safetensors(path: Path, tensors: dict[str, tuple[str, np.ndarray]]) -> None:
    """`tensors` gives each name its dtype and its values, which are bit patterns for BF16."""
    header, blobs, end = {"__metadata__": {"format": "pt"}}, [], 0
    for name, (dtype, values) in tensors.items():
        blob = np.ascontiguousarray(values, DTYPES[dtype]).tobytes()
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [end, end + len(blob)]}
        end += len(blob)
        blobs.append(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def to_bf16(values) -> np.ndarray:
    """Bit patterns, rounded to nearest, ties to even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
