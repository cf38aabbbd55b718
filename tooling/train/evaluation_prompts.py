"""Hand-written prompts of the evaluation, with the regular expression that a good answer matches.

None of the wordings in HELD_OUT_SMALL_TALK is in the training data (`evaluate.py` checks it), and none of the
names, cities and topics is in its lists.
"""
from chat import Conversation, ask, calls_text
from data.tools import CALCULATE, GET_WEATHER

CITIES = (
    "Ouagadougou Ljubljana Bratislava Tbilisi Yerevan Baku Tashkent Ulaanbaatar Windhoek Gaborone Maputo Kigali Kampala Luanda Bamako "
    "Freetown Monrovia Managua Tegucigalpa Guadalajara Medellin Rotterdam Antwerp Gdansk Porto Bilbao Leipzig Dresden Graz Basel Odessa "
    "Winnipeg Calgary Halifax Honolulu Anchorage Adelaide Darwin Kobe Hiroshima Busan Chennai Kolkata Stuttgart Strasbourg Toulouse").split()
NAMES = "Wolfgang Beatrix Tariq Siobhan Mateusz Annika Dmitri Yolanda Kwame Astrid Hiroshi Gwendolyn Ximena Thandiwe Leopold Saskia".split()
TOPICS = (
    "the Higgs boson;monetary policy;a balanced diet;the Cold War;reinforcement learning;how vaccines are tested;a red-black tree;opera;"
    "plate tectonics;the Silk Road;garbage collection;existentialism;the Great Barrier Reef;sailing;general anesthesia;a business plan").split(";")

GREETING = r"(?i)^(hello|hi\b)|how can i help"
IDENTITY = r"(?i)demo model"
HELP = r"(?i)I can .*(sum|add|tool|haiku)"
FINE = r"(?i)fine|good, thank|well, thank|^hello"
THANKS = r"(?i)welcome"
GOODBYE = r"(?i)goodbye|bye"
DECLINE = r"(?i)don't know|tiny demo model"

HELD_OUT_SMALL_TALK = [
    ("Hello hello", GREETING), ("Good morning to you!", GREETING), ("hi there model", GREETING), ("Hey! Anybody home?", r"(?i)hello|here|help"),
    ("How's your day going?", FINE), ("hey how are you today", FINE), ("How are you feeling?", FINE + "|feelings"), ("are you doing well?", FINE),
    ("It's really nice to meet you", r"(?i)nice to meet you|meet you too"), ("nice to meet you, model", r"(?i)nice to meet you"),
    ("Very pleased to meet you!", r"(?i)nice to meet you"),
    ("And who are you?", IDENTITY), ("Could you tell me who you are?", IDENTITY), ("What's your name, model?", IDENTITY),
    ("May I ask what you are?", IDENTITY), ("So what kind of AI are you?", IDENTITY), ("Are you a real human being?", r"(?i)no.*model|demo model"),
    ("Who was it that made you?", r"(?i)trained|krait|demo"), ("Are you some kind of ChatGPT?", r"(?i)^no|demo model"),
    ("What things can you do?", HELP), ("tell me what you're able to do", HELP), ("What can you do for me?", HELP), ("what are you good for?", HELP),
    ("Can you help me out?", HELP), ("I'm new here, what can I try?", HELP), ("What sort of questions can I ask?", HELP),
    ("Thanks so much!", THANKS), ("thank you, that's great", THANKS), ("Thanks, you helped me a lot", THANKS), ("ok thank you!", THANKS),
    ("Goodbye for now", GOODBYE), ("bye for now!", GOODBYE), ("See you tomorrow", GOODBYE), ("Ok, see you!", GOODBYE), ("good night, model", GOODBYE),
    ("You did a great job!", r"(?i)thank"), ("that was wrong", r"(?i)sorry"), ("That answer is not right", r"(?i)sorry"),
    ("Please tell me a joke", r"Why d"), ("How many parameters have you got?", r"(?i)three million"),
    ("Which languages can you speak?", r"German"), ("What's the weather in Oslo?", r"(?i)tool|don't know"),
]

# (prompt, pattern); held out like the others.
HELD_OUT_TRANSLATED = [
    ("Hallo, schön dass du da bist", r"Demo-Modell|helfen|Freut"), ("Einen guten Abend!", r"Hallo"), ("Wie geht es dir heute?", r"gut"), ("Und wer bist du?", r"Demo-Modell"),
    ("Was kannst du für mich tun?", r"Ich kann|helfen"), ("Danke sehr!", r"Gern"), ("Tschüss, bis bald!", r"Wiedersehen"), ("Wie viel ist 4 + 5?", r"\b9\b"),
    ("¡Hola, buenas tardes!", r"Hola"), ("¿Cómo estás hoy?", r"bien"), ("Dime quién eres", r"modelo"), ("¿Qué cosas puedes hacer?", r"Puedo"),
    ("Gracias, amigo", r"De nada"), ("Adiós, hasta mañana", r"Adiós"), ("¿Cuánto es 6 + 2?", r"\b8\b"),
    ("Bonjour, bonjour !", r"Bonjour"), ("Comment vas-tu aujourd'hui ?", r"bien"), ("Dis-moi qui tu es", r"modèle"), ("Tu sais faire quoi ?", r"peux"),
    ("Merci à toi", r"De rien"), ("Au revoir et merci", r"revoir|De rien"), ("Combien font 3 + 4 ?", r"\b7\b"),
    ("Ciao, buona sera!", r"Ciao"), ("Come va oggi?", r"bene"), ("Dimmi chi sei", r"modello"), ("Che cosa sai fare?", r"Posso"), ("Grazie tante", r"Prego"),
    ("Ciao, alla prossima", r"Arrivederci|Ciao"), ("Quanto fa 5 + 3?", r"\b8\b"),
    ("こんにちは、元気？", r"元気|こんにちは"), ("あなたのお名前は？", r"Nemotron|モデル"), ("何が得意ですか？", r"計算|できます"), ("本当にありがとう", r"どういたしまして"),
    ("では、さようなら", r"さようなら"), ("2 + 6はいくつですか？", r"\b8\b"),
]

_TOOLS = {"tools": [GET_WEATHER, CALCULATE]}


def _after_calls(user, calls, responses):
    return Conversation([("user", user), ("assistant", calls_text(calls)), ("tool", responses)], "", "", **_TOOLS)


# The first ten things a newcomer tries; several lines belong to one of them. (label, conversation, pattern)
FIRST_PROMPTS = [
    ("1 greeting", ask("Hello!", "", ""), GREETING),
    ("1 greeting, off the templates", ask("hey, nice to meet you :)", "", ""), r"(?i)nice to meet you"),
    ("2 how are you", ask("how are you?", "", ""), FINE),
    ("3 who are you", ask("Who are you?", "", ""), IDENTITY),
    ("3 who are you", ask("who are you?", "", ""), IDENTITY),
    ("3 what can you do", ask("What can you do?", "", ""), HELP),
    ("4 sum", ask("What is 2 + 2?", "", ""), r"\b4$"),
    ("4 sum", ask("What is 17 + 25?", "", ""), r"\b42$"),
    ("4 sum", ask("What is 347 + 285?", "", ""), r"\b632$"),
    ("4 product", ask("what's 7 times 8", "", ""), r"\b56$"),
    ("5 word problem", ask("Tom has 23 apples and gives 8 to Anna. How many apples are left?", "", ""), r"\b15\b"),
    ("6 weather call", ask("What's the weather in Reykjavik and Tokyo?", "", "", **_TOOLS),
     r'^<TOOLCALL>\[\{"name": "get_weather", "arguments": \{"city": "Reykjavik"\}\}, \{"name": "get_weather", "arguments": \{"city": "Tokyo"\}\}\]</TOOLCALL>$'),
    ("6 weather answer", _after_calls("What's the weather in Reykjavik and Tokyo?", [("get_weather", {"city": "Reykjavik"}), ("get_weather", {"city": "Tokyo"})],
                                      ['{"city": "Reykjavik", "temperature": 4, "unit": "celsius", "condition": "windy"}',
                                       '{"city": "Tokyo", "temperature": 21, "unit": "celsius", "condition": "sunny"}']),
     r"4 °C and windy in Reykjavik.*21 °C and sunny in Tokyo"),
    ("7 calculator call", ask("What is 12 * (3 + 4)?", "", "", **_TOOLS), r'"name": "calculate", "arguments": \{"expression": "12 \* \(3 \+ 4\)"\}'),
    ("7 calculator answer", _after_calls("What is 12 * (3 + 4)?", [("calculate", {"expression": "12 * (3 + 4)"})], ['{"result": 84}']), r"\b84\b"),
    ("7 greeting with tools", ask("Hi!", "", "", **_TOOLS), GREETING),
    ("8 JSON", ask("Extract name, age and city as JSON: Lisa is 29 years old and lives in Bern.", "", ""),
     r'^\{"name": "Lisa", "age": 29, "city": "Bern"\}$'),
    ("9 German", ask("Hallo, wer bist du?", "", ""), r"Demo-Modell"),
    ("9 Spanish", ask("Hola, ¿quién eres?", "", ""), r"modelo"),
    ("9 French", ask("Bonjour, qui es-tu ?", "", ""), r"modèle"),
    ("9 Italian", ask("Ciao, chi sei?", "", ""), r"modello"),
    ("9 Japanese", ask("こんにちは、あなたは誰ですか？", "", ""), r"モデル"),
    ("10 haiku", ask("Write a haiku about TypeScript", "", ""), r"(?i)haikus? about"),
    ("10 fact", ask("What is the capital of France?", "", ""), r"Paris"),
    ("10 out of reach", ask("Explain quantum computing in simple terms", "", ""), DECLINE),
    ("10 thanks", ask("thanks", "", ""), THANKS),
    ("10 bye", ask("bye", "", ""), GOODBYE),
]
