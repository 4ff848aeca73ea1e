"""The order of rows: complete, within its budget, and a pure function of (seed, epoch)."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader
from toy import ToySource

from fourfold.core.batch import Batch, Draw, Rows
from fourfold.core.errors import DataError
from fourfold.core.training.sampling import Plan, Steps, Windows, bucket_widths, in_order, plan_for

quick = settings(max_examples=80)
LENGTHS = st.none() | st.lists(st.integers(0, 400), min_size=1, max_size=80)
CASES = st.tuples(LENGTHS, st.integers(1, 80), st.integers(1, 12), st.just(0) | st.integers(1, 900), st.integers(0, 9))
Case = tuple[list[int] | None, int, int, int, int]


def plan(case: Case) -> Plan:
    lengths, count, rows, tokens, seed = case
    given = None if lengths is None else np.array(lengths)
    return Plan(given, count if lengths is None else len(lengths), seed=seed, batch_rows=rows, batch_tokens=tokens)


def epoch(order: Plan, number: int) -> list[list[int]]:
    return [order.rows(step).tolist() for step in range(number * len(order), (number + 1) * len(order))]


@quick
@given(CASES)
def test_every_row_comes_once_an_epoch_within_the_budget(case: Case) -> None:
    order = plan(case)
    lengths, _, most, tokens, _ = case
    for number in (0, 1, 7):
        batches = epoch(order, number)
        assert sorted(row for rows in batches for row in rows) == list(range(len(order.widths)))
        for rows in batches:
            assert 1 <= len(rows) <= most
            longest = 1 if lengths is None else max(lengths[row] for row in rows)
            assert not tokens or len(rows) == 1 or len(rows) * longest <= tokens


@quick
@given(CASES)
def test_batches_are_filled_one_after_the_other(case: Case) -> None:
    order, (_, _, most, tokens, _) = plan(case), case
    filled: list[list[int]] = []
    for width in sorted(order.widths.tolist()):
        full = not filled or len(filled[-1]) == most or (tokens and (len(filled[-1]) + 1) * width > tokens)
        filled += [[width]] if full else []
        filled[-1] += [] if full else [width]
    for batches in ([order.rows(step) for step in range(len(order))], in_order(*_arguments(case))):
        assert sorted(sorted(order.widths[rows].tolist()) for rows in batches) == sorted(filled)


def _arguments(case: Case) -> tuple[np.ndarray | None, int, int, int]:
    lengths, count, rows, tokens, _ = case
    return (None, count, rows, tokens) if lengths is None else (np.array(lengths), len(lengths), rows, tokens)


@quick
@given(CASES, st.lists(st.integers(0, 500), min_size=1, max_size=8))
def test_seeking_equals_going_there(case: Case, steps: list[int]) -> None:
    walked, sought = plan(case), plan(case)
    there = {step: walked.rows(step).tolist() for step in range(max(steps) + 1)}
    for step in steps:
        assert sought.rows(step).tolist() == plan(case).rows(step).tolist() == there[step]
        assert sought.draw(step, 1000) == Draw(case[4], step // len(sought), step / 1000)


def test_epochs_and_seeds_differ_in_order_and_company() -> None:
    lengths = np.arange(200) % 7 + 1
    orders = {
        (seed, number): epoch(Plan(lengths, 200, seed=seed, batch_rows=8), number)
        for seed in (0, 1)
        for number in (0, 1)
    }
    assert len({str(order) for order in orders.values()}) == 4
    assert len({str(sorted(map(sorted, order))) for order in orders.values()}) == 4
    assert {len(order) for order in orders.values()} == {25}


def test_batches_come_in_no_order_of_length() -> None:
    order = Plan(np.arange(1, 401), 400, seed=0, batch_rows=10)
    middles = [float(np.mean(rows)) for rows in epoch(order, 0)]
    assert abs(np.corrcoef(middles, np.arange(40))[0, 1]) < 0.4


@quick
@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=80))
def test_widths_are_lengths_that_are_there_and_hardly_wider(lengths: list[int]) -> None:
    widths = bucket_widths(np.array(lengths))
    assert set(widths.tolist()) <= set(lengths)
    for length, width in zip(lengths, widths.tolist(), strict=True):
        assert length <= width <= max(1, length * 1.05)


@quick
@given(CASES)
def test_the_largest_batch_is_one_of_each_epoch(case: Case) -> None:
    order = plan(case)

    def need(rows: Rows) -> int:
        return len(rows) * int(order.widths[rows].max())

    assert need(order.largest()) == max(need(order.rows(step)) for step in range(2 * len(order)))


@quick
@given(CASES)
def test_evaluation_sees_every_row_once_shortest_first(case: Case) -> None:
    batches = in_order(*_arguments(case))
    rows = np.concatenate(batches)
    assert sorted(rows.tolist()) == list(range(len(rows)))
    outputs = np.concatenate([100 * batch for batch in batches])
    assert outputs[np.argsort(rows)].tolist() == [100 * row for row in range(len(rows))]
    widths = plan(case).widths[rows]
    assert (np.diff(widths) >= 0).all()


class RowSource:
    """Gives the row numbers and one drawn number each, and says what it was asked for."""

    lengths = None

    def __len__(self) -> int:
        return 40

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        assert draw is not None and len(rows)
        return Batch({"row": torch.from_numpy(np.array(rows)), "drawn": torch.from_numpy(draw.uniform(rows, 1)[:, 0])})


@quick
@given(st.integers(1, 17), st.integers(1, 6), st.integers(1, 5), st.integers(0, 30))
def test_ranks_and_micro_batches_share_one_global_batch(rows: int, accumulate: int, ranks: int, step: int) -> None:
    order = Plan(None, 40, seed=3, batch_rows=rows)
    shares = [
        Steps(RowSource(), order, 40, accumulate=accumulate, rank=rank, ranks=ranks)[step] for rank in range(ranks)
    ]
    assert all(len(share) == accumulate for share in shares)
    parts = [part for share in shares for part in share]
    seen = [
        pair
        for part in parts
        if part.real
        for pair in zip(part.batch["row"].tolist(), part.batch["drawn"].tolist(), strict=True)
    ]
    wanted = order.rows(step)
    drawn = order.draw(step, 40).uniform(wanted, 1)[:, 0].tolist()
    assert sorted(seen) == sorted(zip(wanted.tolist(), drawn, strict=True))
    assert all(len(part.batch) == 1 and part.batch["row"][0] == wanted[0] for part in parts if not part.real)
    sizes = [len(part.batch) * part.real for part in parts]
    assert max(sizes) - min(sizes) <= 2


def test_a_pickled_map_of_steps_goes_on_alike() -> None:
    source = ToySource(30)
    steps = Steps(source, Plan(source.lengths, 30, seed=2, batch_rows=7), 9, accumulate=2)
    before = [steps[step] for step in range(9)]
    again = pickle.loads(pickle.dumps(steps))
    for step in (8, 0, 5):
        for mine, theirs in zip(before[step], again[step], strict=True):
            assert mine.real == theirs.real and mine.batch.tensors.keys() == theirs.batch.tensors.keys()
            assert all(torch.equal(mine.batch[name], theirs.batch[name]) for name in mine.batch.tensors)


def test_torchs_loader_starts_anywhere() -> None:
    steps = Steps(RowSource(), Plan(None, 40, seed=2, batch_rows=7), 9, accumulate=2)
    loaded = list(DataLoader(steps, sampler=range(4, 9), batch_size=None))
    assert [[part.batch["row"].tolist() for part in parts] for parts in loaded] == [
        [part.batch["row"].tolist() for part in steps[step]] for step in range(4, 9)
    ]


def test_nothing_to_train_on() -> None:
    with pytest.raises(DataError) as error:
        Plan(None, 0, seed=0, batch_rows=4)
    assert str(error.value) == "there are no rows to train on; give at least one"


@given(st.integers(1, 200), st.integers(1, 30), st.integers(1, 9), st.integers(1, 5), st.integers(0, 3))
def test_windows_hold_every_row_once(rows: int, batch_rows: int, chunk: int, chunks: int, epoch: int) -> None:
    order = Windows(rows, seed=4, batch_rows=batch_rows, chunk=chunk, chunks=chunks)
    steps = [order.rows(epoch * len(order) + step) for step in range(len(order))]
    assert sorted(np.concatenate(steps).tolist()) == list(range(rows))
    assert all(len(step) == batch_rows for step in steps[:-1])
    again = Windows(rows, seed=4, batch_rows=batch_rows, chunk=chunk, chunks=chunks)
    for step in reversed(range(len(order))):  # from any step on, as after a resume
        assert again.rows(epoch * len(order) + step).tolist() == steps[step].tolist()


def test_windows_mix_rows_from_many_places() -> None:
    order = Windows(100_000, seed=0, batch_rows=500, chunk=100, chunks=50)
    chunks = {int(row) // 100 for row in order.rows(0)}
    assert len(chunks) == 50
    assert order.rows(0).tolist() != order.rows(len(order)).tolist(), "another epoch, another order"
    assert order.rows(0).tolist() != Windows(100_000, seed=1, batch_rows=500, chunk=100, chunks=50).rows(0).tolist()


def test_many_rows_of_one_cost_are_mixed_by_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fourfold.core.training.sampling.MANY", 39)
    assert isinstance(plan_for(RowSource(), seed=0, batch_rows=7), Windows)
    assert not isinstance(plan_for(ToySource(64), seed=0, batch_rows=7), Windows), "these have lengths"


class StretchedSource(ToySource):
    """Rows that are up to three times as long, differently in each epoch."""

    def drawn_lengths(self, draw: Draw) -> Rows:
        return np.asarray(self.lengths * (1 + 2 * draw.uniform(np.arange(len(self)), 1)[:, 0]), np.int64)


@pytest.mark.parametrize("number", [0, 3])
def test_rows_that_augmentation_makes_alike_share_a_batch(number: int) -> None:
    source = StretchedSource(64)
    order, plain = (plan_for(each, seed=1, batch_rows=16, batch_tokens=90) for each in (source, ToySource(64)))
    batches, lengths = epoch(order, number), source.drawn_lengths(order.draw(number * len(order), 1000))
    assert sorted(map(len, batches)) == sorted(map(len, epoch(plain, number))), "cut where they would be without it"
    by_length = sorted(batches, key=lambda rows: sum(lengths[rows]) / len(rows))
    assert [length for rows in by_length for length in sorted(lengths[rows].tolist())] == sorted(lengths.tolist())
