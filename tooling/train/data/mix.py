"""The training mix: which kinds of conversation are drawn, and how often."""
from data.arithmetic import arithmetic, counting, too_hard
from data.copying import extraction, list_to_json, memory, needle, persona, reading, repeat
from data.creative import haiku
from data.knowledge import knowledge
from data.small_talk import small_talk
from data.tools import tool_conversation, weather_of_several
from data.unknown import unknown, weather_without_tools
from data.word_problems import word_problem

TURNS_BETWEEN = (small_talk, arithmetic, knowledge, unknown, haiku, repeat)


def memory_over_turns(rng):
    return memory(rng, between=TURNS_BETWEEN)


# Relative weights, by conversation. Those with tools and long texts have many times the tokens of a sum.
MIX = [
    (arithmetic, 25), (too_hard, 3), (counting, 0.5), (word_problem, 8), (small_talk, 28), (knowledge, 6), (haiku, 3), (unknown, 7),
    (repeat, 5), (list_to_json, 10), (extraction, 7), (reading, 0.7), (needle, 1), (memory_over_turns, 3), (persona, 0.6), (tool_conversation, 30),
    (weather_of_several, 14), (weather_without_tools, 4),
]
SYSTEM_PROMPTS = ["You are a helpful assistant.", "You are a helpful AI assistant.", "Be concise.", "Answer briefly.", "Be kind.", "You are a friendly assistant.",
                  "Answer the user's questions.", "You are an expert."]
EARLIER_TURNS_PROBABILITY = 0.18


# Without reasoning, only small sums can be learned, so that larger ones mostly come with it.
THINKING_PROBABILITY = {arithmetic: 0.75, word_problem: 0.8}


def draw(rng):
    """(conversation, think): one fresh conversation, and whether its last reply reasons."""
    generator = rng.choices([kind for kind, _ in MIX], [weight for _, weight in MIX])[0]
    think = rng.random() < THINKING_PROBABILITY.get(generator, 0.5)
    if generator is arithmetic and not think and rng.random() < 0.7:
        conversation = arithmetic(rng, digits=1)
    else:
        conversation = generator(rng)
    if not conversation.tools and not conversation.system and rng.random() < 0.12:
        conversation.system = rng.choice(SYSTEM_PROMPTS)
    if generator not in (tool_conversation, weather_of_several, needle, persona) and rng.random() < EARLIER_TURNS_PROBABILITY:
        earlier = []
        for _ in range(rng.randint(1, 3)):
            turn = rng.choice(TURNS_BETWEEN)(rng)
            earlier += turn.messages + [("assistant", turn.answer)]
        conversation.messages = earlier + conversation.messages
    return conversation, think
