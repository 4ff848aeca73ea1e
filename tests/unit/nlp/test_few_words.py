"""Fewer words than the tokenizer has: refused before anything is written, and in what was saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from fourfold.core.config import override
from fourfold.core.errors import ArtifactError, ConfigError
from fourfold.nlp import TextClassifier
from fourfold.nlp.config import tiny

TEXTS, LABELS = ["a fine film", "a poor film"] * 20, [1, 0] * 20
FEW = {"model": {"vocab_size": 9}}
SAID = "model.vocab_size (9) must be 33 or above, the tokenizer's"


def model(preset: str = "tiny") -> TextClassifier:
    return TextClassifier(preset, config=override(tiny(), FEW))


def test_training_and_learning_words_leave_nothing_behind(tmp_path: Path) -> None:
    for run in (
        lambda: model().fit(TEXTS, LABELS, out=tmp_path / "run"),
        lambda: model().pretrain(TEXTS, out=tmp_path / "run"),
    ):
        with pytest.raises(ConfigError) as error:
            run()
        assert str(error.value) == SAID and not (tmp_path / "run").exists()


def test_the_linear_model_has_no_table_of_words() -> None:
    assert model("linear").fit(TEXTS, LABELS).predict(TEXTS[:2]).tolist() == LABELS[:2]


def test_a_saved_model_is_damaged(tmp_path: Path) -> None:
    fitted = TextClassifier("tiny", config=override(tiny(), {"train": {"max_steps": 1}})).fit(TEXTS, LABELS)
    fitted.config_ = override(fitted.config_, FEW)
    fitted.save(tmp_path / "model")
    for read in (TextClassifier.load, lambda folder: TextClassifier(init=folder).fit(TEXTS, LABELS)):
        with pytest.raises(ArtifactError) as error:
            read(tmp_path / "model")
        assert SAID in str(error.value)
