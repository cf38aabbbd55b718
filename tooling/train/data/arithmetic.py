"""Sums with column-by-column reasoning.

The traces are compact (`7+8=15` without spaces) so that both operands lie inside the four-tap convolution
of the Mamba layers; with spaces the model mixes the operands up.
"""
from chat import ask
from data.languages import draw_language

COLUMNS = ["Ones", "Tens", "Hundreds", "Thousands", "Ten thousands", "Hundred thousands"]

QUESTIONS = {
    "en": ["What is {e}?", "What is {e}?", "What's {e}?", "what is {e}", "whats {e}", "Calculate {e}.", "calculate {e}",
           "How much is {e}?", "how much is {e}", "{e} = ?", "{e}", "{e}?", "{e}=", "Compute {e}", "Compute {e}.",
           "Please calculate {e}.", "Can you tell me what {e} is?", "Can you calculate {e}?", "Could you compute {e}?",
           "Tell me {e}.", "Solve {e}", "Solve: {e}", "What does {e} equal?", "What is the result of {e}?",
           "I need to know what {e} is.", "Do you know what {e} is?", "Hi, what is {e}?", "Hello! What is {e}?",
           "ok, and what is {e}?", "And {e}?", "Now {e}", "Quick: {e}?", "What is {e}", "Work out {e}.",
           "Please tell me what {e} is.", "What do you get for {e}?", "Evaluate {e}", "Can you do {e}?"],
    "de": ["Was ist {e}?", "Wie viel ist {e}?", "Berechne {e}.", "Wieviel ist {e}?", "Was ergibt {e}?", "Rechne {e}",
           "Kannst du {e} ausrechnen?", "was ist {e}"],
    "es": ["¿Cuánto es {e}?", "Calcula {e}.", "Cuanto es {e}", "¿Cuánto son {e}?"],
    "fr": ["Combien font {e} ?", "Calcule {e}.", "Combien fait {e} ?", "Ça fait combien, {e} ?"],
    "it": ["Quanto fa {e}?", "Calcola {e}.", "Quanto è {e}?", "quanto fa {e}"],
    "ja": ["{e}はいくつですか？", "{e}を計算してください。", "{e}は？", "{e}はいくつ？"],
}
IN_WORDS = {
    "+": ["What is {a} plus {b}?", "what's {a} plus {b}", "{a} plus {b}", "Add {a} and {b}.", "Please add {a} and {b}.",
          "add {a} and {b}", "Could you add {a} and {b} for me?", "Could you please add {a} and {b}?", "Add {b} to {a}.",
          "What is the sum of {a} and {b}?", "Can you add {a} and {b}?", "How much is {a} plus {b}?"],
    "-": ["What is {a} minus {b}?", "{a} minus {b}", "what's {a} minus {b}", "Subtract {b} from {a}.",
          "subtract {b} from {a}", "How much is {a} minus {b}?", "What is the difference between {a} and {b}?",
          "Take {b} away from {a}."],
    "*": ["What is {a} times {b}?", "{a} times {b}", "what's {a} times {b}", "Multiply {a} by {b}.",
          "Multiply {a} and {b}.", "multiply {a} by {b}", "How much is {a} times {b}?", "What is the product of {a} and {b}?"],
    "/": ["What is {a} divided by {b}?", "{a} divided by {b}", "Divide {a} by {b}.", "divide {a} by {b}"],
}


def held_out(a, b):
    """Operand pairs that training never sees, for the evaluation; sums within the times table are all learned."""
    return max(a, b) >= 10 and (a * 7 + b * 13) % 11 == 5


def addition_steps(a, b):
    lines, carry, column = [], 0, 0
    while a or b or carry or column == 0:
        if not a and not b and column:
            lines.append(f"{COLUMNS[column]}: carry {carry}, write {carry}.")
            break
        x, y = a % 10, b % 10
        total = x + y + carry
        lines.append(f"{COLUMNS[column]}: {x}+{y}{f'+{carry}' if carry else ''}={total}, write {total % 10}"
                     f"{', carry 1' if total > 9 else ''}.")
        carry, a, b, column = total // 10, a // 10, b // 10, column + 1
    return "\n".join(lines)


def subtraction_steps(a, b):
    lines, borrow, column = [], 0, 0
    while a or b or column == 0:
        x, y = a % 10 - borrow, b % 10
        left = f"{a % 10}-1" if borrow else f"{a % 10}"
        if x < y:
            lines.append(f"{COLUMNS[column]}: {left}-{y}, borrow, {x + 10}-{y}={x + 10 - y}.")
            borrow = 1
        else:
            lines.append(f"{COLUMNS[column]}: {left}-{y}={x - y}.")
            borrow = 0
        a, b, column = a // 10, b // 10, column + 1
    return "\n".join(lines)


def multiplication_steps(digit, b):
    """A one-digit number times any number, with the carry added in a step of its own."""
    lines, carry, column = [], 0, 0
    for character in reversed(str(b)):
        product = digit * int(character)
        line = f"{COLUMNS[column]}: {digit}x{character}={product}"
        if carry:
            line += f", {product}+{carry}={product + carry}"
        total = product + carry
        carry, column = total // 10, column + 1
        lines.append(f"{line}, write {total % 10}{f', carry {carry}' if carry else ''}.")
    if carry:
        lines.append(f"{COLUMNS[column]}: carry {carry}, write {carry}.")
    return "\n".join(lines)


def steps(operator, a, b):
    if operator == "+":
        return addition_steps(a, b)
    if operator == "-":
        return subtraction_steps(a, b) if a >= b else f"{b} is larger than {a}.\n{subtraction_steps(b, a)}"
    if operator == "/":
        return f"{b}x{a // b}={a}."
    return multiplication_steps(min(a, b), max(a, b))


def result(operator, a, b):
    return {"+": a + b, "-": a - b, "*": a * b, "/": a // b if b else 0}[operator]


def reasoning(operator, a, b, symbol=None):
    """The whole chain of thought, from the task to its result."""
    return f"We need {a} {symbol or operator} {b}.\n{steps(operator, a, b)}\nResult: {result(operator, a, b)}."


def draw_operands(rng, operator, digits=None):
    """Operands of a sum, without regard to the held-out pairs. Small ones are the most frequent."""
    digits = digits or rng.choices([1, 2, 3], [0.27, 0.48, 0.25])[0]
    low, high = (0, 9) if digits == 1 else (10 ** (digits - 1), 10 ** digits - 1)
    if operator == "*":
        if digits == 1:
            return rng.randint(0, 10), rng.randint(0, 10)
        if digits == 2:
            return rng.sample([rng.randint(2, 9), rng.randint(10, 99)], 2)
        return rng.sample([rng.randint(2, 9), rng.randint(100, 999)], 2)
    if operator == "/":
        divisor, quotient = rng.randint(1, 10), rng.randint(1, 12)
        return divisor * quotient, divisor
    a, b = rng.randint(low, high), rng.randint(low, high)
    if rng.random() < 0.3:
        b = rng.randint(1, high)
        if rng.random() < 0.4:
            a, b = b, a
    if operator == "-" and b > a and not (digits <= 2 and rng.random() < 0.05):
        a, b = b, a
    return a, b


def draw_training_operands(rng, operator, digits=None):
    while True:
        a, b = draw_operands(rng, operator, digits)
        if operator in "+-" and a >= 100 and rng.random() < 0.2:
            b = rng.randint(2, 99)
        if not held_out(a, b):
            return a, b


def phrase(rng, operator, a, b, symbol, language="en"):
    if language == "en" and rng.random() < 0.25:
        return rng.choice(IN_WORDS[operator]).format(a=a, b=b)
    space = " " if rng.random() < 0.75 else ""
    return rng.choice(QUESTIONS[language]).format(e=f"{a}{space}{symbol}{space}{b}")


def draw_symbol(rng, operator):
    choices = {"*": ["*", "x", "×", "*"], "/": ["/", "/", "÷", ":"]}
    return rng.choice(choices.get(operator, [operator]))


def arithmetic(rng, operator=None, operands=None, digits=None):
    """A sum; operator, operands and number of digits may be given, for the evaluation."""
    operator = operator or rng.choices("+-*/", [0.42, 0.25, 0.27, 0.06])[0]
    a, b = operands or draw_training_operands(rng, operator, digits)
    symbol = draw_symbol(rng, operator)
    question = phrase(rng, operator, a, b, symbol, draw_language(rng, english=0.8))
    return ask(question, reasoning(operator, a, b, symbol), f"{a} {symbol} {b} = {result(operator, a, b)}")


TOO_HARD = "That is too hard for me in my head. Start me with the demo tools, and I will use the calculator."


def draw_hard_operands(rng, operator):
    """Operands beyond what the column-by-column reasoning is trained for."""
    if operator == "*":
        return rng.randint(11, 999), rng.randint(11, 99 if rng.random() < 0.7 else 9999)
    if operator == "/":
        a, b = rng.randint(13, 999), rng.randint(2, 99)
        return (a, b) if a % b else (a * 10 + 1, b)
    long, short = rng.randint(1000, 99999), rng.randint(2, 99999)
    return (long, short) if operator == "-" or rng.random() < 0.5 else (short, long)


def too_hard(rng):
    operator = rng.choice("+-**/")
    a, b = draw_hard_operands(rng, operator)
    question = phrase(rng, operator, a, b, draw_symbol(rng, operator), draw_language(rng, english=0.9))
    return ask(question, "These numbers are too large for me.", TOO_HARD)


def counting(rng):
    first = rng.choice([1, 1, rng.randint(1, 20)])
    last = first + rng.randint(3, 12)
    question = rng.choice(["Count from {a} to {b}.", "Count from {a} to {b}", "count from {a} to {b}",
                           "Please count from {a} to {b}.", "Can you count from {a} to {b}?"])
    if first == 1 and rng.random() < 0.4:
        question = rng.choice(["Count to {b}.", "Can you count to {b}?", "count to {b}"])
    return ask(question.format(a=first, b=last), f"I count up by one from {first} to {last}.",
               ", ".join(map(str, range(first, last + 1))))
