"""An evaluation as data: its sentence, its JSON and its files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fourfold.core.metrics import Bin, Interval
from fourfold.core.report import Comparison, Confusion, Evaluation, Mistake, Table, plain_json

NAN = float("nan")
EVALUATION = Evaluation(
    domain="speech",
    data="test",
    rows=2,
    model="tiny",
    metrics={"wer": Interval(0.1, NAN, NAN), "cer": Interval(0.05, 0.04, 0.06)},
    greater_is_better=False,
    baseline=Comparison(name="templates", metrics={"wer": Interval(0.3, 0.2, 0.4)}, difference=Interval(0.2, 0.1, 0.3)),
    tables=(Table(title="Words", columns=("word", "errors"), rows=(("é", 1),)),),
    confusion=Confusion(labels=("a", "b"), counts=((1, 0), (0, 1))),
    reliability=(Bin(0.9, 1.0, 2),),
    mistakes=(Mistake(place="a.wav", truth="cat", prediction="", score=1.0),),
    history=({"step": 1, "loss": 2.0},),
    facts={"parameters": "1"},
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"wer": NAN}, '{"wer": null}'),
        ([1.0, float("inf"), (-float("inf"), "é")], '[1.0, null, [null, "é"]]'),
        ({1: {"a": np.float64(NAN)}}, '{"1": {"a": null}}'),
    ],
)
def test_plain_json(value: object, text: str) -> None:
    assert plain_json(value) == text


def test_the_json_file_holds_everything_and_null_for_what_is_no_number(tmp_path: Path) -> None:
    path = EVALUATION.save(tmp_path / "metrics.json")
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read["metrics"]["wer"] == {"value": 0.1, "low": None, "high": None}
    assert read["verdict"] == EVALUATION.verdict()
    assert read["reliability"] == [{"confidence": 0.9, "accuracy": 1.0, "count": 2}]
    assert read["tables"][0]["rows"] == [["é", 1]]
    assert read["history"] == [{"step": 1, "loss": 2.0}]
    assert list(read["metrics"]) == ["wer", "cer"]


@pytest.mark.parametrize("name", ["report.html", "report"])
def test_any_other_ending_is_the_page(tmp_path: Path, name: str) -> None:
    path = EVALUATION.save(str(tmp_path / name))
    assert path == tmp_path / name
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_first_metric_decides() -> None:
    assert EVALUATION.main_metric == "wer"
    assert EVALUATION.verdict() == (
        "Ship tiny: it beats templates, wer 10.0 % against 30.0 % "
        "(better by +20.0 points, 95 % interval +10.0 to +30.0)."
    )


def test_without_a_baseline_nothing_is_recommended() -> None:
    alone = replace(EVALUATION, baseline=None)
    assert alone.verdict() == "No classical baseline was measured beside tiny."


def test_half_a_character_survives_the_json_file(tmp_path: Path) -> None:
    path = replace(EVALUATION, data="a\udc80.csv").save(tmp_path / "metrics.json")
    assert json.loads(path.read_text(encoding="utf-8"))["data"] == "a\udc80.csv"
