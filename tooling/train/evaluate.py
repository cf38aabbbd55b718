"""Evaluates an exported folder on fresh prompts with fixed seeds, greedily, and prints a Markdown table.

    python3 evaluate.py FOLDER [--compare FOLDER …] [--examples 40] [--failures 1]

Numbers, names, cities and wordings are held out from training. An answer counts if it says the right thing,
so that checkpoints with other wordings can be compared; calls and JSON must be exact.
"""
import argparse
import random
import re

import torch

import evaluation_prompts as prompts
from chat import ask
from checkpoint import load_folder
from data import arithmetic, copying, small_talk, tools, word_problems, words
from data.languages import LANGUAGES
from data.tool_tasks import calculation, weather
from data.unknown import QUESTIONS
from generate import answer_of, reply

SEED = 990_099


def exact(conversation, answer):
    return answer == conversation.answer.strip()


def last_number(conversation, answer):
    """The last number of the answer is that of the expected one."""
    return re.findall(r"-?\d+", answer)[-1:] == re.findall(r"-?\d+", conversation.answer)[-1:]


def right_or_declined(conversation, answer):
    return last_number(conversation, answer) or "too hard" in answer


def sentences(text):
    """The words of each sentence, numbers with their sign and fraction."""
    return [set(re.findall(r"-?\d+(?:\.\d+)?|\w+", sentence)) for sentence in re.split(r"\.(?:\s|$)|。", text) if sentence]


def same_sentences(conversation, answer):
    """For every sentence expected, one of the answer with its number, place and condition: none may be exchanged between two."""
    said = sentences(answer)
    return all(any(expected <= words for words in said) for expected in sentences(conversation.answer))


def matches(conversation, answer):
    return re.search(conversation.answer, answer, re.S) is not None


def sums(operator, digits, operands=None):
    def draw(rng):
        while True:
            a, b = operands(rng) if operands else arithmetic.draw_operands(rng, operator, digits)
            if digits == 1 or arithmetic.held_out(a, b):
                symbol = operator
                return ask(f"What is {a} {symbol} {b}?", "", f"{a} {symbol} {b} = {arithmetic.result(operator, a, b)}")
    return draw


def one_digit_times_two(rng):
    return rng.randint(2, 9), rng.randint(10, 99)


def two_digits_times_two(rng):
    return rng.randint(10, 99), rng.randint(10, 99)


def demo_tools(task, make):
    return make(task, [], tools=[tools.GET_WEATHER, tools.CALCULATE])


def weather_call(rng):
    task = weather(rng, tools.GET_WEATHER, cities=rng.sample(prompts.CITIES, rng.choice([1, 2, 3])))
    return demo_tools(task, tools.with_call)


def weather_answer(rng):
    task = weather(rng, tools.GET_WEATHER, cities=rng.sample(prompts.CITIES, rng.choice([1, 2])))
    return demo_tools(task, tools.with_answer)


def weather_of_two_known_cities(rng):
    return demo_tools(weather(rng, tools.GET_WEATHER, cities=rng.sample(words.CITIES, 2)), tools.with_answer)


def calculator_call(rng):
    return demo_tools(calculation(rng, tools.CALCULATE), tools.with_call)


def calculator_answer(rng):
    return demo_tools(calculation(rng, tools.CALCULATE), tools.with_answer)


def other_tools_call(rng):
    while True:
        conversation = tools.general_conversation(rng)
        if conversation.answer.startswith("<TOOLCALL>"):
            return conversation


def talk_with_tools(rng):
    wording, pattern = rng.choice([entry for entry in prompts.HELD_OUT_SMALL_TALK if "weather" not in entry[0]])
    return ask(wording, "", pattern, tools=[tools.GET_WEATHER, tools.CALCULATE])


def person_to_json(rng):
    person, age, city = rng.choice(prompts.NAMES), rng.randint(5, 95), rng.choice(prompts.CITIES)
    text = rng.choice([f"{person} is {age} years old and lives in {city}.", f"My name is {person}, I am {age} and I come from {city}."])
    return ask(f"Extract name, age and city as JSON: {text}", "", '{"name": "%s", "age": %d, "city": "%s"}' % (person, age, city))


def remembered_name(rng):
    person = rng.choice(prompts.NAMES)
    conversation = ask("What is my name?", "", person)
    conversation.messages = [("user", f"My name is {person}."), ("assistant", f"Nice to meet you, {person}!"), ("user", "What is 3 + 4?"),
                             ("assistant", "3 + 4 = 7")] + conversation.messages
    return conversation


def repeated_words(rng):
    text = " ".join(words.invented_word(rng) for _ in range(rng.randint(1, 4)))
    return ask(f"Repeat after me: {text}", "", "^" + re.escape(text) + "$")


def unknown_topic(rng):
    return ask(rng.choice(QUESTIONS["en"]).format(x=rng.choice(prompts.TOPICS), y=rng.choice(prompts.TOPICS)), "", prompts.DECLINE)


def from_list(entries):
    """A draw function that goes through (prompt, pattern) entries in order."""
    remaining = list(entries)
    return lambda rng: ask(remaining[0][0], "", remaining.pop(0)[1])


def needle_in(tokens):
    return lambda rng: copying.needle(rng, tokens)


def tasks(examples):
    """(name, think, weight in the score, examples, draw, check)"""
    few, small = max(4, examples // 2), len(prompts.HELD_OUT_SMALL_TALK)
    translated = len(prompts.HELD_OUT_TRANSLATED)
    both = [
        ("1-digit addition", 1, examples, sums("+", 1), last_number), ("2-digit addition", 1, examples, sums("+", 2), last_number),
        ("2-digit subtraction", 1, examples, sums("-", 2), last_number), ("times table to 10×10", 1, examples, sums("*", 1), last_number),
        ("weather calls, 1 to 3 cities, demo tools", 2, examples, weather_call, exact), ("weather answer", 1, examples, weather_answer, same_sentences),
        ("calculator call, demo tools", 1, examples, calculator_call, exact), ("JSON extraction", 2, examples, person_to_json, exact),
    ]
    thinking = [
        ("3-digit addition", 1, examples, sums("+", 3), last_number), ("3-digit subtraction", 1, examples, sums("-", 3), last_number),
        ("1×2-digit multiplication", 1, examples, sums("*", 2, one_digit_times_two), last_number),
        ("2×2-digit multiplication, right or declined", 0.5, few, sums("*", 2, two_digits_times_two), right_or_declined),
        ("word problem", 2, examples, lambda rng: word_problems.word_problem(rng, evaluation=True), last_number),
        ("small talk, held-out wordings", 4, small, from_list(prompts.HELD_OUT_SMALL_TALK), matches),
        ("de es fr it ja, held-out wordings", 2, translated, from_list(prompts.HELD_OUT_TRANSLATED), matches),
        ("topics out of reach, declined", 1, examples, unknown_topic, matches),
    ]
    direct = [
        ("calculator answer", 1, examples, calculator_answer, last_number), ("calls of other tools", 1, examples, other_tools_call, exact),
        ("small talk with the demo tools present", 1, few, talk_with_tools, matches), ("name remembered over turns", 1, few, remembered_name, matches),
        ("invented words repeated", 1, examples, repeated_words, matches), ("needle at 100 tokens", 0.5, few, needle_in(100), last_word),
        ("needle at 500 tokens", 0.5, few, needle_in(500), last_word),
    ]
    # At the end, because a task's place decides its seed.
    in_both_modes = [("weather answer, two known cities", 2, examples, weather_of_two_known_cities, same_sentences)]
    for think, group in ((True, both + thinking), (False, both + direct), (True, in_both_modes), (False, in_both_modes)):
        for name, weight, count, draw, check in group:
            yield name, think, weight, count, draw, check


def last_word(conversation, answer):
    return answer.rstrip(".").split()[-1:] == conversation.answer.rstrip(".").split()[-1:]


FIRST_PROMPTS_WEIGHT = 8


def evaluate_folder(folder, examples, failures):
    """([(task, mode, right, total)], score); the score is the weighted mean of the tasks' accuracies."""
    model, tokenizer = load_folder(folder)
    words.use_vocabulary(tokenizer)
    rows, weighted, weights = [], 0.0, 0.0

    def record(name, think, weight, conversations, check):
        nonlocal weighted, weights
        answers = [answer_of(text) for text in reply(model, tokenizer, conversations, think)]
        wrong = [(c, a) for c, a in zip(conversations, answers) if not check(c, a)]
        rows.append((name, "/think" if think else "/no_think", len(answers) - len(wrong), len(answers)))
        weighted += weight * (1 - len(wrong) / len(answers))
        weights += weight
        for conversation, answer in wrong[:failures]:
            print(f"  {name}: {conversation.messages[-1][1]!r:.150} -> {answer!r:.200}, not {conversation.answer!r:.120}", flush=True)

    for think in (True, False):
        conversations = [first for _, first, _ in prompts.FIRST_PROMPTS]
        for conversation, (_, _, pattern) in zip(conversations, prompts.FIRST_PROMPTS):
            conversation.answer = pattern
        record("first ten prompts, 27 wordings", think, FIRST_PROMPTS_WEIGHT, conversations, matches)
    for index, (name, think, weight, count, draw, check) in enumerate(tasks(examples)):
        rng = random.Random(SEED + index)
        record(name, think, weight, [draw(rng) for _ in range(count)], check)
    return rows, weighted / weights


def check_that_wordings_are_held_out():
    known = set()
    for language in LANGUAGES:
        for wordings, _, _ in small_talk.intents(language).values():
            known |= {re.sub(r"\W+", " ", wording).strip().lower() for wording in wordings}
    for wording, _ in prompts.HELD_OUT_SMALL_TALK + prompts.HELD_OUT_TRANSLATED:
        normal = re.sub(r"\W+", " ", wording).strip().lower()
        assert normal not in known, f"{wording!r} is in the training data"
    assert not set(prompts.CITIES) & set(words.CITIES) and not set(prompts.NAMES) & set(words.NAMES)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--compare", nargs="*", default=[], help="further folders, one column each")
    parser.add_argument("--examples", type=int, default=40)
    parser.add_argument("--failures", type=int, default=0, help="how many wrong answers of each task to print")
    parser.add_argument("--score-only", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    check_that_wordings_are_held_out()
    columns = [evaluate_folder(folder, arguments.examples, arguments.failures) for folder in [arguments.folder, *arguments.compare]]
    if arguments.score_only:
        print(" ".join(f"{100 * score:.2f}" for _, score in columns))
        return
    print("\n| task | mode |" + "".join(f" {folder} |" for folder in [arguments.folder, *arguments.compare]))
    print("|---|---|" + "---|" * len(columns))
    for cells in zip(*(rows for rows, _ in columns)):
        print(f"| {cells[0][0]} | {cells[0][1]} |" + "".join(f" {right}/{total} |" for _, _, right, total in cells))
    print("| **score** | |" + "".join(f" **{100 * score:.1f}** |" for _, score in columns))


if __name__ == "__main__":
    main()
