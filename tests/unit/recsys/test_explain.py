"""What fields matter, how their values fare, the best of each group, and clicks beside the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.batch import Examples
from fourfold.core.labels import Classes
from fourfold.core.metrics import value_of
from fourfold.core.report import Evaluation
from fourfold.recsys.explain import few, importance, slices
from fourfold.recsys.objective import ClickObjective
from fourfold.recsys.ranking import Best
from fourfold.recsys.simulate import TRUTH, World, ceiling

RANDOM = np.random.default_rng(0)


def score(examples: Examples) -> np.ndarray:
    """What matters is the field `good` alone."""
    return np.where(examples.inputs["good"] == "yes", 0.8, 0.2)


def table(rows: int) -> tuple[Examples, np.ndarray]:
    frame = pd.DataFrame({"good": RANDOM.choice(["yes", "no"], rows), "idle": RANDOM.choice(["a", "b", "c"], rows)})
    labels = (RANDOM.random(rows) < score(Examples(inputs=frame))).astype(np.int64)
    return Examples(inputs=frame, labels=labels), labels


def test_the_field_that_is_used_matters() -> None:
    found = importance(*table(1000), ["idle", "good"], score, seed=0)
    (first, fall), (second, none) = found.rows
    assert (first, second) == ("good", "idle") and 0.2 < float(fall) < 0.4 and none == 0


def test_values_fare_as_their_rows_do() -> None:
    examples, labels = table(4000)
    found = {row[:2]: row[2:] for row in slices(examples, labels, score(examples), ["good", "idle"]).rows}
    chosen = (examples.inputs["good"] == "yes").to_numpy()
    rows, clicks, expected, area = found["good", "yes"]
    assert rows == chosen.sum() and clicks == round(labels[chosen].mean(), 4) and (expected, area) == (0.8, 0.5)
    assert len(found) == 5
    assert slices(examples.take(np.arange(20)), labels[:20], np.zeros(20), ["good"]).rows == (), "too few rows"


def test_few_rows_come_from_all_places() -> None:
    examples, labels = table(10_000)
    taken, few_labels = few(examples, labels)
    assert len(taken) == len(few_labels) == 2000
    assert few(examples.take(np.arange(7)), labels[:7])[1].tolist() == labels[:7].tolist()


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32))
def test_the_best_are_those_of_all_rows_at_once(k: int, blocks: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    scores, groups = random.integers(0, 5, 40) / 5, pd.Series(random.choice(["x", "y", "z"], 40))
    best = Best(k)
    for rows in np.array_split(np.arange(40), blocks):
        best.add(scores[rows], groups.iloc[rows])
    expected = []
    for group in pd.unique(groups):
        rows = np.flatnonzero(groups == group)
        order = rows[np.argsort(-scores[rows], kind="stable")][:k]
        expected += [(int(row), group, scores[row]) for row in order]
    assert list(best.rows()) == expected


def test_a_report_sets_clicks_beside_the_truth() -> None:
    frame, truth = World(users=20, items=10).impressions(3000, np.random.default_rng(0))
    labels = (RANDOM.random(3000) < truth).astype(int)
    examples = Examples(inputs=frame.assign(**{TRUTH: truth}), labels=labels)
    objective = ClickObjective(Classes((0, 1)))
    metrics = {name: value_of(found) for name, found in objective.statistics(truth, examples).items()}
    assert metrics["normalised_entropy"] < 1 and metrics["ece"] < 0.05

    class Value:
        def __init__(self, value: float):
            self.value = value

    evaluation = Evaluation(
        domain="recsys", data="x", rows=3000, model="m", greater_is_better=True,
        metrics={name: Value(value) for name, value in metrics.items()},  # type: ignore[misc]
    )  # fmt: skip
    (beside,) = [
        one for one in objective.describe(truth, examples, evaluation).tables if one.title.startswith("Beside")
    ]
    area, loss = ceiling(truth)
    assert beside.rows[0] == ("roc_auc", round(metrics["roc_auc"], 5), round(area, 5))
    assert beside.rows[1] == ("log_loss", round(metrics["log_loss"], 5), round(loss, 5))


def test_metrics_of_groups_are_there_where_a_column_names_them() -> None:
    examples = Examples(inputs=pd.DataFrame({"user": [*"aabbcc"]}), labels=np.array([0, 1, 1, 0, 0, 0]))
    found = ClickObjective(Classes((0, 1)), "user").statistics(np.array([0.1, 0.9, 0.2, 0.6, 0.5, 0.5]), examples)
    assert value_of(found["gauc"]) == 0.5 and value_of(found["recall_at_10"]) == 1.0
    assert list(found) == list(ClickObjective(Classes((0, 1)), "user").metrics)
