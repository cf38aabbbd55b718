"""Greetings, thanks, questions about the model itself: what a newcomer types first.

An intent has many wordings and one answer, so that a model this small can get the answer right.
"""
from chat import ask
from data.languages import LANGUAGES, draw_language
from data.small_talk_english import ENGLISH_INTENTS
from data.small_talk_translated import TRANSLATED_INTENTS

# How often each intent is drawn; intents that are not listed here have weight 1.
WEIGHTS = {"greeting": 6, "how are you": 4, "identity": 13, "help": 7, "thanks": 3, "goodbye": 3, "nice to meet you": 3}
DECORATIONS = ["", "", "", "", "", " :)", " :-)", "!", "!!", " 😊", " 👋", " please", "..."]
FIRST_WORDS = ["Hi, ", "Hello, ", "Hey, ", "Hi! ", "hey ", "Ok, ", "So, ", "hi ", "Hello! ", "Hey there, "]


def vary(rng, text):
    """Other capitals, punctuation and the odd typing error."""
    if rng.random() < 0.3:
        text = text.lower()
    elif rng.random() < 0.04:
        text = text.upper()
    if rng.random() < 0.3:
        text = text.rstrip("?.!")
    if rng.random() < 0.3:
        text += rng.choice(DECORATIONS)
    if rng.random() < 0.08 and len(text) > 5:
        position = rng.randrange(1, len(text) - 2)
        kind = rng.random()
        if kind < 0.4:
            text = text[:position] + text[position + 1:]
        elif kind < 0.7:
            text = text[:position] + text[position + 1] + text[position] + text[position + 2:]
        else:
            text = text[:position] + text[position] + text[position:]
    return text


def intents(language):
    return ENGLISH_INTENTS if language == "en" else TRANSLATED_INTENTS[language]


def small_talk(rng, language=None, intent=None):
    language = language or draw_language(rng, english=0.6)
    table = intents(language)
    intent = intent or rng.choices(list(table), [WEIGHTS.get(name, 1) for name in table])[0]
    wordings, thinking, answers = table[intent]
    wording = rng.choice(wordings)
    if language == "en" and intent not in ("greeting", "goodbye", "acknowledgement") and rng.random() < 0.12:
        wording = rng.choice(FIRST_WORDS) + wording[0].lower() + wording[1:]
    if language != "ja":
        wording = vary(rng, wording)
    name = LANGUAGES[language]
    return ask(wording, thinking.format(language=name), rng.choice(answers))
