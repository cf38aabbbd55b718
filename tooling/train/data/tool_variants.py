"""Tools of many names and shapes, so that calling follows the definitions and not a memory of two of them."""
from chat import to_json
from data.tool_tasks import Task, calculation, weather
from data.words import (THINGS, city, code, different, entity, enumerate_in_words, invented_name, invented_word, sentence)


def parameters(**properties):
    return {"type": "object", "properties": properties, "required": list(properties)}


def text(description=None):
    return {"type": "string", "description": description} if description else {"type": "string"}


def number():
    return {"type": "number"}


def definition(name, description, schema):
    return {"name": name, "description": description, "parameters": schema}


def spelled(rng, name):
    """snake_case, camelCase or kebab-case."""
    parts, kind = name.split("_"), rng.random()
    if kind < 0.7:
        return name
    return parts[0] + "".join(part.capitalize() for part in parts[1:]) if kind < 0.9 else "-".join(parts)


def weather_variant(rng):
    name = spelled(rng, rng.choice(["get_weather", "get_weather", "weather", "get_current_weather", "fetch_weather", "weather_report", "get_temperature"]))
    parameter = rng.choice(["city", "city", "location", "place", "town", "q"])
    schema = parameters(**{parameter: text(rng.choice(["The city name", "City name", "The city", "City name.", None]))})
    if rng.random() < 0.2:
        schema["properties"]["unit"] = {"type": "string", "enum": ["celsius", "fahrenheit"]}
    description = rng.choice(["Get the current weather for a city", "Get the weather", "Returns the weather in a city.", "Get weather information",
                              "Current weather in a city.", "Gets the current temperature at a location."])
    keys = (parameter, rng.choice(["temperature", "temp", "temperature_c", "tempC"]), rng.choice(["condition", "conditions", "sky", "description"]))
    return weather(rng, definition(name, description, schema), parameter, keys=keys)


def calculator_variant(rng):
    name = spelled(rng, rng.choice(["calculator", "calculate", "calc", "evaluate_expression", "compute", "eval_math"]))
    parameter = rng.choice(["expression", "expression", "expr", "formula", "input"])
    description = rng.choice(["Evaluate a math expression", "Calculate an arithmetic expression", "A simple calculator.", "Evaluates an arithmetic expression."])
    schema = parameters(**{parameter: text(rng.choice(["The expression", None, "Math expression, e.g. 2 + 2"]))})
    return calculation(rng, definition(name, description, schema), parameter)


UNITS = [("km", "miles", 0.6214), ("miles", "km", 1.6093), ("kg", "pounds", 2.2046), ("pounds", "kg", 0.4536), ("meters", "feet", 3.2808),
         ("feet", "meters", 0.3048), ("liters", "gallons", 0.2642), ("inches", "cm", 2.54), ("EUR", "USD", 1.1), ("USD", "EUR", 0.9), ("hours", "minutes", 60)]


def conversion(rng):
    name = spelled(rng, rng.choice(["convert_units", "convert", "unit_converter", "convert_unit"]))
    keys = rng.choice([("value", "from", "to"), ("value", "from_unit", "to_unit"), ("amount", "from", "to")])
    source, target, factor = rng.choice(UNITS)
    value = rng.randint(1, 500)
    converted = round(value * factor, 1)
    question = rng.choice(["Convert {v} {s} to {t}.", "How many {t} are {v} {s}?", "What is {v} {s} in {t}?", "{v} {s} in {t}", "convert {v} {s} to {t}"])
    response = rng.choice([to_json({"result": converted}), to_json({keys[0]: converted, "unit": target}), str(converted)])
    return Task(definition(name, rng.choice(["Convert a value between units", "Unit conversion"]),
                           parameters(**{keys[0]: number(), keys[1]: text(), keys[2]: text()})),
                question.format(v=value, s=source, t=target), [(name, {keys[0]: value, keys[1]: source, keys[2]: target})],
                [response], f"{value} {source} = {converted} {target}", f"{value} {source} to {target}")


def date_or_time(rng):
    if rng.random() < 0.4:
        name = spelled(rng, rng.choice(["get_date", "today", "get_current_date", "current_date"]))
        date = f"20{rng.randint(20, 35)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        return Task(definition(name, rng.choice(["Get today's date", "Returns the current date"]), {"type": "object", "properties": {}}),
                    rng.choice(["What is today's date?", "What day is it today?", "What date is it?", "Which date is today?", "what's the date"]),
                    [(name, {})], [rng.choice([to_json(date), to_json({"date": date})])], f"Today's date is {date}.", "today's date")
    name = spelled(rng, rng.choice(["get_time", "current_time", "get_current_time", "clock", "local_time"]))
    parameter, place = rng.choice(["city", "timezone", "location", "place"]), city(rng)
    time = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}"
    return Task(definition(name, rng.choice(["Get the current time in a city", "Returns the local time"]), parameters(**{parameter: text()})),
                rng.choice(["What time is it in {}?", "Current time in {}?", "Tell me the time in {}.", "time in {}"]).format(place),
                [(name, {parameter: place})], [rng.choice([to_json(time), to_json({"time": time}), to_json({parameter: place, "time": time})])],
                f"It is {time} in {place}.", f"the time in {place}")


NOUNS = ("price population score stock balance status height rating weight area distance deadline owner version size capital length age speed cost level rank "
         "total phone address temperature humidity budget salary volume count limit title author color currency battery schedule summary email").split()
VERBS = "get fetch lookup find read check query show".split()


def lookup(rng):
    """get_<noun>(<parameter>), for one or two entities."""
    kind = rng.random()
    noun = (rng.choice(["stock price", "phone number", "exchange rate", "order status", "user name", "delivery date", "share price"]) if kind < 0.2
            else rng.choice(NOUNS) if kind < 0.7 else invented_word(rng))
    name = spelled(rng, f"{rng.choice(VERBS)}_{noun.replace(' ', '_')}")
    parameter = rng.choice(["name", "query", "id", "item", "key", "user", "symbol", "product", "target", "company", "ticker", "location", invented_word(rng)])
    draw = code if parameter in ("symbol", "ticker") and rng.random() < 0.6 else entity
    entities = different(rng, draw, rng.choice([1, 1, 1, 2]))
    values = [rng.choice([rng.randint(1, 9999), invented_name(rng), rng.randint(1, 99) + 0.5]) for _ in entities]
    question = rng.choice(["What is the {n} of {e}?", "Tell me the {n} of {e}.", "Get the {n} for {e}.", "Look up the {n} of {e}", "Find the {n} of {e}, please.",
                           "Show me the {n} for {e}.", "what's the {n} of {e}", "{n} of {e}?", "I need the {n} of {e}.", "Check the {n} of {e}"])
    style = rng.random()
    responses = [to_json({noun: value}) if style < 0.5 else to_json({parameter: item, noun: value}) if style < 0.8 else to_json(value)
                 for item, value in zip(entities, values)]
    places = enumerate_in_words(entities)
    description = rng.choice(["Get the {n} of a {p}", "Returns the {n}", "Look up the {n}.", "Find {n}", "Returns the latest {n} for a {p}"])
    return Task(definition(name, description.format(n=noun, p=parameter), parameters(**{parameter: text(rng.choice([None, "The " + parameter]))})),
                question.format(n=noun, e=places), [(name, {parameter: item}) for item in entities], responses,
                " ".join(f"The {noun} of {item} is {value}." for item, value in zip(entities, values)), f"the {noun} of {places}")


# name, description, parameters, request, kind of the last value, answer
ACTIONS = [
    ("send_message", "Send a message", "to text", "Send a message to {0}: {1}", "text", "Your message to {0} was sent."),
    ("send_email", "Send an email", "to subject", "Send an email to {0} about {1}", "text", "Your email to {0} was sent."),
    ("play_song", "Play a song", "title", "Play {0}", "word", "Now playing {0}."),
    ("search_web", "Search the web", "query", "Search the web for {0}", "word", "I searched for {0}."),
    ("set_timer", "Set a timer", "minutes", "Set a timer for {0} minutes", "number", "The timer is set for {0} minutes."),
    ("turn_on_light", "Turn on a light", "room", "Turn on the light in {0}", "word", "The light in {0} is on."),
    ("roll_dice", "Roll a dice", "sides", "Roll a dice with {0} sides", "number", "The dice shows {1}."),
]


def action(rng):
    name, description, names, request, kind, answer = rng.choice(ACTIONS)
    called = spelled(rng, name)
    if kind == "number":
        values = [rng.randint(1, 90)]
    elif kind == "word":
        values = [rng.choice([invented_name(rng), rng.choice(THINGS), f"{invented_word(rng)} {invented_word(rng)}"])]
    else:
        values = [entity(rng), " ".join(invented_word(rng) for _ in range(rng.randint(1, 4))) if rng.random() < 0.5 else sentence(rng).rstrip(".")]
    shown = rng.randint(1, values[0]) if name == "roll_dice" else None
    response = to_json({"result": shown}) if shown else rng.choice([to_json({"status": "ok"}), '"ok"', to_json({"success": True})])
    schema = parameters(**{key: number() if kind == "number" else text() for key in names.split()})
    return Task(definition(called, description, schema), request.format(*values) + rng.choice(["", "."]), [(called, dict(zip(names.split(), values)))],
                [response], answer.format(*values, shown), description[0].lower() + description[1:])


VARIANTS = [(weather_variant, 3), (calculator_variant, 1.5), (conversion, 1), (date_or_time, 1), (lookup, 4), (action, 1.2)]


def variant(rng):
    return rng.choices([draw for draw, _ in VARIANTS], [weight for _, weight in VARIANTS])[0](rng)
