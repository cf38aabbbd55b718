"""Checks what training relies on; prints one line for each check and fails on the first that does not hold.

    python3 check.py [--model FOLDER]
"""
import argparse
import json
import os
import random

import torch
from torch.autograd import gradcheck

from chat import render
from checkpoint import load_folder
from data import mix
from data.words import use_vocabulary
from operations import CausalConvSiluFunction, RmsNormFunction, SquaredReluFunction, scan_chunked, scan_recurrent


def random_doubles(*shape):
    return torch.randn(*shape, dtype=torch.double, requires_grad=True)


def check_gradients():
    assert gradcheck(CausalConvSiluFunction.apply, (random_doubles(2, 7, 3), random_doubles(3, 1, 4), random_doubles(3)))
    assert gradcheck(lambda x, w: RmsNormFunction.apply(x, w, 1e-5), (random_doubles(2, 3, 2, 5), random_doubles(2, 5)))
    assert gradcheck(SquaredReluFunction.apply, (random_doubles(3, 4),))
    print("gradients agree with finite differences")


def check_scan():
    x, dt = torch.randn(2, 256, 8, 48), torch.nn.functional.softplus(torch.randn(2, 256, 8) - 3)
    A, B, C = -torch.rand(8) * 8, torch.randn(2, 256, 2, 32), torch.randn(2, 256, 2, 32)
    error = (scan_chunked(x, dt, A, B, C, 32) - scan_recurrent(x, dt, A, B, C)).abs().max().item()
    assert error < 1e-3
    print(f"the chunked scan agrees with the recurrence, largest difference {error:.1e}")


@torch.no_grad()
def check_generation_path(model):
    ids = torch.randint(16, model.config["vocab_size"], (2, 128))
    states = model.new_states(2)
    stepped = torch.cat([model.hidden(ids[:, t:t + 1], states) for t in range(128)], 1)
    whole = model.hidden(ids)
    error = ((stepped - whole).abs().max() / whole.abs().max()).item()
    assert error < 1e-4
    print(f"single steps agree with whole sequences, largest relative difference {error:.1e}")


def as_template_messages(conversation):
    """The messages as an application passes them to the chat template."""
    messages = [{"role": "system", "content": conversation.system}] if conversation.system else []
    for role, content in conversation.messages:
        messages += [{"role": role, "content": part} for part in (content if role == "tool" else [content])]
    return messages


def check_template(folder, tokenizer):
    try:
        import jinja2.sandbox
    except ImportError:
        print("skipped the chat template: jinja2 is not installed")
        return
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment()
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    with open(os.path.join(folder, "tokenizer_config.json"), encoding="utf-8") as file:
        template = environment.from_string(json.load(file)["chat_template"])
    use_vocabulary(tokenizer)
    rng = random.Random(7)
    for _ in range(2000):
        conversation, think = mix.draw(rng)
        messages = as_template_messages(conversation)
        if not think:
            messages[-1 if messages[-1]["role"] == "user" else 0]["content"] += " /no_think"
        wanted = template.render(messages=messages, tools=[{"type": "function", "function": t} for t in conversation.tools], add_generation_prompt=True)
        got = render(conversation, think)
        assert got == wanted, f"{got!r}\n{wanted!r}"
    print("2000 conversations are rendered as by the chat template")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=os.path.join(os.path.dirname(__file__), "../../packages/tiny-model/model"))
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model, tokenizer = load_folder(arguments.model)
    check_gradients()
    check_scan()
    check_generation_path(model)
    check_template(arguments.model, tokenizer)


if __name__ == "__main__":
    main()
