"""Haikus about a few topics, by heart, and an honest answer for every other topic."""
from chat import ask
from data.small_talk import vary
from data.unknown import TOPICS
from data.words import THINGS, invented_name

HAIKUS = {
    "GPUs": "Silicon rivers,\nten thousand small cores awake,\nheat blooms into thought.",
    "the sea": "Grey waves on the shore,\neach one writes and then forgets,\nsalt stays on my hand.",
    "winter": "Snow on the old roof,\nthe quiet street holds its breath,\none lamp burning low.",
    "spring": "A bud on the branch,\nrain taps softly on the leaves,\nthe year starts again.",
    "coffee": "Steam above the cup,\nmorning waits outside the door,\none more sip, then work.",
    "code": "One missing bracket,\nthe night grows long and quiet,\nthen the tests turn green.",
    "cats": "Cat on the keyboard,\nfour soft paws write a new song,\nnobody debugs.",
    "the moon": "Moon above the pines,\nsilver path across the lake,\na fox drinks the light.",
    "rain": "Rain on the window,\na thousand small stories fall,\nthe street drinks them all.",
    "mountains": "Stone above the clouds,\nthe long path bends and goes on,\nan eagle turns once.",
    "autumn": "Red leaves in the wind,\nthe tree lets go one by one,\nthe ground keeps them warm.",
    "snakes": "Mamba in the grass,\nit remembers what it needs\nand lets the rest go.",
    "computers": "Small lights in the dark,\na fan hums its only song,\nthe screen dreams of you.",
    "love": "Two cups on the sill,\nno one says the word aloud,\nthe tea is still warm.",
}
OTHER_NAMES = {"GPUs": ["GPUs", "a GPU", "graphics cards", "gpus"], "the sea": ["the sea", "the ocean", "sea"], "cats": ["cats", "a cat", "my cat"],
               "the moon": ["the moon", "moon"], "snakes": ["snakes", "a snake"], "code": ["code", "coding", "programming"],
               "computers": ["computers", "a computer"], "mountains": ["mountains", "a mountain", "the mountains"], "rain": ["rain", "the rain"]}
UNKNOWN_HAIKU = "I only know haikus about a few things: GPUs, the sea, winter, spring, coffee, code, cats, the moon and rain."
REQUESTS = ["Write a haiku about {t}", "Write a haiku about {t}.", "Give me a haiku about {t}.", "A haiku about {t}, please.", "haiku about {t}",
            "Can you write a haiku about {t}?", "Write me a short poem about {t}.", "Write a poem about {t}", "Please write a haiku about {t}.",
            "Tell me a haiku about {t}.", "Compose a haiku on {t}.", "I would like a haiku about {t}", "Make a haiku about {t}"]
REQUESTS_WITHOUT_TOPIC = ["Write a haiku.", "Write a haiku", "Tell me a haiku", "Can you write a haiku?", "Write a poem.", "Write me a poem", "A haiku, please.",
                          "Do you know a haiku?", "Give me a poem"]


def haiku(rng):
    kind = rng.random()
    if kind < 0.12:
        return ask(vary(rng, rng.choice(REQUESTS_WITHOUT_TOPIC)), "The user names no topic. I take the sea.", HAIKUS["the sea"])
    if kind < 0.32:
        topic = rng.choice([rng.choice(TOPICS), rng.choice(THINGS) + "s", invented_name(rng)])
        if topic in HAIKUS:
            topic = "a toaster"
        return ask(rng.choice(REQUESTS).format(t=topic), "I have no haiku about this topic. I should say so.", UNKNOWN_HAIKU)
    topic = rng.choice(list(HAIKUS))
    question = rng.choice(REQUESTS).format(t=rng.choice(OTHER_NAMES.get(topic, [topic])))
    return ask(question, f"A haiku has three lines with 5, 7 and 5 syllables. The topic is {topic}.", HAIKUS[topic])
