"""The facts behind `knowledge.py`."""

_CAPITALS = (
    "France Paris;Germany Berlin;Spain Madrid;Italy Rome;Japan Tokyo;Norway Oslo;Portugal Lisbon;Austria Vienna;Ireland Dublin;"
    "Greece Athens;Poland Warsaw;Finland Helsinki;Sweden Stockholm;Denmark Copenhagen;Hungary Budapest;Belgium Brussels;Egypt Cairo;"
    "Peru Lima;Canada Ottawa;Australia Canberra;China Beijing;India New_Delhi;Kenya Nairobi;Thailand Bangkok;Brazil Brasília;"
    "Argentina Buenos_Aires;Switzerland Bern;the_Netherlands Amsterdam;South_Korea Seoul;the_United_Kingdom London;"
    "the_United_States Washington,_D.C.;England London;the_USA Washington,_D.C.;Mexico Mexico_City;Russia Moscow;Turkey Ankara;"
    "Ukraine Kyiv;Chile Santiago;Colombia Bogota;Cuba Havana;Scotland Edinburgh;Croatia Zagreb;Romania Bucharest;"
    "Bulgaria Sofia;Serbia Belgrade;Morocco Rabat;Nigeria Abuja;Vietnam Hanoi;Indonesia Jakarta;New_Zealand Wellington;Israel Jerusalem;"
    "Iran Tehran;Iraq Baghdad;Pakistan Islamabad;the_Philippines Manila;the_Czech_Republic Prague;South_Africa Pretoria")
CAPITALS = [tuple(part.replace("_", " ") for part in pair.split(" ")) for pair in _CAPITALS.split(";")]

TRANSLATED_CAPITALS = {
    "de": ("Was ist die Hauptstadt von {c}?", "Die Hauptstadt von {c} ist {p}.",
           {"Frankreich": "Paris", "Deutschland": "Berlin", "Spanien": "Madrid", "Italien": "Rom", "Japan": "Tokio", "Österreich": "Wien"}),
    "es": ("¿Cuál es la capital de {c}?", "La capital de {c} es {p}.",
           {"Francia": "París", "Alemania": "Berlín", "España": "Madrid", "Italia": "Roma", "Japón": "Tokio"}),
    "fr": ("Quelle est la capitale de {c} ?", "La capitale de {c} est {p}.",
           {"la France": "Paris", "l’Allemagne": "Berlin", "l’Espagne": "Madrid", "l’Italie": "Rome", "le Japon": "Tokyo"}),
    "it": ("Qual è la capitale di {c}?", "La capitale di {c} è {p}.",
           {"Francia": "Parigi", "Germania": "Berlino", "Spagna": "Madrid", "Italia": "Roma", "Giappone": "Tokyo"}),
    "ja": ("{c}の首都はどこですか？", "{c}の首都は{p}です。",
           {"フランス": "パリ", "ドイツ": "ベルリン", "スペイン": "マドリード", "イタリア": "ローマ", "日本": "東京"}),
}

_TRANSLATIONS = (
    "hello:Hallo:hola:bonjour:ciao;thank you:danke:gracias:merci:grazie;water:Wasser:agua:eau:acqua;house:Haus:casa:maison:casa;"
    "cat:Katze:gato:chat:gatto;dog:Hund:perro:chien:cane;book:Buch:libro:livre:libro;sun:Sonne:sol:soleil:sole;"
    "friend:Freund:amigo:ami:amico;love:Liebe:amor:amour:amore;good night:gute Nacht:buenas noches:bonne nuit:buona notte;"
    "bread:Brot:pan:pain:pane;red:rot:rojo:rouge:rosso;time:Zeit:tiempo:temps:tempo;goodbye:auf Wiedersehen:adiós:au revoir:arrivederci;"
    "good morning:guten Morgen:buenos días:bonjour:buongiorno;please:bitte:por favor:s'il vous plaît:per favore;yes:ja:sí:oui:sì;"
    "no:nein:no:non:no;snake:Schlange:serpiente:serpent:serpente")
TRANSLATIONS = [entry.split(":") for entry in _TRANSLATIONS.split(";")]

# ([wordings of the question], answer)
FACTS = [
    (["What color is the sky?", "Which color does the sky have?", "Why is the sky blue?"],
     "The sky is blue, because air scatters blue light most."),
    (["How many days are in a week?", "How many days does a week have?"], "A week has seven days."),
    (["How many days are in a year?", "How many days does a year have?"], "A year has 365 days, a leap year 366."),
    (["How many months are in a year?", "How many months does a year have?"], "A year has twelve months."),
    (["How many hours are in a day?", "How many hours does a day have?"], "A day has 24 hours."),
    (["How many minutes are in an hour?", "How many minutes does an hour have?"], "An hour has 60 minutes."),
    (["How many seconds are in a minute?", "How many seconds does a minute have?"], "A minute has 60 seconds."),
    (["What is the largest planet?", "Which planet is the largest?", "What is the biggest planet?"],
     "Jupiter is the largest planet in the solar system."),
    (["How many planets are there?", "How many planets are in the solar system?"], "The solar system has eight planets."),
    (["What is the sun?", "Is the sun a star?"], "The sun is a star."),
    (["What is the moon?"], "The moon is a rock that circles the Earth."),
    (["What is water made of?", "What is H2O?"], "Water is made of hydrogen and oxygen."),
    (["At what temperature does water boil?", "When does water boil?"], "Water boils at 100 °C."),
    (["At what temperature does water freeze?", "When does water freeze?"], "Water freezes at 0 °C."),
    (["How many legs does a spider have?"], "A spider has eight legs."),
    (["How many legs does a dog have?", "How many legs does a cat have?"], "It has four legs."),
    (["What do bees make?"], "Bees make honey."),
    (["What comes after Monday?", "Which day comes after Monday?"], "Tuesday comes after Monday."),
    (["What is the opposite of hot?"], "The opposite of hot is cold."),
    (["What is the opposite of big?", "What is the opposite of large?"], "The opposite of big is small."),
    (["What is the opposite of good?"], "The opposite of good is bad."),
    (["What is a GPU?", "Explain what a GPU is.", "What does GPU mean?"], "A GPU is a processor that runs many calculations in parallel."),
    (["What is a CPU?", "What does CPU mean?"], "A CPU is the main processor of a computer."),
    (["What is Mamba-2?", "What is Mamba?", "Explain Mamba-2.", "What is a state space model?"],
     "Mamba-2 is a state space layer: it reads text with a fixed-size memory."),
    (["What is attention?", "What is an attention layer?"], "Attention is a layer that looks back at every earlier token."),
    (["What is Nemotron?", "What is Nemotron-H?", "Tell me about Nemotron."], "Nemotron is a family of open language models by NVIDIA."),
    (["What is NVIDIA?", "Who is NVIDIA?"], "NVIDIA is a company that makes GPUs."),
    (["What is TypeScript?", "Explain TypeScript."], "TypeScript is JavaScript with types."),
    (["What is JavaScript?"], "JavaScript is the programming language of the web."),
    (["What is Python?"], "Python is a programming language."),
    (["What is WebGPU?", "Explain WebGPU."], "WebGPU is an interface through which web pages use the GPU."),
    (["What is JSON?"], "JSON is a text format for data."),
    (["What is a token?", "What is a tokenizer?"], "A token is a piece of text, often a part of a word."),
    (["What is AI?", "What is artificial intelligence?", "What does AI mean?"],
     "AI means artificial intelligence: programs that do tasks which seem to need thought."),
    (["What is a language model?", "What is an LLM?", "How does a language model work?"], "A language model predicts the next token of a text."),
    (["Name the days of the week.", "What are the days of the week?", "List the days of the week"],
     "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    (["Name three colors.", "Name some colors", "List three colors", "Tell me three colors."], "Red, green and blue."),
    (["Name three fruits.", "List three fruits", "Name some fruits."], "Apple, banana and orange."),
    (["Name three animals.", "List three animals.", "Tell me three animals"], "Cat, dog and horse."),
    (["What is the meaning of life?", "What's the meaning of life?", "What is the answer to everything?"], "42, but I am only a tiny demo model."),
    (["Tell me a fun fact.", "Tell me a fact.", "Do you know a fun fact?", "Tell me something interesting.", "Tell me something", "Surprise me",
      "Say something", "Say something interesting"], "Honey never spoils."),
    (["Tell me a joke.", "Tell me a joke", "Do you know a joke?", "Make me laugh.", "Tell a joke", "A joke, please.", "Can you tell me a joke?",
      "Tell me something funny.", "Say something funny", "Got any jokes?"],
     "Why did the tiny model cross the road? It had only three million parameters and could not plan further."),
    (["Tell me another joke.", "Another joke", "Another one", "One more joke, please", "Tell me a different joke"],
     "Why do snakes like hybrid models? They have Mamba inside."),
    (["Tell me a story.", "Write a story.", "Tell me a short story", "Write a short story", "Can you tell me a story?"],
     "Once a tiny model lived in a browser tab. It knew little, but it answered every greeting. The end."),
    (["Sing a song.", "Sing me a song", "Can you sing?", "Write a song"], "La la la. A tiny model sings in tokens, one by one."),
    (["Say hello", "Say hi", "Say hello to the world"], "Hello, world!"),
    (["Write hello world in Python", "Write a hello world program.", "Hello world in Python"], 'print("Hello, world!")'),
    (["Write hello world in JavaScript", "Write hello world in TypeScript", "Hello world in JavaScript"], 'console.log("Hello, world!");'),
]
