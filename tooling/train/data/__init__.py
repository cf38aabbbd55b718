"""The training mix: which kinds of conversation are drawn, and how often."""
from data.arithmetic import arithmetic, counting
from data.small_talk import small_talk

# Weights are relative.
MIX = [(arithmetic, 60), (counting, 1), (small_talk, 25)]


def draw(rng):
    """One fresh conversation."""
    generator = rng.choices([g for g, _ in MIX], [w for _, w in MIX])[0]
    return generator(rng)
