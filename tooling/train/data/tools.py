"""Conversations with tools: the calls, the answers from their responses, and talk that needs no tool."""
from chat import Conversation, calls_text, to_json
from data.arithmetic import arithmetic
from data.copying import extraction
from data.creative import haiku
from data.knowledge import knowledge
from data.small_talk import small_talk
from data.tool_tasks import Task, calculation, weather
from data.tool_variants import definition, parameters, text, variant
from data.unknown import unknown
from data.words import city, different, invented_word, mixed_city

# The demo tools of the CLI.
GET_WEATHER = definition("get_weather", "Current weather in a city.", parameters(city=text("City name")))
CALCULATE = definition("calculate", "Evaluates an arithmetic expression.", parameters(expression=text("For example 12 * (3 + 4)")))
ERRORS = ["not found", "timeout", "invalid input", "service unavailable", "unknown city", "division by zero"]
SYSTEM_PROMPTS = ["You are a helpful assistant.", "Use tools when needed.", "You can call tools.", "You are a helpful assistant with tools."]
TALK = [(small_talk, 6), (knowledge, 2), (haiku, 1.5), (extraction, 1), (unknown, 1)]


def call_thinking(task):
    times = f" {len(task.calls)} times" if len(task.calls) > 1 else ""
    return f"The user wants {task.wish}. I call {task.calls[0][0]}{times}."


def talk_turn(rng, has_calculator):
    """(user, thinking, answer) of a turn without tools; sums are left to a calculator where there is one."""
    choices = TALK if has_calculator else TALK + [(arithmetic, 3)]
    while True:
        turn = rng.choices([draw for draw, _ in choices], [weight for _, weight in choices])[0](rng)
        if "I need a tool for that" not in turn.answer:
            return turn


def finished(task):
    """All messages of a task, from the question to the answer."""
    return [("user", task.user), ("assistant", calls_text(task.calls)), ("tool", task.responses), ("assistant", task.answer)]


def with_call(task, before, **rest):
    return Conversation(before + [("user", task.user)], call_thinking(task), calls_text(task.calls), **rest)


def with_answer(task, before, **rest):
    return Conversation(before + finished(task)[:3], "The tool has answered. I tell the user.", task.answer, **rest)


def with_error(rng, task, before, **rest):
    error = rng.choice(ERRORS + [invented_word(rng) + " error"])
    messages = before + finished(task)[:2] + [("tool", [to_json({"error": error})])]
    return Conversation(messages, f"The tool returned an error: {error}.", f"The tool {task.calls[0][0]} returned an error: {error}.", **rest)


def weather_and_sum(rng):
    """One request that needs both demo tools."""
    first, second = weather(rng, GET_WEATHER, cities=None), calculation(rng, CALCULATE)
    if len(first.calls) > 1 or not first.answer.startswith("It is") or " = " not in second.answer or "so the answer" in second.answer:
        return weather_and_sum(rng)
    question = f"{first.user.rstrip('.?')} {rng.choice(['and what is', 'and how much is', 'and calculate'])} {second.wish}?"
    return Task(GET_WEATHER, question, first.calls + second.calls, first.responses + second.responses, f"{first.answer} {second.answer}",
                f"{first.wish} and {second.wish}")


def demo_task(rng, follow_up=False):
    kind = rng.random()
    if kind < 0.03:
        return weather_and_sum(rng)
    return weather(rng, GET_WEATHER, follow_up=follow_up) if kind < 0.64 else calculation(rng, CALCULATE)


def demo_conversation(rng):
    """One to five turns with both demo tools, sometimes with only one of them."""
    tools, before = [GET_WEATHER, CALCULATE], []
    if rng.random() < 0.15:
        tools.reverse()
    draw = demo_task
    if rng.random() < 0.15:
        tools = [rng.choice(tools)]
        draw = (lambda rng, follow_up=False: weather(rng, GET_WEATHER, follow_up=follow_up)) if tools == [GET_WEATHER] else (
            lambda rng, follow_up=False: calculation(rng, CALCULATE))
    has_calculator = CALCULATE in tools
    asked_weather = False
    for _ in range(rng.choices([0, 1, 2, 3, 4], [0.35, 0.2, 0.15, 0.15, 0.15])[0]):
        if rng.random() < 0.6:
            task = draw(rng)
            asked_weather = task.calls[0][0] == "get_weather"
            before += finished(task)
        else:
            turn = talk_turn(rng, has_calculator)
            asked_weather = False
            before += turn.messages + [("assistant", turn.answer)]
    rest = {"tools": tools, "system": "" if rng.random() < 0.8 else rng.choice(SYSTEM_PROMPTS)}
    return last_turn(rng, draw(rng, follow_up=asked_weather and rng.random() < 0.5), before, has_calculator, rest)


def weather_of_several(rng):
    """The answer for two or three cities: each keeps its own temperature and condition."""
    cities = different(rng, city if rng.random() < 0.7 else mixed_city, rng.choices([2, 3], [0.75, 0.25])[0])
    return with_answer(weather(rng, GET_WEATHER, cities=cities, english=0.75), [], tools=[GET_WEATHER, CALCULATE])


def last_turn(rng, task, before, has_calculator, rest):
    kind = rng.random()
    if kind < 0.45:
        return with_call(task, before, **rest)
    if kind < 0.76:
        return with_answer(task, before, **rest)
    if kind < 0.79:
        return with_error(rng, task, before, **rest)
    turn = talk_turn(rng, has_calculator)
    return Conversation(before + turn.messages, turn.thinking, turn.answer, **rest)


def general_conversation(rng):
    """Tools of any shape, with up to two that are not needed."""
    task, before = variant(rng), []
    drawn = [task]
    if rng.random() < 0.25:
        drawn.append(variant(rng))
        before = finished(drawn[1])
    for _ in range(rng.choice([0, 1, 1, 2])):
        drawn.append(variant(rng))
    tools = []
    for candidate in drawn:
        # A tool that does the same under another name would make the right call a matter of chance.
        if all(candidate.tool["description"][:10] != tool["description"][:10] and candidate.tool["name"] != tool["name"] for tool in tools):
            tools.append(candidate.tool)
        elif candidate is drawn[1] and before:
            before = []
    has_calculator = any("xpression" in tool["description"] or "alculat" in tool["description"] for tool in tools)
    rng.shuffle(tools)
    rest = {"tools": tools, "system": "" if rng.random() < 0.75 else rng.choice(SYSTEM_PROMPTS)}
    return last_turn(rng, task, before, has_calculator, rest)


def tool_conversation(rng):
    return (demo_conversation if rng.random() < 0.75 else general_conversation)(rng)
