"""Writes the mean of the weights of exported folders that continue one another.

    python3 average.py FOLDER SOURCE SOURCE …

The mean of two neighbouring stages is often a little better than either (Wortsman et al. 2022, arXiv:2203.05482).
"""
import os
import sys

from checkpoint import load_folder, read_safetensors, write_folder


def main():
    folder, *sources = sys.argv[1:]
    weights = [read_safetensors(os.path.join(source, "model.safetensors")) for source in sources]
    mean = {name: sum(tensors[name] for tensors in weights) / len(weights) for name in weights[0]}
    write_folder(folder, load_folder(sources[0])[0].config, mean, sources[0])


if __name__ == "__main__":
    main()
