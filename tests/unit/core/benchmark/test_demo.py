"""What the demo shows can be checked by eye."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from domain_data import SAMPLES

from fourfold.core.domains import domain
from fourfold.core.objectives import Prediction


@pytest.mark.parametrize("name", ["nlp", "vision"])
def test_it_is_shown_with_how_sure_the_model_is(name: str, tmp_path: Path) -> None:
    model = SAMPLES[name].pipeline().set_params(preset="linear").fit(*SAMPLES[name].make(60, 0))
    if name == "vision":
        model = _digits()
    lines = list(domain(name).load_extra("show")(model, tmp_path))
    assert re.search(r"\(\d+%\)", lines[-1]) and all(len(line) < 120 for line in lines)
    if name == "vision":
        assert len(lines) == 9 and any("█" in line for line in lines), "a digit of 8 lines, and what it is"


def _digits() -> Any:
    (case, *_) = domain("vision").load_cases()
    split = case.load(0)
    return domain("vision").load_pipeline()("linear").fit(split.train.take(np.arange(200)))


def test_clicks_stand_beside_their_truth(tmp_path: Path) -> None:
    (case, *_) = domain("recsys").load_cases()
    model = domain("recsys").load_pipeline()("linear").fit(case.load(0).train.take(np.arange(800)))
    head, *lines = domain("recsys").load_extra("show")(model, tmp_path)
    assert head == "the first of 30 items for user u3 on a phone at noon:" and len(lines) == 5
    said = [re.fullmatch(r" +i\d+: clicked with (\d+)% \(truth of the simulation \d+%\)", line) for line in lines]
    shares = [int(found[1]) for found in said if found]
    assert len(shares) == 5 and shares == sorted(shares, reverse=True)


def test_numbers_are_written_and_heard(tmp_path: Path) -> None:
    def echo(paths: list[str]) -> list[Prediction]:
        return [Prediction(f"heard in {Path(path).name}") for path in paths]

    lines = list(domain("speech").load_extra("show")(echo, tmp_path))
    assert len(lines) == 3 and lines[0].startswith(
        f"{tmp_path / 'number-1.wav'}: heard “heard in number-1.wav”, said “"
    )
    assert soundfile.info(tmp_path / "number-3.wav").duration > 0.2
