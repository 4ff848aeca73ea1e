"""What pipelines refuse, word for word."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fourfold.core.batch import Examples
from fourfold.core.config import override
from fourfold.core.errors import FourfoldError
from fourfold.core.labels import LabelSets
from fourfold.nlp import TextClassifier
from fourfold.recsys import ClickPredictor
from fourfold.vision import ImageClassifier

TEXTS = [f"{word} film number {number}" for number in range(15) for word in ("fine", "poor")]
NUMBERS = [number / 7 for number in range(30)]


def message(act: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[str, str]:
    with pytest.raises(FourfoldError) as error:
        act(*arguments, **named)
    return error.value.code, str(error.value)


def with_setting(model: Any, **train: Any) -> Any:
    return model.set_params(config=override(model.resolve(), {"train": train}))


@pytest.fixture(scope="module")
def numbers() -> TextClassifier:
    return TextClassifier("linear").fit(TEXTS, NUMBERS)


def test_a_model_of_numbers_has_no_probabilities(numbers: TextClassifier) -> None:
    assert message(numbers.predict_proba, ["fine"]) == (
        "config.unsupported", "predict_proba: this model predicts numbers; call predict",
    )  # fmt: skip


def test_numbers_have_no_classes_to_weigh() -> None:
    model = with_setting(TextClassifier("linear"), class_weights="balanced")
    assert message(model.fit, TEXTS, NUMBERS) == (
        "config.unsupported", "train.class_weights: the labels are numbers, with no classes to weigh; leave it out",
    )  # fmt: skip


def test_a_metric_of_classes_is_not_measured_for_numbers() -> None:
    model = with_setting(TextClassifier("tiny"), metric="accuracy")
    assert message(model.fit, TEXTS, NUMBERS) == (
        "config.unknown-name",
        "train.metric: 'accuracy' is not measured for Numbers; there is: r2, pearson, spearman, rmse, mae",
    )


def test_nothing_is_written_over_by_save(numbers: TextClassifier, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    assert message(numbers.save, tmp_path) == (
        "artifact.output", f"{tmp_path}: it is there already and not empty; choose another path",
    )  # fmt: skip


def test_rows_without_any_label() -> None:
    sets = Examples(inputs=["a", "b"], labels=np.array(["", ""]), name="t.csv")
    assert message(LabelSets.fit, sets) == (
        "data.no-labels", "t.csv: no row has a label; training needs one or more",
    )  # fmt: skip


@pytest.mark.parametrize("kind", [ClickPredictor, ImageClassifier])
def test_models_of_others(kind: Any) -> None:
    assert message(kind.load_foreign, "whisper", "tiny", "cpu") == (
        "config.unsupported", f"whisper:tiny: {kind.domain} knows no models of others",
    )  # fmt: skip


def test_only_speech_answers_by_settings(numbers: TextClassifier) -> None:
    assert message(numbers.answer_with, {"decoding": {"beam": 2}}) == (
        "config.unsupported", "nlp has no settings of how a trained model answers",
    )  # fmt: skip


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "run"))


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_folder_of_something_else(run: Path) -> None:
    (run / "config.json").write_text('{"model_type": "bert"}')
    assert message(TextClassifier.load, run) == (
        "artifact.missing", f"{run}: its config.json is not Fourfold's; give a folder that `fourfold … train` wrote",
    )  # fmt: skip


def test_a_run_of_an_old_format(run: Path) -> None:
    change(run / "config.json", version=2)
    assert message(TextClassifier.load, run) == (
        "artifact.version",
        f"{run}: saved in format 2, whose settings of models and baselines this Fourfold reads no more; train it again",
    )


def test_a_linear_model_to_begin_with(trained: Path) -> None:
    assert message(TextClassifier("tiny", init=trained).fit, TEXTS, NUMBERS) == (
        "artifact.kind", f"{trained}: a linear model has no weights to start from; give a Transformer's folder",
    )  # fmt: skip


def test_labels_of_an_unknown_kind(tmp_path: Path) -> None:
    from fourfold.core.labels import load_labels

    (tmp_path / "classes.json").write_text('{"kind": "colour"}')
    assert message(load_labels, tmp_path) == (
        "artifact.damaged", f"{tmp_path}/classes.json: labels of the kind 'colour' are unknown; save it again",
    )  # fmt: skip
