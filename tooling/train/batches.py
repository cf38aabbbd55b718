"""Groups examples into microbatches of similar length, so that little is lost to padding."""
import random

import torch

from chat import encode_example
from data import mix
from data.words import use_vocabulary
from model import TRAINING_CHUNK_SIZE

POOL_EXAMPLES = 600
IGNORED = -1


def padded_length(tokens):
    return -(-tokens // TRAINING_CHUNK_SIZE) * TRAINING_CHUNK_SIZE


def draw_example(rng, tokenizer):
    """(ids, mask) of one fresh conversation."""
    conversation, think = mix.draw(rng)
    return encode_example(conversation, think, tokenizer, rng)


def microbatches(examples, tokens):
    """Splits examples, sorted by length, into groups of about `tokens` padded tokens."""
    groups, group, longest = [], [], 0
    for example in examples:
        longest = max(longest, padded_length(len(example[0])))
        if group and longest * (len(group) + 1) > tokens:
            groups.append(group)
            group, longest = [], padded_length(len(example[0]))
        group.append(example)
    return groups + [group]


def tensors(group):
    """(inputs, targets), both [examples, time]; targets are IGNORED outside the assistant's turns."""
    time = max(padded_length(len(ids) - 1) for ids, _ in group)
    inputs = torch.zeros(len(group), time, dtype=torch.long)
    targets = torch.full((len(group), time), IGNORED, dtype=torch.long)
    for row, (ids, mask) in enumerate(group):
        ids, learned = torch.tensor(ids), torch.tensor(mask[1:]) > 0
        inputs[row, :len(ids) - 1] = ids[:-1]
        targets[row, :len(ids) - 1] = torch.where(learned, ids[1:], torch.tensor(IGNORED))
    return inputs, targets


def step_batches(seed, tokenizer, tokens_per_step, longest):
    """Endless steps; each is one microbatch of short, one of middle and one of long conversations.

    The lengths are mixed within a step because the kinds of conversation differ in length: a step of
    sums alone would pull the weights away from everything else.
    """
    use_vocabulary(tokenizer)
    rng = random.Random(seed)
    strata = [[], [], []]
    while True:
        pool = [draw_example(rng, tokenizer) for _ in range(POOL_EXAMPLES)]
        pool = sorted((example for example in pool if len(example[0]) <= longest), key=lambda e: len(e[0]))
        total, seen, thirds = sum(len(ids) for ids, _ in pool), 0, [[], [], []]
        for example in pool:
            thirds[min(2, 3 * seen // total)].append(example)
            seen += len(example[0])
        for stratum, examples in zip(strata, thirds):
            groups = microbatches(examples, tokens_per_step // 3)
            rng.shuffle(groups)
            stratum.extend(groups)
        while all(strata):
            yield [tensors(stratum.pop(0)) for stratum in strata]
