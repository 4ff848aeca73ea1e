"""Training that is killed, wherever it is, and goes on: bitwise the same model, no row lost or seen twice, no rest."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import killing
import pytest
from domain_data import SAMPLES
from forked import Whole, of_ranks, run, said, trained
from killing import Job, kept_steps, left_behind, result, seen_once, steps_of

INSTANTS, CHANGES, RANKED = 23, 22, 5
"""The kills of each domain in the slow tests: at random instants, before random changes on the disk, and of two ranks.

Those of four domains are 200."""

TRAINED_ON = round(killing.ROWS * (1 - killing.HELD_OUT))


def gone_on(job: Job, whole: Whole) -> None:
    """Go on after a kill, and assert that nothing tells it from a training that was not killed."""
    again = job.again()
    assert run(again) == [0] * job.ranks
    assert said(again)["error"] is None, said(again)
    found = result(again)
    assert found.keys() == whole.result.keys()
    assert [name for name in found if found[name] != whole.result[name]] == []
    assert left_behind(again) == []
    attempts = [
        [steps_of(replace(one, attempt=attempt).trace) for attempt in range(again.attempt + 1)]
        for one in of_ranks(again)
    ]
    steps = [kept_steps(of_rank) for of_rank in attempts]
    for rank, taken in enumerate(steps):
        assert [(one.step, one.checksum, one.rows) for one in taken] == [
            (one.step, one.checksum, one.rows) for one in whole.steps[rank]
        ]
    seen_once(steps, TRAINED_ON)
    if job.ranks == 1 and job.checkpoint_seconds == 0:  # then each step is kept once it is done
        for before, after in zip(attempts[0], attempts[0][1:], strict=False):
            assert not before or not after or after[0].step >= before[-1].step, "a step that was done is lost"


def killed_at(whole: Whole, place: Path, share: float, first: int = 0) -> Job:
    """Kill a training after a share of its time, sooner where it was done by then."""
    for attempt in range(20):
        job = replace(whole.job, place=place / str(attempt))
        job.place.mkdir(parents=True)
        if run(job, share * whole.seconds * 0.8**attempt, first)[first] == -9:
            return job
    raise AssertionError("it was always done before it was killed")


def killed_before(whole: Whole, place: Path, change: int) -> Job:
    job = replace(whole.job, place=place, kill_before=change)
    place.mkdir(parents=True)
    assert run(job) == [-9]
    return job


@pytest.fixture(scope="module", params=sorted(SAMPLES))
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp(request.param)
    data = SAMPLES[request.param].write(folder, killing.ROWS, 0)
    return trained(Job(request.param, data, folder / "whole"))


@pytest.fixture
def chance(whole: Whole) -> random.Random:
    return random.Random(whole.job.domain)


def test_it_sees_each_row_once_an_epoch(whole: Whole) -> None:
    seen_once(whole.steps, TRAINED_ON)
    assert left_behind(whole.job) == [] and not (whole.job.out / "checkpoints").exists()


def test_killed_at_an_instant(whole: Whole, chance: random.Random, tmp_path: Path) -> None:
    gone_on(killed_at(whole, tmp_path, chance.random()), whole)


@pytest.mark.parametrize("part", ["begin", "train", "publish"])
def test_killed_before_a_change(part: str, whole: Whole, chance: random.Random, tmp_path: Path) -> None:
    last = whole.changes
    spans = {"begin": range(1, 15), "train": range(15, last - 40), "publish": range(last - 40, last + 1)}
    gone_on(killed_before(whole, tmp_path / "run", chance.choice(spans[part])), whole)


@pytest.mark.slow
def test_killed_at_many_instants(whole: Whole, chance: random.Random, tmp_path: Path) -> None:
    for number in range(INSTANTS):
        job = killed_at(whole, tmp_path / str(number), chance.random())
        if number % 4 == 0:  # and once more, while it goes on
            job = job.again()
            run(job, chance.random() * whole.seconds)
        gone_on(job, whole)


@pytest.mark.slow
def test_killed_before_many_changes(whole: Whole, chance: random.Random, tmp_path: Path) -> None:
    changes = [*range(1, 9), *range(whole.changes - 4, whole.changes + 1)]
    changes += chance.sample(range(9, whole.changes - 4), CHANGES - len(changes))
    for change in changes:
        gone_on(killed_before(whole, tmp_path / str(change), change), whole)


@pytest.fixture(scope="module")
def ranked(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """The same by two ranks."""
    place = tmp_path_factory.mktemp(f"{whole.job.domain}_ranks")
    yield trained(replace(whole.job, place=place, ranks=2))


@pytest.mark.slow
def test_one_of_two_ranks_is_killed(ranked: Whole, chance: random.Random, tmp_path: Path) -> None:
    seen_once(ranked.steps, TRAINED_ON)
    for number in range(RANKED):
        gone_on(killed_at(ranked, tmp_path / str(number), chance.random(), first=number % 2), ranked)
