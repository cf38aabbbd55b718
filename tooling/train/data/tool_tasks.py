"""Single tasks for tools: what the user asks, the calls to make, the responses, and the final answer.

`weather` and `calculation` take the definition of the tool, so that they serve the demo tools of the CLI as
well as the many variants from `tool_variants.py`.
"""
from dataclasses import dataclass

from chat import to_json
from data.arithmetic import IN_WORDS, QUESTIONS, result
from data.languages import draw_language
from data.words import city, different, enumerate_in_words
from data.word_problems import draw_story, story_answer


@dataclass
class Task:
    tool: dict          # its definition: name, description, parameters
    user: str
    calls: list         # [(name, arguments), …]
    responses: list     # JSON text, one for each call
    answer: str
    wish: str           # completes "The user wants …"


WEATHER_QUESTIONS = {
    "en": ["What is the weather in {}?", "What's the weather in {}?", "What's the weather like in {}?", "How is the weather in {} today?", "Weather in {}",
           "weather in {}", "Weather in {}?", "weather {}", "Tell me the weather in {}.", "Is it warm in {}?", "What is the weather in {} right now?",
           "What is the temperature in {}?", "Is it raining in {}?", "Do I need a jacket in {}?", "Should I take an umbrella in {}?", "How hot is it in {}?",
           "what's the weather in {}", "what is the weather like in {}", "How cold is it in {}?", "Is it sunny in {}?", "Check the weather in {}.",
           "Can you tell me the weather in {}?", "Please check the weather for {}.", "Get the weather for {}", "How's the weather in {}?",
           "Do I need an umbrella in {}?", "I'm going to {}, how is the weather there?", "Compare the weather in {}.", "Will it rain in {}?",
           "What about the weather in {}?", "I live in {}. Should I take an umbrella?", "Give me the weather for {}", "Hi, what's the weather in {}?",
           "Is it cold in {} today?", "Current weather in {}", "I want to know the weather in {}.", "How warm is it in {} now?"],
    "de": ["Wie ist das Wetter in {}?", "Wie wird das Wetter in {}?", "Wetter in {}", "Regnet es in {}?", "Wie warm ist es in {}?", "Brauche ich in {} einen Schirm?"],
    "es": ["¿Qué tiempo hace en {}?", "¿Cómo está el tiempo en {}?", "¿Llueve en {}?", "El tiempo en {}"],
    "fr": ["Quel temps fait-il à {} ?", "Quelle est la météo à {} ?", "Est-ce qu'il pleut à {} ?", "Météo à {}"],
    "it": ["Che tempo fa a {}?", "Com'è il tempo a {}?", "Piove a {}?"],
    "ja": ["{}の天気は？", "{}の天気はどうですか？", "{}の天気を教えてください。"],
}
FOLLOW_UP_QUESTIONS = ["And in {}?", "and {}?", "What about {}?", "And {}", "How about {}?", "and in {}", "Now {}", "And what about {}?"]
WEATHER_ANSWERS = {
    "en": "It is {t} °C and {c} in {x}.", "de": "In {x} sind es {t} °C ({c}).", "es": "En {x} hay {t} °C ({c}).",
    "fr": "À {x}, il fait {t} °C ({c}).", "it": "A {x} ci sono {t} °C ({c}).", "ja": "{x}は{t} °C（{c}）です。",
}
CONJUNCTIONS = {"en": "and", "de": "und", "es": "y", "fr": "et", "it": "e", "ja": "と"}
CONDITIONS = ["sunny", "cloudy", "rainy", "windy", "snowy", "foggy", "clear", "partly cloudy", "light rain", "heavy rain", "overcast", "stormy", "humid",
              "light snow", "drizzle", "thunderstorms", "clear sky"]


def weather_response(rng, style, place, temperature, condition, keys=("city", "temperature", "condition")):
    """`style` is one choice for all responses of a task."""
    city_key, temperature_key, condition_key = keys
    if style < 0.35:
        return to_json({city_key: place, temperature_key: temperature, condition_key: condition})
    if style < 0.88:
        return to_json({city_key: place, temperature_key: temperature, "unit": "celsius", condition_key: condition})
    if style < 0.97:
        return to_json({temperature_key: temperature, condition_key: condition})
    return to_json(f"{temperature} °C, {condition}")


def weather(rng, tool, parameter="city", follow_up=False, cities=None, keys=None, english=0.9):
    cities = cities or different(rng, city, rng.choices([1, 2, 3], [0.3, 0.45, 0.25])[0])
    language = "en" if follow_up else draw_language(rng, english)
    questions = FOLLOW_UP_QUESTIONS if follow_up else WEATHER_QUESTIONS[language]
    places = enumerate_in_words(cities, CONJUNCTIONS[language])
    style, responses, answers = rng.random(), [], []
    for place in cities:
        temperature = rng.randint(-9, 39) if rng.random() < 0.97 else rng.randint(-90, 390) / 10
        condition = rng.choice(CONDITIONS)
        responses.append(weather_response(rng, style, place, temperature, condition, keys or (parameter, "temperature", "condition")))
        answers.append(WEATHER_ANSWERS[language].format(t=temperature, c=condition, x=place))
    question = rng.choice(questions).format(places)
    if rng.random() < 0.1:
        question = question[0].lower() + question[1:].rstrip("?.")
    return Task(tool, question, [(tool["name"], {parameter: place}) for place in cities], responses, " ".join(answers),
                "the weather in " + enumerate_in_words(cities))


def draw_number(rng):
    kind = rng.random()
    return rng.randint(2, 12) if kind < 0.3 else rng.randint(2, 999) if kind < 0.8 else rng.randint(1000, 99999) if kind < 0.93 else rng.randint(11, 999) / 10


def draw_expression(rng):
    a, b, c = (draw_number(rng) for _ in range(3))
    first, second = rng.choice("+-**/"), rng.choice("+-*")
    kind = rng.random()
    if kind < 0.65:
        return f"{a} {first} {b}"
    if kind < 0.8:
        return f"{a} {first} {b} {second} {c}"
    if kind < 0.9:
        return f"({a} {second} {b}) * {c}"
    return f"{a} * ({b} {second} {c})"


def evaluate(expression):
    """The value, to three places, as a calculator would show it."""
    value = round(eval(expression, {"__builtins__": {}}), 3)  # only ever our own expressions
    return int(value) if value == int(value) else value


def calculation(rng, tool, parameter="expression"):
    kind = rng.random()
    if kind < 0.12:
        question, operator, a, b, unit = draw_story(rng)
        expression, answer = f"{a} {operator} {b}", story_answer(operator, a, b, unit)
        value = result(operator, a, b)
    else:
        expression = draw_expression(rng)
        value = evaluate(expression)
        answer = f"{expression} = {value}"
        if kind < 0.35:
            a, b, operator = rng.randint(2, 999), rng.randint(2, 999), rng.choice("+-*/")
            expression = f"{a} {operator} {b}"
            value = evaluate(expression)
            answer = f"{expression} = {value}"
            question = rng.choice(IN_WORDS[operator]).format(a=a, b=b)
        else:
            shown = expression
            if rng.random() < 0.25:
                shown = shown.replace("*", rng.choice(["x", "×"]))
            if rng.random() < 0.2:
                shown = shown.replace(" ", "")
            question = rng.choice(QUESTIONS[draw_language(rng, english=0.85)]).format(e=shown)
    response = to_json({"result": value}) if rng.random() < 0.75 else str(value)
    return Task(tool, question, [(tool["name"], {parameter: expression})], [response], answer, expression)
