"""Conversations and the chat template.

`render` writes the text that the model's Jinja chat template produces for the same messages, so that
training sees exactly what inference will send.
"""
import json
import re
from dataclasses import dataclass, field

TOOL_INSTRUCTIONS = (
    "If you decide to call any tool(s), use the following format:\n"
    '<TOOLCALL>[{{"name": "tool_name1", "arguments": "tool_args1"}}, '
    '{{"name": "tool_name2", "arguments": "tool_args2"}}]</TOOLCALL>\n\n'
    "The user will execute tool-calls and return responses from tool(s) in this format:\n"
    '<TOOL_RESPONSE>[{{"tool_response1"}}, {{"tool_response2"}}]</TOOL_RESPONSE>\n\n'
    "Based on the tool responses, you can call additional tools if needed, correct tool calls if any "
    "errors are found, or just respond to the user."
)
END_OF_TURN = "\n<SPECIAL_12>"
END_OF_THINKING = "\n</think>\n\n"


@dataclass
class Conversation:
    """Messages up to the user's last one, and the reply to learn.

    A message is ("user", text), ("assistant", text) or ("tool", [response, …]) with responses as JSON text.
    """
    messages: list
    thinking: str
    answer: str
    system: str = ""
    tools: list = field(default_factory=list)


def ask(user, thinking, answer, **rest):
    """A conversation of one question."""
    return Conversation([("user", user)], thinking, answer, **rest)


def to_json(value):
    """JSON as the template's `tojson` writes it."""
    return json.dumps(value, ensure_ascii=False)


def calls_text(calls):
    """[(name, arguments), …] as the assistant writes them."""
    parts = ['{"name": "%s", "arguments": %s}' % (name, to_json(arguments)) for name, arguments in calls]
    return "<TOOLCALL>[" + ", ".join(parts) + "]</TOOLCALL>"


def _without_switches(text):
    return text.replace("/think", "").replace("/no_think", "").strip()


def render(conversation, think):
    """The prompt: system block, messages, and the opening of the reply."""
    system = _without_switches(conversation.system)
    text = "<SPECIAL_10>System\n" + system
    if conversation.tools:
        tools = ", ".join(map(to_json, conversation.tools))
        text += ("\n\n" if system else "") + "You can use the following tools to assist the user if required:\n"
        text += f"<AVAILABLE_TOOLS>[{tools}]</AVAILABLE_TOOLS>\n\n" + TOOL_INSTRUCTIONS
    text += "\n"
    for role, content in conversation.messages:
        if role == "user":
            text += f"<SPECIAL_11>User\n{_without_switches(content)}\n"
        elif role == "tool":
            text += f"<SPECIAL_11>User\n<TOOL_RESPONSE>[{', '.join(content)}]</TOOL_RESPONSE>\n"
        else:
            text += f"<SPECIAL_11>Assistant\n{content.strip()}{END_OF_TURN}\n"
    return text + "<SPECIAL_11>Assistant\n" + ("<think>\n" if think else "<think></think>")


# Splits off the earlier replies of the assistant, which are learned too.
_EARLIER_REPLY = re.compile(r"(?<=<SPECIAL_11>Assistant\n)(?!<think>)(.*?\n<SPECIAL_12>)", re.S)
FORCED_CLOSE_PROBABILITY = 0.06


def encode_example(conversation, think, tokenizer, rng):
    """(ids, mask) of a conversation; mask is 1 where the token is a target of the loss."""
    ids, mask = [], []

    def append(text, learned):
        part = tokenizer.encode(text)
        ids.extend(part)
        mask.extend([int(learned)] * len(part))

    for index, part in enumerate(_EARLIER_REPLY.split(render(conversation, think))):
        append(part, learned=index % 2 == 1)

    reply = conversation.answer.strip() + END_OF_TURN
    if think and rng.random() < FORCED_CLOSE_PROBABILITY:
        # A thinking budget that ran out: the closing tag comes from outside, only the answer is learned.
        thinking = tokenizer.encode(conversation.thinking)
        thinking = thinking[:rng.randint(0, len(thinking))]
        ids.extend(thinking)
        mask.extend([0] * len(thinking))
        append(rng.choice([".", "", ""]) + END_OF_THINKING, learned=False)
        append(reply, learned=True)
    elif think:
        append(conversation.thinking + END_OF_THINKING + reply, learned=True)
    else:
        append(reply, learned=True)
    return ids, mask
