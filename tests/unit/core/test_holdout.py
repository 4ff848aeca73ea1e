"""Held-out rows: a partition, from a seed, with the classes in proportion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fourfold.core.batch import Examples
from fourfold.core.errors import ConfigError
from fourfold.core.holdout import hold_out

quick = settings(max_examples=100)
SHARES = st.floats(0.001, 0.999)


def examples(labels: list[int] | int) -> Examples:
    count = labels if isinstance(labels, int) else len(labels)
    given = None if isinstance(labels, int) else np.array(labels)
    return Examples(inputs=[f"r{k}" for k in range(count)], labels=given, place=lambda row: f"t.csv:{row + 2}")


def classes(data: Examples) -> list[tuple[str, ...]] | None:
    return None if data.labels is None else [(str(label),) for label in data.labels]


def held(data: Examples, share: float, seed: int = 0, stratify: bool = True) -> tuple[Examples, Examples]:
    train, valid = hold_out(data, share, seed, classes(data) if stratify else None)
    return train, valid if valid is not None else data.take(np.zeros(0, np.int64))


@quick
@given(st.lists(st.integers(0, 3), min_size=2, max_size=60), SHARES, st.integers(0, 99), st.booleans())
def test_the_two_parts_are_a_partition(labels: list[int], share: float, seed: int, stratify: bool) -> None:
    train, valid = held(examples(labels), share, seed, stratify)
    assert sorted(train.inputs + valid.inputs) == sorted(examples(labels).inputs)
    asked, spared = min(max(1, round(share * len(labels))), len(labels) - 1), len(labels) - len(set(labels))
    assert len(valid) == (min(asked, spared) if stratify else asked)
    for part in (train, valid):
        rows = [int(name[1:]) for name in part.inputs]
        assert (
            rows == sorted(rows) and part.labels is not None and part.labels.tolist() == [labels[row] for row in rows]
        )
        assert [part.place(k) for k in range(len(part))] == [f"t.csv:{row + 2}" for row in rows]


@quick
@given(st.lists(st.integers(0, 3), min_size=2, max_size=80), SHARES, st.integers(0, 99))
@example([0, 1, 1, 1, 1], 0.6, 0)
def test_the_classes_are_in_proportion_and_none_leaves_training(labels: list[int], share: float, seed: int) -> None:
    train, valid = held(examples(labels), share, seed)
    names = sorted(set(labels))
    assert train.labels is not None and valid.labels is not None
    assert sorted(set(train.labels.tolist())) == names
    for name in names if share <= 0.5 else []:
        fair = len(valid) * labels.count(name) / len(labels)
        assert abs((valid.labels == name).sum() - fair) <= 1 + len(names) / 2


def test_even_classes_are_held_out_exactly() -> None:
    _, valid = held(examples([0, 1, 2, 3] * 50), 0.2)
    assert valid.labels is not None and np.bincount(valid.labels).tolist() == [10, 10, 10, 10]
    _, plain = held(examples([0, 1, 2, 3] * 50), 0.2, stratify=False)
    assert plain.labels is not None and np.bincount(plain.labels).tolist() != [10, 10, 10, 10]


def test_the_seed_decides() -> None:
    data = examples(100)
    assert held(data, 0.3, 1)[1].inputs == held(data, 0.3, 1)[1].inputs != held(data, 0.3, 2)[1].inputs


def test_rows_are_held_out_evenly_often() -> None:
    seen = np.zeros(20)
    for seed in range(400):
        seen[[int(name[1:]) for name in held(examples([0, 1] * 10), 0.2, seed)[1].inputs]] += 1
    assert seen.sum() == 1600 and seen.min() > 45 and seen.max() < 115


@pytest.mark.parametrize(("rows", "share"), [(10, 0.0), (1, 0.5)])
def test_nothing_is_held_out(rows: int, share: float) -> None:
    data = examples(rows)
    assert hold_out(data, share, 0) == (data, None)


@pytest.mark.parametrize("share", [1, 1.5, -0.1, float("nan")])
def test_a_share_out_of_range(share: float) -> None:
    with pytest.raises(ConfigError) as error:
        hold_out(examples(4), share, 0)
    assert str(error.value) == f"valid ({share}) must be a share in [0, 1), or a path"


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_a_group_are_not_split(seed: int) -> None:
    groups = np.repeat(np.arange(40), 5)[np.random.default_rng(1).permutation(200)]
    labels = np.array(["a", "b"])[np.random.default_rng(2).integers(2, size=200)]
    examples = Examples(inputs=list(range(200)), labels=labels, groups=groups)
    train, held_out = hold_out(examples, 0.2, seed, classes(examples))
    assert held_out is not None and train.groups is not None and held_out.groups is not None
    assert not set(train.groups) & set(held_out.groups) and 40 <= len(held_out) <= 80
    assert sorted([*train.inputs, *held_out.inputs]) == list(range(200))


def test_rows_that_are_alone_are_held_out_as_without_groups() -> None:
    plain = Examples(inputs=list(range(50)), labels=np.arange(50) % 3)
    grouped = Examples(inputs=list(range(50)), labels=np.arange(50) % 3, groups=np.arange(50)[::-1].copy())
    for share in (0.1, 0.5):
        found = [hold_out(examples, share, 0, classes(examples))[1] for examples in (plain, grouped)]
        assert found[0] is not None and found[1] is not None and found[0].inputs == found[1].inputs


def test_one_group_of_nearly_all_is_split_after_all() -> None:
    examples = Examples(inputs=list(range(50)), groups=np.zeros(50, np.int64))
    train, held_out = hold_out(examples, 0.2, 0)
    assert held_out is not None and (len(train), len(held_out)) == (40, 10)


def test_a_class_whose_only_row_is_kin_to_a_held_out_one_stays_in_training() -> None:
    labels, groups = np.array(["many"] * 100), np.arange(100)
    labels[50], groups[50] = "one", 7
    examples = Examples(inputs=list(range(100)), labels=labels, groups=groups)
    for seed in range(30):
        train, held_out = hold_out(examples, 0.3, seed, classes(examples))
        assert held_out is not None and 50 in train.inputs and (7 in train.inputs) and len(held_out) >= 28


def test_a_large_group_stays_in_training_whole() -> None:
    groups = np.arange(250)
    groups[:60] = 0
    for seed in range(10):
        _, held_out = hold_out(Examples(inputs=list(range(250)), groups=groups), 0.1, seed)
        assert held_out is not None and len(held_out) == 25 and not set(held_out.inputs) & set(range(60))


def test_no_row_is_held_out_where_none_can_be_spared() -> None:
    data = Examples(inputs=["a", "b", "c"], labels=np.array([1, 2, 3]), groups=np.arange(3))
    assert hold_out(data, 0.5, 0, classes(data)) == (data, None)


def test_a_label_among_several_does_not_leave_training() -> None:
    random = np.random.default_rng(0)
    sets = [tuple(f"l{k:02}" for k in np.flatnonzero(random.random(30) < 0.2)) for _ in range(200)]
    sets[7] = (*sets[7], "rare")
    for groups in (None, np.arange(200) // 2):
        for seed in range(12):
            data = Examples(inputs=list(range(200)), groups=groups)
            train, held_out = hold_out(data, 0.2, seed, sets)
            assert held_out is not None and len(held_out) >= 30
            there = {name for row in train.inputs for name in sets[row]}
            assert {name for row in held_out.inputs for name in sets[row]} <= there
