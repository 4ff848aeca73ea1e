"""The click cases: simulated ones with a known ceiling, and Adult where the data lies."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..core.benchmark import Case, Peer, Split, data_root, fold
from .data import read
from .pipeline import ClickPredictor
from .simulate import World, ceiling, simulate_clicks

_TEST_ROWS = 4000


def _clicks(seed: int) -> Split:
    frame, labels, _ = simulate_clicks(24_000, seed)
    examples = read(frame, labels)
    rows = np.arange(len(examples))
    return Split(examples.take(rows[:-_TEST_ROWS]), examples.take(rows[-_TEST_ROWS:]))


def _clicks_ceiling(seed: int) -> float:
    """Return the expected area under the ROC curve of the true probabilities on the test rows."""
    _, _, probabilities = simulate_clicks(24_000, seed)
    area, _ = ceiling(probabilities[-_TEST_ROWS:])
    return area


def _adult(seed: int) -> Split:
    """Adult (Kohavi, 1996): income above 50K from a census row; seeds 0 to 4 are the five folds."""
    return fold(read(_folder("adult") / "adult.csv.gz", label="income"), seed)


def _bank_marketing(seed: int) -> Split:
    """Bank Marketing (Moro et al., 2014): who takes a deposit; seeds 0 to 4 are the five folds."""
    return fold(read(_folder("bank_marketing") / "bank-full.csv.gz", label="y"), seed)


def _criteo(seed: int) -> Split:
    """8,000 lines of the Criteo log; seeds 0 to 4 are the five folds over all of them."""
    folder = _folder("criteo_8k")
    return fold(read([folder / f"{part}.csv.gz" for part in ("train", "dev", "test")]), seed)


def _folder(name: str) -> Path:
    root = data_root()
    assert root is not None, "a case that needs data runs only where it is"
    return root / "recsys" / name


CASES = (
    Case(
        name="clicks",
        about="simulated clicks with crossed effects",
        load=_clicks,
        synthetic=True,
        ceiling=_clicks_ceiling,
        settings={"train": {"epochs": 15}},  # crossed effects take longer to learn than those of one field
    ),
    Case(name="adult", about="Adult, five folds", load=_adult, needs="recsys/adult"),
    Case(
        name="bank_marketing", about="Bank Marketing, five folds", load=_bank_marketing, needs="recsys/bank_marketing"
    ),
    Case(name="criteo_8k", about="8,000 lines of Criteo's log, five folds", load=_criteo, needs="recsys/criteo_8k"),
)

_WORKS = (
    ("training", "small_4096", 100), ("training", "small_256", 400), ("training", "large_4096", 20),
    ("training", "large_256", 40), ("memory", "large_4096", 5), ("preprocessing", "rows_400000", 1),
    ("loading", "rows_1000000", 1), ("scoring", "candidates_500", 500),
)  # fmt: skip
_PEERS = ("deepctr-torch>=0.3", "fuxictr>=2.3.10", "polars>=1,<2", "ray[data]>=2.52", "requests>=2")
"""As the extra `peers` has them: fuxictr reads CSV by an argument that polars 2 no longer has."""

_SPEED = tuple(
    Peer(
        f"DeepCTR-Torch and FuxiCTR, {work}, {case}",
        "clicks",
        (sys.executable, "-m", "fourfold.recsys.peers", work, case, "--steps", str(steps)),
        requires=_PEERS,
    )
    for work, case, steps in _WORKS
)
_FOLDS = tuple(
    Peer(
        f"LightGBM, {case}",
        case,
        (sys.executable, "-m", "fourfold.recsys.peers", "folds", case, "--repeats", "5"),
        requires=("lightgbm>=4.7",),
    )
    for case in ("adult", "bank_marketing", "criteo_8k")
)
PEERS = (*_SPEED, *_FOLDS)
"""Rows of their own, since the speed of training depends on the size of the tables; steps follow what theirs takes."""

_SHOWN_USER, _SHOWN_ITEMS = 3, 5


def show(model: ClickPredictor, folder: Path) -> Iterator[str]:
    """Yield what a user would click first, among all items on a phone at noon, and how likely it truly is."""
    frame, truth = World().candidates(_SHOWN_USER)
    yield f"the first of {len(frame)} items for user u{_SHOWN_USER} on a phone at noon:"
    for one in model.top(frame, _SHOWN_ITEMS):
        row = one["row"] - 1
        said, true = one["probability"], truth[row]
        yield f"{frame['item'].iloc[row]:>5}: clicked with {said:.0%} (truth of the simulation {true:.0%})"
