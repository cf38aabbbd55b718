"""Trains the model on freshly generated conversations, in one process on one thread.

    python3 train.py RUN --init FOLDER --steps 4000

A run is determined by its starting point, seed and number of steps. RUN/checkpoint.pt is written every
--save-every steps; starting the same command again continues there. `--from-checkpoint` begins a new stage
with the weights and the optimizer state of an earlier run.
"""
import argparse
import math
import os
import time

import torch
import torch.nn.functional as F

from batches import IGNORED, step_batches
from checkpoint import load_folder
from model import DEFAULT_CONFIG, Linear, NemotronH
from optimizer import Optimizer
from tokenizer import Tokenizer


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="folder for the checkpoint and the log")
    parser.add_argument("--init", help="exported folder whose weights and tokenizer to start with")
    parser.add_argument("--from-checkpoint", help="checkpoint.pt of an earlier stage")
    parser.add_argument("--tokenizer", help="tokenizer.json; needed when training from scratch")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokens-per-step", type=int, default=6144)
    parser.add_argument("--longest", type=int, default=1344, help="longer conversations are left out")
    parser.add_argument("--muon-rate", type=float, default=0.02)
    parser.add_argument("--adam-rate", type=float, default=3e-3)
    parser.add_argument("--warmup-steps", type=int, default=60)
    parser.add_argument("--decay-start", type=float, default=0.35, help="fraction of the steps at the peak rate")
    parser.add_argument("--final-rate", type=float, default=0.02, help="rate at the end, relative to the peak")
    parser.add_argument("--average", type=float, default=0.995, help="decay of the exported moving average")
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--save-every", type=int, default=100)
    parser.add_argument("--head-dim", type=int, default=56, help="Mamba head size when training from scratch")
    return parser.parse_args()


def rate_factor(step, arguments):
    """Linear warm-up, a flat part, then a cosine down to the final rate."""
    warmup = min(1.0, (step + 1) / max(1, arguments.warmup_steps))
    progress = step / arguments.steps
    if progress < arguments.decay_start:
        return warmup
    cosine = 0.5 * (1 + math.cos(math.pi * (progress - arguments.decay_start) / (1 - arguments.decay_start)))
    return warmup * (arguments.final_rate + (1 - arguments.final_rate) * cosine)


def accumulate_gradients(model, batches):
    """Back-propagates the mean loss over all targets of a step; returns (summed loss, targets, tokens)."""
    targets_in_step = sum(int((targets != IGNORED).sum()) for _, targets in batches)
    loss_sum = tokens = 0
    for inputs, targets in batches:
        hidden = model.hidden(inputs).flatten(0, 1)
        targets = targets.flatten()
        learned = (targets != IGNORED).nonzero()[:, 0]
        loss = F.cross_entropy(model.lm_head(hidden[learned]), targets[learned], reduction="sum")
        (loss / targets_in_step).backward()
        loss_sum += loss.item()
        tokens += inputs.numel()
    return loss_sum, targets_in_step, tokens


def starting_point(arguments):
    """(model, tokenizer) before any training of this stage."""
    if arguments.init:
        return load_folder(arguments.init)
    config = {**DEFAULT_CONFIG, "mamba_head_dim": arguments.head_dim}
    if arguments.from_checkpoint:
        config = torch.load(arguments.from_checkpoint)["config"]
    tokenizer = Tokenizer.load(arguments.tokenizer)
    return NemotronH(config), tokenizer


def main():
    arguments = parse_arguments()
    os.makedirs(arguments.run, exist_ok=True)
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    Linear.low_precision = True
    model, tokenizer = starting_point(arguments)
    optimizer = Optimizer(model, arguments.muon_rate, arguments.adam_rate)
    average = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    step, tokens_seen, targets_seen, seconds = 0, 0, 0, 0.0

    path = os.path.join(arguments.run, "checkpoint.pt")
    resumed = os.path.exists(path)
    if resumed or arguments.from_checkpoint:
        saved = torch.load(path if resumed else arguments.from_checkpoint)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        average = saved["average"]
        tokens_seen, targets_seen, seconds = saved["tokens"], saved["targets"], saved["seconds"]
        step = saved["step"] if resumed else 0

    def save():
        torch.save({
            "config": model.config, "model": model.state_dict(), "average": average,
            "optimizer": optimizer.state_dict(), "step": step, "tokens": tokens_seen, "targets": targets_seen,
            "seconds": seconds, "arguments": vars(arguments),
        }, path + ".new")
        os.replace(path + ".new", path)

    log = open(os.path.join(arguments.run, "log.txt"), "a", encoding="utf-8")
    started = last = time.time()
    loss_sum = loss_targets = loss_tokens = 0
    batches = step_batches(arguments.seed * 1_000_003 + step, tokenizer, arguments.tokens_per_step, arguments.longest)
    while step < arguments.steps:
        loss, targets, tokens = accumulate_gradients(model, next(batches))
        norm = torch.sqrt(sum(p.grad.pow(2).sum() for p in model.parameters())).item()
        factor = rate_factor(step, arguments)
        optimizer.step(factor, min(1.0, arguments.clip / (norm + 1e-6)))
        step += 1
        for name, tensor in model.state_dict().items():
            average[name].lerp_(tensor, 1 - min(arguments.average, step / (step + 10)))
        tokens_seen, targets_seen = tokens_seen + tokens, targets_seen + targets
        loss_sum, loss_targets, loss_tokens = loss_sum + loss, loss_targets + targets, loss_tokens + tokens
        if step % 25 == 0:
            now = time.time()
            line = (f"step {step} minutes {(seconds + now - started) / 60:.1f} loss {loss_sum / loss_targets:.4f} "
                    f"tokens/s {loss_tokens / (now - last):.0f} tokens {tokens_seen / 1e6:.2f}M "
                    f"targets {targets_seen / 1e6:.2f}M rate {factor:.3f} gradient {norm:.2f}")
            print(line, file=log, flush=True)
            loss_sum = loss_targets = loss_tokens = 0
            last = now
        if step % arguments.save_every == 0 or step == arguments.steps:
            seconds, started = seconds + time.time() - started, time.time()
            save()


if __name__ == "__main__":
    main()
