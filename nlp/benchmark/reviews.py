"""Made-up reviews whose label hangs on word order and negation."""

from __future__ import annotations

import numpy as np

from ...core.batch import Examples
from ..data import read

_PRAISE = ("good", "great", "fresh", "lovely", "superb", "tasty")
_BLAME = ("bad", "awful", "stale", "bland", "poor", "dreadful")
_OTHERS = ("service", "music", "view", "wine", "price", "parking")
_LINKS = ("and", "but", "while", "though")


def generate_reviews(count: int, seed: int) -> Examples:
    """Make restaurant reviews of two clauses whose label says whether the food, not the other thing, is praised.

    Both clauses draw from the same words and either may be negated, so a bag of words cannot tell whose praise it is:
    the label needs word order and negation. A reader who sees both is always right.
    """
    random = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(count):
        food_praised, other_praised = (bool(value) for value in random.integers(2, size=2))
        clauses = [
            _clause("food", food_praised, random),
            _clause(_pick(_OTHERS, random), other_praised, random),
        ]
        random.shuffle(clauses)
        texts.append(f"{clauses[0]} {_pick(_LINKS, random)} {clauses[1]}")
        labels.append("likes the food" if food_praised else "dislikes the food")
    return read(texts, labels)


def _clause(subject: str, praised: bool, random: np.random.Generator) -> str:
    negated = random.random() < 0.5
    words = _PRAISE if praised != negated else _BLAME
    return f"the {subject} was {'not ' if negated else ''}{_pick(words, random)}"


def _pick(words: tuple[str, ...], random: np.random.Generator) -> str:
    return words[int(random.integers(len(words)))]
