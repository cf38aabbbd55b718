"""Writes a training checkpoint as a Hugging Face folder, with the averaged weights in bfloat16.

    python3 export.py RUN/checkpoint.pt FOLDER --tokenizer FOLDER_WITH_TOKENIZER
"""
import argparse

import torch

from checkpoint import write_folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("folder")
    parser.add_argument("--tokenizer", required=True, help="folder with tokenizer.json and tokenizer_config.json")
    parser.add_argument("--last", action="store_true", help="the last weights, not their moving average")
    arguments = parser.parse_args()
    saved = torch.load(arguments.checkpoint)
    weights = saved["model" if arguments.last else "average"]
    write_folder(arguments.folder, saved["config"], weights, arguments.tokenizer)
    print(f"step {saved['step']}, {saved['tokens'] / 1e6:.2f} M tokens, {saved['seconds'] / 60:.1f} minutes")


if __name__ == "__main__":
    main()
