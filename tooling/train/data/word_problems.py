"""Sums told as stories. The reasoning names the sum and then works it out like any other."""
from chat import ask
from data.arithmetic import held_out, reasoning, result
from data.words import ANIMALS, NAMES, THINGS, invented_name, invented_word

ADDING = [
    "{n} has {a} {t} and buys {b} more. How many {t} does {n} have now?",
    "{n} has {a} {t}. {n} gets {b} more {t}. How many {t} in total?",
    "{n} has {a} {t} and {m} has {b} {t}. How many {t} do they have together?",
    "I have {a} {t} and find {b} more. How many {t} do I have?",
    "If I have {a} {t} and you give me {b}, how many {t} do I have?",
    "There are {a} {t} on the table. {n} puts {b} more on it. How many {t} are there now?",
    "{n} picks {a} {t} in the morning and {b} in the afternoon. How many {t} is that?",
    "A box holds {a} {t}, another box holds {b} {t}. How many {t} are in both boxes?",
    "{n} read {a} pages yesterday and {b} pages today. How many pages did {n} read?|pages",
    "There are {a} {t} in a pond. {b} more arrive. How many {t} are there?",
    "{n} collected {a} {t}. Then {n} collected {b} more. How many {t} does {n} have?",
    "A class has {a} girls and {b} boys. How many children are in the class?|children",
    "{n} had {a} {t}. {m} gave {n} {b} more. How many {t} does {n} have now?",
    "{n} is {a} years old. How old will {n} be in {b} years?|years",
    "A bus has {a} passengers and {b} more get on. How many passengers are on the bus?|passengers",
    "I bought {a} {t} on Monday and {b} {t} on Tuesday. How many {t} did I buy?",
]
SUBTRACTING = [
    "{n} has {a} {t} and gives away {b}. How many {t} are left?",
    "{n} had {a} {t} but lost {b}. How many {t} does {n} have now?",
    "I had {a} {t} and sold {b}. How many {t} are left?",
    "There are {a} {t} on a tree. {b} fly away. How many {t} remain?",
    "There were {a} {t} in the basket. {n} ate {b} of them. How many {t} are left?",
    "{n} has {a} {t} and eats {b}. How many {t} does {n} have left?",
    "I have {a} {t} and eat {b}. How many are left?",
    "If you have {a} {t} and take away {b}, how many {t} do you have?",
    "{n} has {a} {t}. {n} gives {b} {t} to {m}. How many {t} does {n} have now?",
    "A shop has {a} {t} and sells {b}. How many {t} remain?",
    "{a} {t} sit on a fence and {b} leave. How many {t} stay?",
    "There are {a} {t} in a field. {b} run away. How many are left?",
    "{n} baked {a} {t} and {b} were burned. How many good {t} are there?",
    "A bus has {a} passengers and {b} get off. How many passengers are still on the bus?|passengers",
    "{n} had {a} dollars and spent {b}. How many dollars are left?|dollars",
    "A book has {a} pages. {n} has read {b}. How many pages are left to read?|pages",
    "{n} has {a} {t}, {m} has {b}. How many more {t} does {n} have?",
    "{n} had {a} {t}. {b} of them broke. How many {t} are left?",
]
MULTIPLYING = [
    "There are {a} boxes with {b} {t} each. How many {t} are there?",
    "{n} buys {a} bags. Each bag has {b} {t}. How many {t} does {n} have?",
    "A pack has {b} {t}. How many {t} are in {a} packs?",
    "One {s} costs {b} dollars. How much do {a} {t} cost?|dollars",
    "{n} runs {b} kilometers a day. How far does {n} run in {a} days?|kilometers",
    "Each of {a} children has {b} {t}. How many {t} do they have in total?",
    "A car drives {b} kilometers in an hour. How far does it drive in {a} hours?|kilometers",
    "There are {a} rows of {b} seats. How many seats are there?|seats",
]


def draw_story(rng, operator=None, evaluation=False):
    """(question, operator, a, b, what is counted)"""
    operator = operator or rng.choices("+-*", [0.4, 0.4, 0.2])[0]
    while True:
        a, b = (rng.randint(2, 9), rng.randint(2, 30)) if operator == "*" else (rng.randint(2, 99), rng.randint(1, 60))
        if operator != "*" and rng.random() < 0.35:
            a, b = rng.randint(2, 20), rng.randint(1, 12)
        if operator == "-" and b > a:
            a, b = b, a
        if held_out(a, b) == evaluation:
            break
    one = rng.choice(THINGS + ANIMALS) if rng.random() < 0.85 else invented_word(rng)
    names = rng.sample(NAMES, 2) if rng.random() < 0.8 else [invented_name(rng), rng.choice(NAMES)]
    template, _, unit = rng.choice({"+": ADDING, "-": SUBTRACTING, "*": MULTIPLYING}[operator]).partition("|")
    many = "fish" if one == "fish" else "sheep" if one == "sheep" else one + ("es" if one[-1] in "sx" or one.endswith("ch") else "s")
    question = template.format(n=names[0], m=names[1], a=a, b=b, t=many, s=one)
    return question, operator, a, b, unit or many


def story_answer(operator, a, b, unit):
    value = result(operator, a, b)
    return f"{a} {operator} {b} = {value}, so the answer is {value} {unit}."


def word_problem(rng, evaluation=False):
    question, operator, a, b, unit = draw_story(rng, evaluation=evaluation)
    return ask(question, reasoning(operator, a, b), story_answer(operator, a, b, unit))
