"""What only recsys says on the command line: the best rows, within a column or of all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from console import fourfold

RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clicks")
    frame = pd.DataFrame({"site": RANDOM.choice(["n", "s"], 80), "age": RANDOM.integers(1, 90, 80)})
    frame.assign(label=(frame["age"] > 45).astype(int)).to_csv(folder / "clicks.csv", index=False)
    quick = ("--set", "train.epochs=1", "--preset", "tiny")
    assert fourfold("recsys", "train", folder / "clicks.csv", "--out", folder / "run", *quick).code == 0
    return folder


def test_the_best_rows_of_each_value_of_a_column(run: Path) -> None:
    every = fourfold("recsys", "predict", run / "run", "--file", run / "clicks.csv", "--json")
    scores = pd.read_csv(run / "clicks.csv").assign(p=[row["probability"] for row in json.loads(every.out)])
    done = fourfold(
        "recsys", "predict", run / "run", "--file", run / "clicks.csv", "--top", 3, "--by", "site", "--json"
    )
    found = json.loads(done.out)
    assert done.code == 0 and [list(row) for row in found] == [["row", "site", "probability"]] * 6
    for site, rows in scores.groupby("site"):
        best = rows.sort_values("p", ascending=False, kind="stable").head(3)
        assert [row["row"] - 1 for row in found if row["site"] == site] == best.index.tolist()
    csv = fourfold("recsys", "predict", run / "run", "--file", run / "clicks.csv", "--top", 1)
    assert csv.out.splitlines()[0] == "row,probability" and len(csv.out.splitlines()) == 2


def test_rows_that_cannot_be_read_are_left_out_of_the_best(run: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(run / "clicks.csv").astype({"age": object}).head(10)
    frame.loc[[0, 4], "age"] = "old"
    frame.to_csv(tmp_path / "some.csv", index=False)
    done = fourfold("recsys", "predict", run / "run", "--file", tmp_path / "some.csv", "--top", 99, "--json")
    assert done.code == 0 and {row["row"] for row in json.loads(done.out)} == {2, 3, 4, 6, 7, 8, 9, 10}
    frame.assign(age="old").to_csv(tmp_path / "none.csv", index=False)
    done = fourfold("recsys", "predict", run / "run", "--file", tmp_path / "none.csv", "--top", 3)
    assert done.code != 0 and "'old' is not a number" in done.err


@pytest.mark.parametrize(
    ("domain", "options", "message"),
    [
        ("recsys", ("--by", "site"), "predict: --by says within what the best are chosen; say how many with --top"),
        ("nlp", ("--top", 2), "predict: nlp has no best rows to choose; leave --top out"),
        ("recsys", ("--top", 2, "--by", "sit"), "clicks.csv: no column 'sit'; did you mean 'site'?"),
    ],
)
def test_what_cannot_be_chosen(domain: str, options: tuple[object, ...], message: str, run: Path) -> None:
    done = fourfold(domain, "predict", run / "run", "--file", run / "clicks.csv", *options)
    assert (done.code, done.err) == (2, f"error: {message}\n")
