"""The text cases: one made up, with a known ceiling, and real sets where the data lies."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from ..core.batch import Examples
from ..core.benchmark import Case, Peer, Split, data_root
from .data import read

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


def _reviews(seed: int) -> Split:
    return Split(generate_reviews(4000, seed), generate_reviews(1000, seed + 1_000_000))


def _ag_news(seed: int) -> Split:
    """AG News (Zhang, Zhao and LeCun, 2015): 10,000 training descriptions, the official test split."""
    folder = _folder("nlp", "ag_news")
    names = (folder / "classes.txt").read_text(encoding="utf-8").split("\n")
    with (folder / "train_10k_subset.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row[1] in names]
    with (folder / "test.csv").open(encoding="utf-8", newline="") as file:
        test = [(f"{title} {text}", names[int(number) - 1]) for number, title, text in csv.reader(file)]
    train = read([row[0] for row in rows], [row[1] for row in rows])
    return Split(train, read([text for text, _ in test], [label for _, label in test]))


def _sst2(seed: int) -> Split:
    """SST-2 (Socher et al., 2013) as GLUE has it: the training split, and the development split to test on."""
    train, test = (_glue_rows(_folder("nlp", "glue", "SST-2") / name) for name in ("train.tsv", "dev.tsv"))
    return Split(train, test)


def _glue_rows(path: Path) -> Examples:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return read([text for text, _ in rows], [label for _, label in rows])


def _folder(*parts: str) -> Path:
    root = data_root()
    assert root is not None, "a case that needs data runs only where it is"
    return root.joinpath(*parts)


CASES = (
    Case(
        name="reviews",
        about="generated reviews: word order and negation",
        load=_reviews,
        synthetic=True,
        ceiling=lambda seed: 1.0,
    ),
    Case(name="ag_news", about="AG News, 10,000 descriptions", load=_ag_news, needs="nlp/ag_news"),
    Case(name="sst2", about="SST-2, 67,349 phrases of film reviews", load=_sst2, needs="nlp/glue/SST-2"),
)


def _peer(work: str, case: str) -> Peer:
    return Peer(f"Hugging Face, {work}", case, (sys.executable, "-m", "fourfold.nlp.peers", work, case))


PEERS = tuple(_peer(work, case) for case in ("sst2", "ag_news") for work in ("training", "prediction", "pretraining"))
