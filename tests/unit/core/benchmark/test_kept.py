"""What is kept of a run pairs it as the run itself would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fourfold.core.benchmark.kept import keep, kept
from fourfold.core.metrics import (
    R2,
    CalibrationError,
    MacroF1,
    Pearson,
    Ratio,
    Rmse,
    RocAuc,
    SetMacroF1,
    Statistic,
    difference,
    interval,
    spearman,
    value_of,
)  # fmt: skip

random = np.random.default_rng(0)
LABELS = random.integers(0, 2, 300)
STATISTICS = [
    lambda scores: Ratio((scores > 0.5).astype(float), np.ones(300)),
    lambda scores: Ratio(scores, 1 + np.arange(300.0) % 4, greater_is_better=False),
    lambda scores: RocAuc(LABELS, scores.round(1)),
    lambda scores: MacroF1(LABELS, (scores > 0.5).astype(np.int64)),
    lambda scores: SetMacroF1(np.stack([LABELS, 1 - LABELS], 1), np.stack([scores > 0.5, scores < 0.4], 1)),
    lambda scores: R2(LABELS + 0.25, scores),
    lambda scores: Rmse(LABELS + 0.25, scores),
    lambda scores: Pearson(LABELS + 0.25, scores),
    lambda scores: spearman(LABELS, scores.round(1)),
]


@pytest.mark.parametrize("make", STATISTICS)
def test_it_comes_back(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    pair: list[tuple[Statistic, Statistic]] = []
    for number, scores in enumerate((random.random(300), 0.4 * LABELS + 0.6 * random.random(300))):
        statistic, path = make(scores), tmp_path / "rows" / f"{number}.safetensors"
        assert keep(statistic, path)
        again = kept(path)
        assert again is not None and len(again) == 300
        assert again.greater_is_better == statistic.greater_is_better
        assert value_of(again) == pytest.approx(value_of(statistic))
        assert interval(again).low == pytest.approx(interval(statistic).low)
        pair.append((statistic, again))
    (first, first_again), (second, second_again) = pair
    expected, found = difference(first, second), difference(first_again, second_again)
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))


def test_right_and_wrong_take_a_byte_a_row(tmp_path: Path) -> None:
    keep(Ratio(np.ones(10_000), np.ones(10_000)), tmp_path / "x.safetensors")
    assert (tmp_path / "x.safetensors").stat().st_size < 21_000


def test_what_is_not_kept_or_damaged_is_none(tmp_path: Path) -> None:
    assert not keep(CalibrationError(np.arange(2), np.arange(2.0)), tmp_path / "x.safetensors")
    assert not list(tmp_path.iterdir()) and kept(tmp_path / "x.safetensors") is None
    (tmp_path / "y.safetensors").write_bytes(b"no safetensors at all")
    assert kept(tmp_path / "y.safetensors") is None
