"""Logits of 32,768 tokens through a checkpoint, at a handful of late positions.

    python3 make_drift_golden.py FOLDER OUT_FILE

Run in pieces that carry the state, so that attention's scores stay small in memory. Takes some minutes.
"""
import sys
from pathlib import Path

import numpy as np

from nemotron_h import NemotronH
from safetensors_file import write_safetensors

TOKENS = 32768
POSITIONS = (1023, 4095, 8191, 16383, 32767)
PIECE = 64


def drift_ids(count: int, vocabulary: int) -> list[int]:
    """x = 1664525 x + 1013904223 mod 2^32 from x = 1, each id 16 + floor(x / 2^16) mod (vocabulary - 16)."""
    ids, x = [], 1
    for _ in range(count):
        x = (1664525 * x + 1013904223) % 2**32
        ids.append(16 + (x >> 16) % (vocabulary - 16))
    return ids


def main(folder: Path, out: Path) -> None:
    model = NemotronH.load(folder)
    ids = drift_ids(TOKENS, model.config.vocab_size)
    state = model.new_state()
    logits = []
    for first in range(0, TOKENS, PIECE):
        hidden = model.hidden(ids[first : first + PIECE], state)
        wanted = [position - first for position in POSITIONS if first <= position < first + PIECE]
        logits.append(model.head(hidden[wanted]))
    write_safetensors(
        out,
        {
            "positions": ("I64", np.array(POSITIONS)),
            "logits": ("F32", np.concatenate(logits)),
        },
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
