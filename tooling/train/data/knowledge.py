"""Short facts: capitals, single words in other languages, and a list of questions that newcomers ask."""
from chat import ask
from data.facts import CAPITALS, FACTS, TRANSLATED_CAPITALS, TRANSLATIONS
from data.languages import LANGUAGES
from data.small_talk import vary

CAPITAL_QUESTIONS = [
    "What is the capital of {}?", "What's the capital of {}?", "Name the capital of {}.", "capital of {}?", "Capital of {}",
    "Tell me the capital of {}.", "Do you know the capital of {}?", "Which city is the capital of {}?", "the capital of {}"]
TRANSLATION_QUESTIONS = [
    'How do you say "{w}" in {l}?', 'Translate "{w}" to {l}.', 'What is "{w}" in {l}?', "Translate {w} to {l}", "How do I say {w} in {l}?",
    "What is {w} in {l}?", "What does {w} mean in {l}?", 'Translate "{w}" into {l}', "{w} in {l}?", "What is the {l} word for {w}?"]


def capital(rng):
    if rng.random() < 0.7:
        country, city = rng.choice(CAPITALS)
        question = vary(rng, rng.choice(CAPITAL_QUESTIONS).format(country))
        return ask(question, f"The user asks for the capital of {country}. It is {city}.", f"The capital of {country} is {city}.")
    language = rng.choice(list(TRANSLATED_CAPITALS))
    question, answer, capitals = TRANSLATED_CAPITALS[language]
    country = rng.choice(list(capitals))
    city = capitals[country]
    return ask(question.format(c=country), f"The user asks for a capital in {LANGUAGES[language]}. It is {city}.",
               answer.format(c=country, p=city))


def translation(rng):
    words = rng.choice(TRANSLATIONS)
    column = rng.randint(1, 4)
    language = ["", "German", "Spanish", "French", "Italian"][column]
    question = rng.choice(TRANSLATION_QUESTIONS).format(w=words[0], l=language)
    return ask(question, f"The user wants the {language} word for {words[0]}.", f'"{words[0]}" in {language} is "{words[column]}".')


def fact(rng):
    questions, answer = rng.choice(FACTS)
    return ask(vary(rng, rng.choice(questions)), "I know this one.", answer)


def knowledge(rng):
    return rng.choices([capital, translation, fact], [0.35, 0.2, 0.45])[0](rng)
