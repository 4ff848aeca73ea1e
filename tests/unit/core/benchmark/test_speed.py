"""Blocks take turns, ratios are paired, and a peer may give one row or several."""

import json
import shlex
import sys

import pytest
import torch

from fourfold.core.benchmark import Block, Contender, Peer, speed_rows, take_turns
from fourfold.core.benchmark.clock import Clock
from fourfold.core.benchmark.folder import Folder
from fourfold.core.benchmark.runner import done_rows, run_peers


def test_who_begins_moves_on():
    calls = []

    def contender(name: str) -> Contender:
        def run(repeat: int) -> Block:
            calls.append((repeat, name))
            return Block(rows=1, seconds=1, cpu_seconds=1)

        return Contender(name, run)

    take_turns([contender("a"), contender("b")], 3)
    assert calls == [(0, "a"), (0, "b"), (1, "b"), (1, "a"), (2, "a"), (2, "b")]


def test_a_clock_may_begin_behind_the_first_step(monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr("fourfold.core.benchmark.clock.time.perf_counter", lambda: float(next(now)))
    weight = torch.nn.Parameter(torch.zeros(1))
    weight.grad = torch.ones(1)
    for skip, seconds in ((0, 3), (1, 2)):
        clock, optimizer = Clock(skip=skip), torch.optim.SGD([weight], lr=0.1)
        clock.watch(optimizer)
        for _ in range(3):
            optimizer.step()
        assert clock.block(6).seconds == seconds


def test_further_figures_are_medians():
    blocks = [Block(rows=1, seconds=1, cpu_seconds=1, more={"p99_ms": value}) for value in (1, 9, 2)]
    assert speed_rows("scoring", {"ours": blocks})[0]["p99_ms"] == 2


def test_ratios_are_paired_within_a_repeat():
    ours = [Block(rows=10, seconds=seconds, cpu_seconds=1, quality=0.5) for seconds in (1, 10, 1)]
    theirs = [Block(rows=10, seconds=3 * seconds, cpu_seconds=2) for seconds in (1, 10, 2)]
    mine, other = speed_rows("training", {"ours": ours, "B": theirs})
    assert (other["ratio"], other["low"], other["high"], other["cpu_ratio"]) == (3, 3, 6, 2)
    assert (mine["rows_per_second"], mine["ratio"], mine["quality"]) == (10, 1, [0.5] * 3)
    assert other["rows_per_second"] == pytest.approx(10 / 6, abs=0.01)


@pytest.mark.parametrize(
    ("printed", "models"),
    [({"value": 1}, ["peer"]), ([{"model": "A"}, {"model": "B"}], ["A", "B"])],
)
def test_a_peer_gives_one_row_or_several(printed, models, tmp_path):
    peer = Peer("peer", "reviews", (sys.executable, "-c", f"print('''{json.dumps(printed)}''')"))
    folder, told = Folder.open(tmp_path / "out"), []
    rows = list(run_peers([peer], folder, told.append))
    assert [(row["case"], row["model"]) for row in rows] == [("reviews", model) for model in models]
    assert shlex.split(rows[0]["command"]) == list(peer.command), "the command that ran"
    assert list(run_peers([peer], folder, told.append)) == rows
    assert told == ["reviews: peer", "reviews: peer: done before"]
    assert done_rows([], [peer], folder) == rows, "what is written where a benchmark is stopped"


def test_the_setting_of_a_work_is_told_where_a_case_has_several(tmp_path):
    """Else the rows of two settings would be one and the same to `join`."""
    rows = [{"model": "A", "work": "training", "case": "small"}, {"model": "A", "work": "training", "case": "clicks"}]
    peer = Peer("A, training", "clicks", (sys.executable, "-c", f"print('''{json.dumps(rows)}''')"))
    found = list(run_peers([peer], Folder.open(tmp_path / "out"), lambda _: None))
    assert [(row["case"], row["work"]) for row in found] == [("clicks", "training, small"), ("clicks", "training")]


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("raise SystemExit('no such package')", "no such package"),
        ("print('all done')", "its last line is no row or rows as JSON: all done"),
        ("print('[1]')", "its last line is no row or rows as JSON: [1]"),
    ],
)
def test_a_peer_that_fails_says_why(program, error, tmp_path):
    peer = Peer("peer", "reviews", (sys.executable, "-c", program))
    folder, told = Folder.open(tmp_path / "out"), []
    for _ in range(2):
        (row,) = run_peers([peer], folder, told.append)
        assert (row["model"], row["case"], row["error"]) == ("peer", "reviews", error)
    assert told == ["reviews: peer"] * 2, "what failed is done again"
