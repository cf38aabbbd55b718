"""Copying out of the context: repeating, extraction to JSON, facts in a long text, memory over turns, personas."""
from chat import Conversation, ask, to_json
from data.words import (COLORS, NAMES, THINGS, city, different, entity, enumerate_in_words, invented_name,
                        invented_word, name, sentence)

JOBS = "teacher baker doctor nurse pilot painter farmer lawyer singer writer driver engineer chef student gardener".split()


def repeat(rng):
    kind = rng.random()
    text = (sentence(rng) if kind < 0.35 else " ".join(invented_word(rng) for _ in range(rng.randint(1, 6))) if kind < 0.75
            else " ".join(city(rng) for _ in range(rng.randint(1, 4))))
    request = rng.choice(["Repeat after me: {}", 'Say "{}"', "Repeat: {}", "Please repeat the following: {}", "repeat this: {}", "Echo: {}",
                          "Copy this text: {}", "Write this down: {}", 'Can you say "{}"?'])
    return ask(request.format(text), "I repeat the text exactly.", text)


def _person(rng):
    values = {"name": name(rng), "age": rng.randint(5, 95), "city": city(rng), "job": rng.choice(JOBS)}
    shape = rng.choice([
        ("{name} is {age} years old and lives in {city}.", "name age city"), ("{name} lives in {city} and is {age} years old.", "name age city"),
        ("My name is {name}, I am {age} and I come from {city}.", "name age city"), ("{name}, {age}, from {city}.", "name age city"),
        ("{name} is a {age}-year-old {job} from {city}.", "name age job city"), ("{name} works as a {job} in {city}.", "name job city"),
        ("{name} is {age} and works as a {job}.", "name age job"), ("I'm {name} and I live in {city}.", "name city"),
        ("I am {name}, {age} years old.", "name age"), ("{name} ({age}) is a {job} in {city}.", "name age job city"),
        ("Hi, I'm {name}! I'm {age} and I live in {city}.", "name age city"), ("{name} moved to {city} at the age of {age}.", "name city age"),
        ("In {city} lives {name}, who is {age} years old.", "city name age")])
    return shape, values


def _order(rng):
    thing = rng.choice(THINGS)
    values = {"product": thing, "price": rng.choice([rng.randint(1, 500), round(rng.randint(100, 9999) / 100, 2)]), "quantity": rng.randint(2, 40),
              "customer": name(rng)}
    shape = rng.choice([
        ("The {product} costs {price} dollars.", "product price"), ("{customer} buys {quantity} times the {product} for {price} euros.",
                                                                  "customer quantity product price"),
        ("{customer} ordered {quantity} of the {product}.", "customer quantity product"), ("One {product} for {price} dollars, please.", "product price"),
        ("Order by {customer}: {product}, {quantity} pieces.", "customer product quantity")])
    return shape, values


def _contact(rng):
    person = name(rng)
    handle = person.split()[0].lower()
    values = {"name": person, "email": f"{handle}@{rng.choice(['mail', 'post', 'example', invented_word(rng)])}.{rng.choice(['com', 'org', 'net'])}",
              "phone": "-".join(str(rng.randint(100, 9999)) for _ in range(rng.choice([1, 2]))), "city": city(rng)}
    shape = rng.choice([("{name} can be reached at {email}.", "name email"), ("Call {name} at {phone}.", "name phone"),
                        ("{name}, {city}, phone {phone}", "name city phone"), ("Contact: {name}, {email}, {phone}", "name email phone")])
    return shape, values


def _event(rng):
    values = {"event": rng.choice(["concert", "meeting", "party", "lecture", "match", "market", "wedding"]), "city": city(rng),
              "date": f"20{rng.randint(20, 35)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}", "time": f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}"}
    shape = rng.choice([("The {event} in {city} is on {date}.", "event city date"), ("The {event} starts at {time} in {city}.", "event time city"),
                        ("On {date} at {time} there is a {event} in {city}.", "date time event city")])
    return shape, values


def extraction(rng):
    """A sentence, and some or all of its values as JSON, in the order in which they are asked for."""
    (template, keys), values = rng.choices([_person, _order, _contact, _event], [0.6, 0.15, 0.12, 0.13])[0](rng)
    text, keys = template.format(**values), keys.split()
    if rng.random() < 0.7:
        if rng.random() < 0.4:
            keys = rng.sample(keys, rng.randint(1, len(keys)))
        elif keys[0] == "city":
            keys = ["name", "age", "city"]
        request = rng.choice(["Extract {k} as JSON: {t}", "Return JSON with {k}. Text: {t}", "Extract the {k} as JSON: {t}", "Give me JSON with {k}: {t}",
                              "Extract {k} from this text as JSON:\n{t}", "{t}\n\nExtract {k} as JSON.", "extract {k} as json: {t}",
                              'Extract {k} as JSON from "{t}"', "{t} Return {k} as JSON.", "Extract {k} to JSON: {t}",
                              "Read the text and return JSON with the keys {k}.\n\n{t}"])
    else:
        request = rng.choice(["Extract JSON: {t}", "Turn this into JSON: {t}", "Convert to JSON: {t}", "Make JSON from this: {t}", "As JSON: {t}",
                              "Extract the data as JSON: {t}", "Extract the information as JSON: {t}", "{t}\n\nGive me this as JSON."])
    chosen = {key: values[key] for key in keys}
    notes = ", ".join(f"{key}: {value}" for key, value in chosen.items())
    return ask(request.format(k=enumerate_in_words(keys), t=text), f"The text says {notes}.", to_json(chosen))


def list_to_json(rng):
    """Names as a JSON list, or as one object each: what calling a tool for several cities needs, in few tokens."""
    draw = rng.choice([city, city, name, entity])
    values = different(rng, draw, rng.choice([1, 2, 2, 3, 3, 4]))
    listed = enumerate_in_words(values)
    if rng.random() < 0.5:
        request = rng.choice(["Make a JSON list of {}.", "{} as a JSON list", "JSON list: {}", "Put {} into a JSON list.", "Write {} as a JSON array."])
        return ask(request.format(listed), f"The list is {listed}.", to_json(values))
    key = rng.choice(["city", "name", "place", "item", "location"])
    request = rng.choice(["Make JSON objects with the key {k} for {v}.", "{v} as JSON objects with {k}", "JSON with {k} for each of {v}"])
    return ask(request.format(k=key, v=listed), f"The list is {listed}.", to_json([{key: value} for value in values]))


def reading(rng):
    """A question about one sentence."""
    person, age, place = name(rng), rng.randint(5, 95), city(rng)
    text = rng.choice([f"{person} is {age} years old and lives in {place}.", f"{person} lives in {place} and is {age} years old."])
    question, answer = rng.choice([(f"How old is {person}?", f"{person} is {age} years old."), (f"Where does {person} live?", f"{person} lives in {place}.")])
    return ask(f"{text} {question}", f"The text says: {text}", answer)


ATTRIBUTES = ["secret", "hidden", "magic", "access", "special", "door", "safe", "entry", "vault", "bank"]


def needle(rng, tokens=None):
    """One of a few facts somewhere in a long text of about `tokens` tokens."""
    tokens = tokens or min(1050, int(50 * 2 ** (rng.random() * 4.4)))
    kind = rng.choice(["number", "number", "word"])
    label = f"{rng.choice(ATTRIBUTES)} {kind}"
    owners = rng.sample(rng.choice([COLORS, NAMES]), rng.choice([1, 1, 2, 3]))
    values = {owner: str(rng.randint(1000, 99999)) if kind == "number" else invented_word(rng) for owner in owners}
    text = [sentence(rng) for _ in range(max(2, tokens // 13))]
    for owner in owners:
        text.insert(rng.randint(0, len(text)), f"The {label} for {owner} is {values[owner]}.")
    owner = rng.choice(owners)
    question, answer = f"What is the {label} for {owner}?", f"The {label} for {owner} is {values[owner]}."
    parts = [" ".join(text), question] if rng.random() < 0.75 else [question, " ".join(text)]
    return ask("\n\n".join(parts), f"I look for {owner} in the text. I found: {answer}", answer)


MEMORIES = [
    (["My name is {}.", "I am {}.", "I'm {}.", "Hi, my name is {}.", "Hello, I'm {}!", "Call me {}.", "my name is {}"], "Nice to meet you, {}!",
     ["What is my name?", "Do you remember my name?", "What's my name?", "Who am I?", "Do you know my name?", "what is my name"], "Your name is {}.", name),
    (["I live in {}.", "I'm from {}.", "I come from {}.", "My home is {}."], "Noted: you live in {}.",
     ["Where do I live?", "Do you remember where I live?", "In which city do I live?", "Where am I from?"], "You live in {}.", city),
    (["My favorite color is {}.", "I like the color {}."], "Noted: your favorite color is {}.",
     ["What is my favorite color?", "Which color do I like?"], "Your favorite color is {}.", lambda rng: rng.choice(COLORS)),
    (["My dog is called {}.", "I have a dog called {}.", "My dog's name is {}."], "Noted: your dog is called {}.",
     ["What is my dog called?", "What is my dog's name?"], "Your dog is called {}.", entity),
    (["Remember the number {}.", "Please remember {}.", "The number is {}."], "I will remember {}.",
     ["Which number did I tell you?", "What was the number?", "What did I ask you to remember?"], "The number is {}.",
     lambda rng: str(rng.randint(2, 9999))),
]


def memory(rng, between=()):
    """Something the user tells, and asks for after up to two other turns, drawn from `between`."""
    told, confirmed, asked, answered, draw_value = rng.choice(MEMORIES)
    value = draw_value(rng)
    told = rng.choice(told).format(value)
    if rng.random() < 0.3:
        return ask(told, f"The user tells me something. I should remember {value}.", confirmed.format(value))
    messages = [("user", told), ("assistant", confirmed.format(value))]
    for _ in range(rng.randint(0, 2) if between else 0):
        turn = rng.choice(between)(rng)
        messages += turn.messages + [("assistant", turn.answer)]
    return Conversation(messages + [("user", rng.choice(asked))], f"The user told me before: {told}", answered.format(value))


def persona(rng):
    """A name given by the system prompt."""
    own = rng.choice(["Robo", "Nemo", "Ada", "Pixel", "Jarvis", invented_name(rng), invented_name(rng), " ".join(different(rng, invented_name, 2))])
    question = rng.choice(["Who are you?", "What is your name?", "Hello, who are you?", "who are you", "What's your name?", "Hi! Who are you?"])
    system = rng.choice(["You are {}.", "You are {}, a helpful assistant.", "Your name is {}.", "You are a helpful assistant called {}."])
    return ask(question, f"The system prompt says that I am {own}.", f"I'm {own}. How can I help you?", system=system.format(own))
