"""What mattered: the setting that decides comes first, by either method, and none is named from too few trials."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.tuning.importance import FANOVA_TRIALS, importances, rank_shares


def trials(count: int) -> tuple[list[optuna.trial.FrozenTrial], list[float]]:
    """Trials whose value follows the rate, far from linearly, and nothing else."""
    random = np.random.default_rng(0)
    distributions = {
        "noise": optuna.distributions.FloatDistribution(0.0, 1.0),
        "rate": optuna.distributions.FloatDistribution(1e-5, 1e-1, log=True),
        "kind": optuna.distributions.CategoricalDistribution(("a", "b")),
    }
    drawn = zip(
        random.uniform(size=count), random.uniform(-5, -1, count), random.choice(["a", "b"], count), strict=True
    )
    rows = [{"noise": float(noise), "rate": float(10**power), "kind": str(kind)} for noise, power, kind in drawn]
    values = [float(np.exp(50 * row["rate"])) for row in rows]
    made = [
        optuna.create_trial(params=row, distributions=distributions, value=value)
        for row, value in zip(rows, values, strict=True)
    ]
    return made, values


@pytest.mark.parametrize(("count", "method"), [(8, "rank correlation"), (FANOVA_TRIALS, "fANOVA")])
def test_the_setting_that_decides_comes_first(count: int, method: str) -> None:
    found = importances(*trials(count))
    assert (found.method, found.trials) == (method, count)
    assert next(iter(found.shares)) == "rate" and found.shares["rate"] > 0.5
    assert set(found.shares) == {"noise", "rate", "kind"}
    assert method != "fANOVA" or sum(found.shares.values()) == pytest.approx(1)


def test_too_few_trials_say_nothing() -> None:
    found = importances(*trials(4))
    assert (found.method, found.shares) == ("none", {})
    assert found.sentence() == "Trials with a value: 4, too few to say what mattered; it takes 5."
    assert importances([], []).shares == {}


def test_equal_values_say_nothing() -> None:
    made, _ = trials(6)
    found = importances(made, [0.5] * 6)
    assert found.shares == {} and found.sentence() == "All 6 trials came to the same value: nothing mattered."


def test_how_far_to_trust_it_is_said() -> None:
    assert importances(*trials(8)).sentence() == "By rank correlation over 8 trials; a hint, no more, from so few."
    assert importances(*trials(30)).sentence() == "By fANOVA over the ranks of 30 trials."


def test_options_without_an_order_count_by_the_variance_between_them() -> None:
    rows = [{"kind": kind, "rate": rate} for kind, rate in zip("abcabcabc", [5, 1, 3, 2, 4, 6, 9, 7, 8], strict=True)]
    values = np.array([{"a": 0.1, "b": 0.9, "c": 0.5}[row["kind"]] for row in rows])
    assert next(iter(rank_shares(rows, values))) == "kind"


@given(st.lists(st.tuples(st.floats(-1, 1), st.sampled_from("ab"), st.floats(-1, 1)), min_size=2, max_size=12))
def test_every_share_lies_between_nothing_and_all(rows: list[tuple[float, str, float]]) -> None:
    shares = rank_shares([{"x": x, "kind": kind} for x, kind, _ in rows], np.array([value for *_, value in rows]))
    assert all(0 <= share <= 1 for share in shares.values())
