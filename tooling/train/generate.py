"""Greedy generation for many prompts at once, one token a step."""
import torch

from chat import render
from tokenizer import END_OF_SEQUENCE_IDS


@torch.no_grad()
def generate(model, tokenizer, prompts, longest_reply=160):
    """The replies to `prompts` (texts). Every row starts at step 0 and generates once its own prompt is over."""
    rows = [tokenizer.encode(prompt) for prompt in prompts]
    lengths = [len(row) for row in rows]
    running = [True] * len(rows)
    states = model.new_states(len(rows))
    for step in range(max(lengths) + longest_reply):
        inputs = torch.tensor([[row[step] if step < len(row) else 0] for row in rows])
        hidden = model.hidden(inputs, states)
        if step + 1 < min(lengths):
            continue
        chosen = model.lm_head(hidden[:, 0]).argmax(-1).tolist()
        for index, row in enumerate(rows):
            if not running[index] or step + 1 < lengths[index]:
                continue
            if chosen[index] in END_OF_SEQUENCE_IDS or len(row) - lengths[index] >= longest_reply:
                running[index] = False
            else:
                row.append(chosen[index])
        if not any(running):
            break
    return [tokenizer.decode(row[length:]) for row, length in zip(rows, lengths)]


def reply(model, tokenizer, conversations, think, batch=50, longest_reply=160):
    """The replies to conversations; `think` is one choice for all of them."""
    texts = []
    for start in range(0, len(conversations), batch):
        prompts = [render(conversation, think) for conversation in conversations[start:start + batch]]
        texts += generate(model, tokenizer, prompts, longest_reply)
    return texts


def answer_of(text):
    """What follows the reasoning."""
    return text.split("</think>")[-1].strip()
