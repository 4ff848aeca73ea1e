"""A rerun that differs by more than its interval is told; one that does not is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up_runs import ladder, results, row

from fourfold.core.benchmark.compare import SAME, UNKNOWN, WITHIN, Change, changes_table, compare
from fourfold.core.benchmark.row import Row
from fourfold.core.benchmark.sameness import NO_SEED, OTHER_TEST, OTHER_TRAINING, notes


def change(tmp_path: Path, first: list[Row], second: list[Row]) -> Change:
    found = compare(results(tmp_path / "a", first), results(tmp_path / "b", second))
    return next(one for one in found.changes if one.name == "nlp/toys tiny")


def test_a_rerun_that_gives_the_same_is_the_same(tmp_path: Path) -> None:
    pair = [ladder(tmp_path / name, 0.5, 0.7, 0.9) for name in "ab"]
    found = compare(results(tmp_path / "a", pair[0]), results(tmp_path / "b", pair[1]))
    assert [one.said for one in found.changes] == [SAME] * 3 and not found.beyond
    assert "0 of 3 differ by more than the interval" in changes_table(found)


@pytest.mark.parametrize(("share", "said"), [(0.902, WITHIN), (0.98, "better"), (0.7, "worse")])
@pytest.mark.parametrize("paired", [True, False])
def test_a_difference_beyond_the_interval_is_told(share: float, said: str, paired: bool, tmp_path: Path) -> None:
    kept = {} if paired else {"kept": ""}
    first = [row(tmp_path / "a", "tiny", "core", 0.9) | kept]
    second = [row(tmp_path / "b", "tiny", "core", share, train_seconds=3.0) | kept]
    found = change(tmp_path, first, second)
    assert (found.said, found.paired, found.time) == (said, paired, 2.0)
    assert (found.gain.value > 0) == (share > 0.9) and found.gain.low <= found.gain.value <= found.gain.high


def test_errors_point_the_other_way(tmp_path: Path) -> None:
    lower = {"greater_is_better": False, "kept": "", "metric": "wer"}
    pair = [[row(tmp_path / name, "tiny", "core", share) | lower] for name, share in (("a", 0.3), ("b", 0.1))]
    found = change(tmp_path, *pair)
    assert found.said == "better" and 0 < found.gain.low < found.gain.value < found.gain.high


def test_other_test_rows_are_not_compared(tmp_path: Path) -> None:
    first = [row(tmp_path / "a", "tiny", "core", 0.9)]
    second = [row(tmp_path / "b", "tiny", "core", 0.5) | {"test_hash": "c" * 64}]
    found = change(tmp_path, first, second)
    assert (found.said, found.data) == (OTHER_TEST, OTHER_TEST)


def folds(folder: Path, seeds: tuple[int, ...], data: str = "") -> list[Row]:
    """A run for each seed, each with test rows of its own."""
    return [row(folder, "tiny", "core", 0.9, seed=seed, test_hash=f"{data}{seed}") for seed in seeds]


def test_folds_without_a_common_seed_are_no_changed_data(tmp_path: Path) -> None:
    first = folds(tmp_path / "a", (0, 1))
    assert change(tmp_path, first, folds(tmp_path / "b", (2, 3))).said == NO_SEED
    assert change(tmp_path, first, folds(tmp_path / "b", (1, 2))).said == SAME, "on the fold that both have"
    assert change(tmp_path, first, folds(tmp_path / "b", (1, 2), "new")).said == OTHER_TEST
    unpaired = [one | {"kept": ""} for one in folds(tmp_path / "b", (1, 2))]
    assert change(tmp_path, first, unpaired).said == WITHIN


def test_seeds_of_one_test_split_are_compared(tmp_path: Path) -> None:
    found = change(
        tmp_path,
        [row(tmp_path / "a", "tiny", "core", 0.9, seed=0)],
        [row(tmp_path / "b", "tiny", "core", 0.9, seed=1)],
    )
    assert (found.said, found.data, found.paired) == (WITHIN, "", False)


def test_other_training_rows_are_told_beside_the_difference(tmp_path: Path) -> None:
    first = [row(tmp_path / "a", "tiny", "core", 0.7)]
    second = [row(tmp_path / "b", "tiny", "core", 0.9) | {"train_hash": "c" * 64}]
    found = change(tmp_path, first, second)
    assert (found.said, found.data, found.paired) == ("better", OTHER_TRAINING, True)
    both = compare(results(tmp_path / "a", first), results(tmp_path / "b", second))
    assert "better, other data: training rows" in changes_table(both)


def test_join_says_which_data_it_puts_together(tmp_path: Path) -> None:
    first = results(tmp_path / "a", folds(tmp_path / "a", (0, 1)))
    apart = "nlp/toys: other data: test rows; they are kept apart"
    unknown = "nlp/toys: no seed in common; whether their data are the same is not known; their rows are taken together"
    for seeds, data, said in (((2,), "", [unknown]), ((1, 2), "", []), ((1, 2), "new", [apart])):
        assert list(notes([first, results(tmp_path / "b", folds(tmp_path / "b", seeds, data))])) == said


def test_only_shared_seeds_are_paired(tmp_path: Path) -> None:
    """Three seeds beside two are not told to be of other test rows, and what one has more counts nothing."""
    first = [row(tmp_path / "a", "tiny", "core", 0.9, seed=seed) for seed in (0, 1, 2)]
    second = [row(tmp_path / "b", "tiny", "core", 0.9, seed=seed) for seed in (0, 1)]
    found = change(tmp_path, first, second)
    assert (found.said, found.paired, found.gain.value) == (SAME, True, 0.0)
    apart = change(tmp_path, first, [one | {"kept": ""} for one in second])
    assert (apart.said, apart.paired) == (WITHIN, False)


def test_a_mean_outside_the_others_interval_may_be_chance(tmp_path: Path) -> None:
    """Both have errors: 90 ± 2 and 92.5 ± 2 % differ by 2.5 ± 2.8."""
    ends = [{"value": value, "low": value - 0.02, "high": value + 0.02, "kept": ""} for value in (0.9, 0.925)]
    first, second = ([row(tmp_path, "tiny", "core", 0.9) | one] for one in ends)
    found = change(tmp_path, first, second)
    assert found.said == WITHIN and found.gain.low == pytest.approx(0.025 - 0.02 * 2**0.5)


def test_no_number_is_not_measured(tmp_path: Path) -> None:
    nothing = {"value": float("nan"), "low": float("nan"), "high": float("nan"), "kept": ""}
    first = [row(tmp_path / "a", "tiny", "core", 0.9)]
    assert change(tmp_path, first, [row(tmp_path / "b", "tiny", "core", 0.9) | nothing]).said == UNKNOWN


def test_what_only_one_has_is_told(tmp_path: Path) -> None:
    first = [row(tmp_path / "a", "tiny", "core", 0.9)]
    second = [row(tmp_path / "b", "small", "core", 0.9, label="small one")]
    text = changes_table(compare(results(tmp_path / "a", first), results(tmp_path / "b", second)))
    assert "only in the first: nlp/toys tiny" in text and "only in the second: nlp/toys small one" in text
    assert text.startswith("nothing that both measured")
