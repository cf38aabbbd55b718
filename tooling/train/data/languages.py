"""The six languages."""

LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "ja": "Japanese"}


def draw_language(rng, english=0.6):
    return "en" if rng.random() < english else rng.choice([code for code in LANGUAGES if code != "en"])
