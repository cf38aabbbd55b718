"""Byte-level BPE: training, encoding, decoding, and the Hugging Face `tokenizer.json` form.

The split pattern and the special ids (10, 11 and 12 for the roles and the end of a turn) are those of
the Nemotron Nano v2 tokenizer; only the merges are our own, and far fewer.
"""
import json
import re
from collections import Counter, defaultdict

import regex

SPLIT_PATTERN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL_TOKENS = ["<unk>", "<s>", "</s>"] + [f"<SPECIAL_{i}>" for i in range(3, 16)]
END_OF_SEQUENCE_IDS = (2, 11, 12)


def _byte_alphabet():
    """Byte -> printable character, as in GPT-2's byte-level BPE."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    alphabet = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in alphabet:
            alphabet[byte] = chr(256 + len(alphabet) - len(printable))
    return alphabet


BYTE_TO_CHARACTER = _byte_alphabet()
CHARACTER_TO_BYTE = {character: byte for byte, character in BYTE_TO_CHARACTER.items()}


def train_bpe(texts, vocabulary_size):
    """Learns merges from `texts`; returns (vocabulary, merges), the vocabulary in id order."""
    split = regex.compile(SPLIT_PATTERN)
    specials = re.compile("|".join(map(re.escape, SPECIAL_TOKENS)))
    word_counts = Counter()
    for text in texts:
        for segment in specials.split(text):
            word_counts.update(split.findall(segment))
    words = [[BYTE_TO_CHARACTER[byte] for byte in word.encode()] for word in word_counts]
    counts = list(word_counts.values())

    pair_counts, words_with_pair = Counter(), defaultdict(set)
    for index, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pair_counts[pair] += counts[index]
            words_with_pair[pair].add(index)

    vocabulary = SPECIAL_TOKENS + sorted(BYTE_TO_CHARACTER.values())
    merges = []
    while len(vocabulary) < vocabulary_size:
        best = max(pair_counts, key=lambda pair: (pair_counts[pair], pair))
        if pair_counts[best] < 2:
            break
        merges.append(best)
        vocabulary.append(best[0] + best[1])
        for index in list(words_with_pair[best]):
            for pair in zip(words[index], words[index][1:]):
                pair_counts[pair] -= counts[index]
            words[index] = _merge(words[index], best)
            for pair in zip(words[index], words[index][1:]):
                pair_counts[pair] += counts[index]
                words_with_pair[pair].add(index)
        del pair_counts[best]
    return vocabulary, merges


def _merge(word, pair):
    merged, position = [], 0
    while position < len(word):
        if tuple(word[position:position + 2]) == pair:
            merged.append(pair[0] + pair[1])
            position += 2
        else:
            merged.append(word[position])
            position += 1
    return merged


class Tokenizer:
    def __init__(self, vocabulary, merges):
        self.vocabulary = vocabulary
        self.ids = {token: index for index, token in enumerate(vocabulary)}
        self.merges = [tuple(pair) for pair in merges]
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self._split = regex.compile(SPLIT_PATTERN)
        self._specials = re.compile("(" + "|".join(map(re.escape, SPECIAL_TOKENS)) + ")")
        self._cache = {}

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8") as file:
            model = json.load(file)["model"]
        return Tokenizer(sorted(model["vocab"], key=model["vocab"].get), model["merges"])

    def encode(self, text):
        ids = []
        for segment in self._specials.split(text):
            if segment in SPECIAL_TOKENS:
                ids.append(self.ids[segment])
            else:
                for word in self._split.findall(segment):
                    ids.extend(self._encode_word(word))
        return ids

    def _encode_word(self, word):
        if word in self._cache:
            return self._cache[word]
        parts = [BYTE_TO_CHARACTER[byte] for byte in word.encode()]
        while len(parts) > 1:
            ranks = [self._ranks.get(pair, len(self._ranks)) for pair in zip(parts, parts[1:])]
            lowest = min(ranks)
            if lowest == len(self._ranks):
                break
            position = ranks.index(lowest)
            parts[position:position + 2] = [parts[position] + parts[position + 1]]
        ids = [self.ids[part] for part in parts]
        if len(self._cache) < 200_000:
            self._cache[word] = ids
        return ids

    def decode(self, ids):
        data = b""
        for index in ids:
            token = self.vocabulary[index]
            special = index < len(SPECIAL_TOKENS)
            data += token.encode() if special else bytes(CHARACTER_TO_BYTE[c] for c in token)
        return data.decode("utf-8", "replace")

    def to_json(self):
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": index, **special_token(token)} for index, token in enumerate(SPECIAL_TOKENS)],
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": SPLIT_PATTERN}, "behavior": "Isolated", "invert": False},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
            ]},
            "post_processor": None,
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "model": {
                "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                "vocab": self.ids, "merges": [list(pair) for pair in self.merges],
            },
        }


def special_token(content):
    """The description of a special token that the Hugging Face files hold."""
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True}
