"""The text cases: one made up, with a known ceiling, and real sets where the data lie."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ...core.benchmark import Case, Peer, Split
from ..pipeline import TextClassifier
from . import sets
from .reviews import generate_reviews


def _reviews(seed: int) -> Split:
    return Split(generate_reviews(4000, seed), generate_reviews(1000, seed + 1_000_000))


CASES = (
    Case(
        name="reviews",
        about="generated reviews: word order and negation",
        load=_reviews,
        synthetic=True,
        ceiling=lambda seed: 1.0,
    ),
    Case(name="ag_news", about="AG News, 10,000 descriptions", load=sets.ag_news, needs="nlp/ag_news"),
    Case(name="thucnews", about="THUCNews, 10,000 Chinese headlines", load=sets.thucnews, needs="nlp/thucnews"),
    Case(name="imdb", about="IMDB, 25,000 film reviews", load=sets.imdb, needs="nlp/imdb"),
    Case(name="sst2", about="SST-2, 67,349 phrases", load=sets.sst2, needs="nlp/glue"),
    Case(
        name="clinc150",
        about="CLINC150, 150 intents",
        load=sets.clinc150,
        outside=sets.clinc150_outside,
        needs="nlp/clinc150",
    ),
    Case(name="waimai", about="Waimai, Chinese reviews, five folds", load=sets.waimai, needs="nlp/waimai_10k"),
    Case(
        name="sms_spam", about="SMS spam, F1 of spam, five folds", load=sets.sms_spam, metric="f1", needs="nlp/sms_spam"
    ),
)


def _peer(work: str, case: str) -> Peer:
    return Peer(
        f"Hugging Face, {work}",
        case,
        (sys.executable, "-m", "fourfold.nlp.peers", work, case),
        requires=("accelerate>=1", "datasets>=3"),
    )


PEERS = tuple(_peer(work, case) for case in ("sst2", "ag_news") for work in ("training", "prediction", "pretraining"))

_SHOWN = (
    "the food was superb but the music was awful",
    "the food was not superb but the music was lovely",
    "the view was bad while the food was not bad",
)


def show(model: TextClassifier, folder: Path) -> Iterator[str]:
    """Yield sentences that differ in word order and negation, and what is said of each."""
    for text, answer in zip(_SHOWN, model(list(_SHOWN)), strict=True):
        yield f"“{text}”: {answer.label} ({answer.probability:.0%})"
