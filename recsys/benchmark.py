"""The click cases: simulated ones with a known ceiling, and Adult where the data lies."""

from __future__ import annotations

import numpy as np

from ..core.benchmark import Case, Split, data_root, fold
from .data import read
from .simulate import ceiling, simulate_clicks

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
    root = data_root()
    assert root is not None, "a case that needs data runs only where it is"
    return fold(read(root / "recsys" / "adult" / "adult.csv.gz", label="income"), seed)


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
)
