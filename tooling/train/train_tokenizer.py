"""Trains the byte-level BPE on generated conversations, for training from scratch.

    python3 train_tokenizer.py FOLDER --chat-template ../../packages/tiny-model/model/tokenizer_config.json
"""
import argparse
import json
import random

from chat import render
from checkpoint import write_tokenizer
from data import mix
from tokenizer import Tokenizer, train_bpe

LONGEST_TEXT = 1500  # the instructions of a tool conversation would otherwise take many of the merges


def text_of(rng):
    conversation, think = mix.draw(rng)
    thinking = conversation.thinking + "\n</think>\n\n" if think else ""
    return render(conversation, think)[:LONGEST_TEXT] + thinking + conversation.answer + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--chat-template", required=True, help="a tokenizer_config.json with the chat template")
    parser.add_argument("--vocabulary", type=int, default=1536)
    parser.add_argument("--conversations", type=int, default=14_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    texts = [text_of(rng) for _ in range(arguments.conversations)]
    tokenizer = Tokenizer(*train_bpe(texts, arguments.vocabulary))
    for text in texts[:500]:
        assert tokenizer.decode(tokenizer.encode(text)) == text
    with open(arguments.chat_template, encoding="utf-8") as file:
        write_tokenizer(arguments.folder, tokenizer, json.load(file)["chat_template"])


if __name__ == "__main__":
    main()
