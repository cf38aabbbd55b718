"""Names, cities, invented words and plain sentences.

Copying a word that the model has never seen is a skill of its own: many names are therefore invented, from
syllables, from letters, and from pieces of the whole vocabulary.
"""

NAMES = (
    "Ana Ben Carla David Emma Finn Greta Hugo Ines Jonas Kim Luca Maria Noah Olga Paul Rosa Sam Tom Yuki Sofia Leo Mia Max "
    "Nina Oscar Lena Marco Julia Felix Clara Hans Pierre Giulia Carlos Akira Lucia Pedro Anna Peter Alice Bob Eva Adam John "
    "Mary James Sarah Michael Laura Daniel Sophie Thomas Kate Lisa Mark Jane Chris Alex Omar Fatima Priya Ravi Wei Ling Ahmed "
    "Ivan Natasha Ingrid Sven Chloe Liam Olivia Ethan Zoe Jack Lily Henry Grace Victor Elena Diego Camila Kenji Sakura").split()
SURNAMES = ("Smith Miller Garcia Rossi Tanaka Weber Martin Lopez Brown Jones Schmidt Moreau Ferrari Sato Novak Silva Khan Lee "
            "Wilson Clark Meyer Fischer Dubois Ricci Suzuki Costa Patel Nguyen Kim Andersen").split()
CITIES = (
    "Paris;London;Berlin;Madrid;Rome;Tokyo;Oslo;Lisbon;Vienna;Dublin;Athens;Prague;Warsaw;Helsinki;Munich;Hamburg;Milan;Naples;"
    "Kyoto;Osaka;Boston;Chicago;Seattle;Denver;Austin;Dallas;Miami;Toronto;Sydney;Melbourne;Cairo;Lima;Quito;Bogota;Santiago;"
    "Delhi;Mumbai;Seoul;Beijing;Shanghai;Bangkok;Hanoi;Jakarta;Manila;Nairobi;Lagos;Zurich;Geneva;Brussels;Amsterdam;Copenhagen;"
    "Stockholm;Budapest;Lyon;Nice;Bordeaux;Seville;Valencia;Barcelona;Turin;Venice;Florence;Sapporo;Nagoya;Moscow;Istanbul;"
    "Dubai;Singapore;Vancouver;Montreal;Houston;Phoenix;Atlanta;Detroit;Marseille;Frankfurt;Cologne;Köln;München;Zürich;"
    "Edinburgh;Glasgow;Manchester;Liverpool;Krakow;Sofia;Belgrade;Zagreb;Riga;Tallinn;Vilnius;Kyiv;Bucharest;Ankara;Tehran;"
    "Baghdad;Riyadh;Doha;Karachi;Lahore;Dhaka;Kathmandu;Colombo;Taipei;Yokohama;Fukuoka;Auckland;Wellington;Perth;Brisbane;"
    "Havana;Caracas;Brasília;Montevideo;Accra;Dakar;Tunis;Algiers;Casablanca;Malmö;Göteborg;Málaga;Granada;Genoa;Palermo;"
    "New York;San Francisco;Los Angeles;Buenos Aires;Cape Town;Hong Kong;Mexico City;Santa Clara;Tel Aviv;São Paulo;New Delhi;"
    "San Diego;Las Vegas;St. Petersburg;Kuala Lumpur;Addis Ababa;La Paz;San José;Salt Lake City;Washington, D.C.").split(";")
COLORS = "red blue green yellow black white purple orange silver golden pink gray brown".split()
THINGS = (
    "apple book lamp door box key car cup coin shirt table chair garden bottle bag clock letter map ring stone hat pen plate river "
    "house tower ship train boat bridge card egg pencil marble cookie balloon sticker orange ball stamp shell flower candy toy "
    "muffin ticket photo nail brick rose shoe peach cake banana bike button").split()
ANIMALS = "bird duck cat dog horse sheep cow fish rabbit chicken frog bee goat ant fox pigeon sparrow penguin".split()

SYLLABLES = (
    "ba be bi bo bra da de dor el fa fi ga gar go ha hel in ka ke kor la len li lo ma mar me mi mon na ne nor o pa per ra ri ro "
    "sa sel ta tan ti tor va ve vik wen za zu jo ju ky ya yo xa qua wa whi gu gou dou ou nu pu ru lu du bu fu vi vo ze zi fe cha "
    "chi sho tsu kyo rey kja jar dal burg ville stad ton ford ham grad pur abad ang ung ong ing dij sk st th cr bl gr").split()
CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwxyz", "aeiouaeiouy"
_vocabulary_pieces = ["an", "er", "ol", "mi"]


def use_vocabulary(tokenizer):
    """Lets invented words be made of every alphabetic piece of the vocabulary."""
    pieces = sorted({token.lstrip("Ġ").lower() for token in tokenizer.vocabulary})
    _vocabulary_pieces[:] = [piece for piece in pieces if piece.isascii() and piece.isalpha() and len(piece) <= 6]


def invented_word(rng):
    """A word in small letters that is, most likely, in no dictionary."""
    kind = rng.random()
    if kind < 0.45:
        return "".join(rng.choice(SYLLABLES) for _ in range(rng.choice([1, 2, 2, 3, 3, 4])))
    if kind < 0.75:
        return "".join(rng.choice(_vocabulary_pieces) for _ in range(rng.choice([1, 2, 2, 3])))
    return "".join(rng.choice(CONSONANTS if (index + rng.random() * 1.3) % 2 < 1 else VOWELS)
                   for index in range(rng.randint(3, 10)))


def invented_name(rng):
    return invented_word(rng).capitalize()


def code(rng):
    """Capitals such as a ticker symbol."""
    return "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(rng.randint(2, 5)))


def name(rng):
    kind = rng.random()
    first = rng.choice(NAMES) if kind < 0.6 else invented_name(rng)
    if rng.random() < 0.15:
        return f"{first} {rng.choice(SURNAMES) if rng.random() < 0.5 else invented_name(rng)}"
    return first


def city(rng):
    kind = rng.random()
    if kind < 0.5:
        return rng.choice(CITIES)
    if kind < 0.93:
        return invented_name(rng)
    return rng.choice(["New {}", "San {}", "{} City", "St. {}", "Port {}"]).format(invented_name(rng))


def mixed_city(rng):
    """The beginning of one city and the end of another, which looks more like a name than the invented ones."""
    first, second = rng.sample(CITIES, 2)
    return first[:rng.randint(2, len(first) - 1)].rstrip() + second[rng.randint(1, len(second) - 2):].lstrip().lower()


def entity(rng):
    """Something to look up: a name, a city, a code, an invented word."""
    kind = rng.random()
    return code(rng) if kind < 0.12 else name(rng) if kind < 0.5 else city(rng) if kind < 0.7 else invented_name(rng)


def different(rng, draw_one, count):
    """`count` different values."""
    values = []
    while len(values) < count:
        value = draw_one(rng)
        if value not in values:
            values.append(value)
    return values


def enumerate_in_words(values, conjunction="and"):
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} {conjunction} {values[-1]}"


SUBJECTS = (
    "The baker;A small boat;Our neighbour;The old clock;My sister;The gray cat;Someone;Nobody;The last train;A young fox;The gardener;"
    "The teacher;A tall stranger;The river;The morning light;The violin player;A green bicycle;The postman;Her uncle;The library;"
    "The market;A cold wind;The painter;The lighthouse;Their dog;The kitchen window;The captain;A quiet child;The bus driver;"
    "The heavy door;Every student;The first snow;His grandmother;The blue lamp;The museum").split(";")
PREDICATES = (
    "waits near the station;sleeps by the door;opens at nine;crossed the lake;sang an old song;lost a brown glove;stays warm all night;"
    "left early today;keeps a red notebook;moved to the coast;likes strong tea;was painted last year;smells of fresh bread;"
    "bought three lemons;closes on Sunday;looks at the mountains;never called back;fixed the broken chair;turned left at the bridge;"
    "reads a letter every evening;stands in the corner;walked home in the rain;has a story to tell;needs a new roof;forgot the umbrella;"
    "counts the stars;laughed at the joke;arrived before noon;carried a basket of apples;is full of visitors;shines over the harbour;"
    "learned to swim;found a coin in the grass;plays cards with friends;planted tulips;took the wrong road").split(";")
ADVERBS = ["", "", "", "", " again", " this week", " as always", " without a word", " after lunch", " in the end", " on Monday"]


def sentence(rng):
    """One of many thousand plain sentences."""
    return rng.choice(SUBJECTS) + " " + rng.choice(PREDICATES) + rng.choice(ADVERBS) + "."
