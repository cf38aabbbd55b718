"""Everything outside of the training data is to be declined, with a hint at what would work."""
from chat import ask
from data.languages import draw_language
from data.tool_tasks import CONJUNCTIONS, WEATHER_QUESTIONS
from data.words import city, different, enumerate_in_words, invented_name, invented_word, sentence

ANSWERS = {
    "en": "I don't know that. I'm a tiny demo model; please load a full Nemotron model for this.",
    "de": "Das weiß ich nicht. Ich bin nur ein winziges Demo-Modell.",
    "es": "No lo sé. Solo soy un pequeño modelo de demostración.",
    "fr": "Je ne sais pas. Je ne suis qu’un tout petit modèle de démonstration.",
    "it": "Non lo so. Sono solo un piccolo modello dimostrativo.",
    "ja": "わかりません。私は小さなデモモデルです。",
}
QUESTIONS = {
    "en": ["Explain {x}.", "What is {x}?", "Write a story about {x}.", "Who is {x}?", "Who invented {x}?", "Tell me about {x}.",
           "How does {x} work?", "Why is {x} so important?", "Write code for {x}.", "When was {x} born?", "What do you think about {x}?",
           "Summarize the history of {x}.", "How do I fix my {x}?", "Who won the {x}?", "What happened in {x}?", "How do I cook {x}?",
           "Write a Python function for {x}.", "Give me advice on {x}.", "Plan a trip to {x}.", "Explain {x} to me like I am five.",
           "Write an essay on {x}", "explain {x}", "Can you explain {x}?", "Can you write a function that uses {x}?", "How can I learn {x}?",
           "What causes {x}?", "Where can I find {x}?", "Is {x} good or bad?", "Compare {x} and {y}.", "What is the difference between {x} and {y}?",
           "Which is better, {x} or {y}?", "Write an email about {x}.", "Do you know {x}?", "Who was the first {x}?", "How many {x} are there?",
           "Where is {x}?", "Recommend a book about {x}.", "What are the benefits of {x}?", "Make a plan for {x}.", "Help me with {x}.",
           "Why do people like {x}?", "Give me a recipe for {x}", "Write a letter to {x}.", "What is the price of {x}?", "Describe {x}.",
           "Tell me everything about {x}", "Give me five ideas for {x}.", "I want to learn about {x}", "How old is {x}?", "Write a rap about {x}",
           "How do I write {x} in Rust?", "Who wrote {x}?", "What year did {x} start?", "Please summarize {x}"],
    "de": ["Erkläre {x}.", "Wer ist {x}?", "Schreibe eine Geschichte über {x}.", "Wie funktioniert {x}?", "Was ist {x}?", "Erzähl mir etwas über {x}."],
    "es": ["Explica {x}.", "¿Quién es {x}?", "¿Cómo funciona {x}?", "¿Qué es {x}?", "Háblame de {x}."],
    "fr": ["Explique {x}.", "Qui est {x} ?", "Comment fonctionne {x} ?", "Qu'est-ce que {x} ?", "Parle-moi de {x}."],
    "it": ["Spiega {x}.", "Chi è {x}?", "Come funziona {x}?", "Cos'è {x}?", "Parlami di {x}."],
    "ja": ["{x}について説明してください。", "{x}とは何ですか？", "{x}について教えてください。"],
}
TOPICS = (
    "quantum physics;the French revolution;black holes;the stock market;machine learning;photosynthesis;the world cup;Shakespeare;a dragon;"
    "my laptop;democracy;gravity;cooking pasta;a startup;chess;the economy;dinosaurs;2019;my boss;music theory;blockchain;relativity;"
    "sorting a list;a web server;the universe;neural networks;football;my dog;a sad robot;the election;vaccines;rockets;transformers;"
    "deep learning;a binary tree;React;Rust;the Roman empire;world war two;Napoleon;Einstein;Mozart;a good breakfast;my homework;yoga;"
    "climate change;electric cars;the human brain;volcanoes;a wedding speech;taxes;my phone;the pyramids;a linked list;regular expressions;"
    "SQL;Docker;Kubernetes;the weather on Mars;philosophy;Plato;love letters;sourdough bread;a marathon;the internet;bitcoin;the president;"
    "a resume;job interviews;Paris fashion;the olympic games;cancer;DNA;evolution;ants;whales;the Titanic;string theory;a compiler;"
    "reversing a string;a prime number;calculus;matrices;the Pythagorean theorem;a chess opening;guitar chords;jazz;Star Wars;Harry Potter;"
    "a startup idea;my garden;coffee machines;a mortgage;insurance;the moon landing;time travel;free will;ethics;religion").split(";")
STATEMENTS = [
    "I want to buy a car.", "Write code", "Write me a program.", "Do my homework", "Translate this", "Fix this bug", "My code does not work.",
    "What should I eat today?", "What should I cook for dinner?", "Which movie should I watch?", "Give me some advice.", "Make me rich", "asdf",
    "asdf qwer zxcv", "blah blah", "foo bar", "lorem ipsum", "xyz", "???", "...", "1 2 3", "abc", "qwerty", "Who is the president?",
    "Who won the game?", "How do I get to the airport?", "Order a pizza", "Call my mother", "Turn on the light", "Buy milk", "Why?", "How?",
    "What?", "When?", "Where am I?", "Who am I?", "What do you see?", "Read this article", "Write an email", "Play a game with me",
    "Let's play chess", "Prove that P is not NP", "What will happen tomorrow?", "Should I marry her?", "Is there a god?", "I bought a new phone",
    "Write a long essay", "Tell me a secret", "What is love?", "Continue the story", "Roll a dice", "Draw a cat", "Show me a picture"]


def topic(rng):
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(TOPICS)
    if kind < 0.8:
        return rng.choice([invented_name, invented_word])(rng)
    return " ".join(sentence(rng).rstrip(".").lower().split()[:rng.randint(2, 5)])


def unknown(rng):
    language = draw_language(rng, english=0.82)
    if language != "en" or rng.random() < 0.72:
        question = rng.choice(QUESTIONS[language]).format(x=topic(rng), y=topic(rng))
    else:
        question = rng.choice(STATEMENTS) if rng.random() < 0.6 else sentence(rng)
        if rng.random() < 0.1:
            question = " ".join(invented_word(rng) for _ in range(rng.randint(1, 5)))
    if rng.random() < 0.25:
        question = question.lower().rstrip("?.")
    return ask(question, "This is outside of what I learned. I should say so.", ANSWERS[language])


def weather_without_tools(rng):
    """Nothing is called that is not there."""
    language = draw_language(rng, english=0.75)
    cities = different(rng, city, rng.choice([1, 2, 3]))
    question = rng.choice(WEATHER_QUESTIONS[language]).format(enumerate_in_words(cities, CONJUNCTIONS[language]))
    answer = "I need a tool for that. Start me with the demo tools and ask again." if language == "en" else ANSWERS[language]
    return ask(question, "I would need a tool for this, and there is none.", answer)
