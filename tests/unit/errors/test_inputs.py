"""Inputs that the domains refuse, word for word."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from domain_data import sounds
from fifth.tones.pipeline import SeriesClassifier
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from fourfold.core.batch import Examples
from fourfold.core.config import override
from fourfold.core.errors import FourfoldError
from fourfold.core.labels import Classes
from fourfold.nlp import TextClassifier
from fourfold.nlp.data import TextFeatures, TextFeaturesConfig
from fourfold.recsys import ClickPredictor
from fourfold.recsys.data.columns import conversions, latest
from fourfold.speech import SpeechRecognizer
from fourfold.vision import ImageClassifier

LOG = pd.DataFrame({"site": ["north", "south"] * 20, "age": range(40)})
TEXTS, LABELS = ["a fine film", "a poor film"] * 20, [1, 0] * 20


def clicks(**columns: Any) -> Examples:
    frame = pd.DataFrame(columns)
    return Examples(inputs=frame, labels=np.arange(len(frame)) % 2, name="log.csv")


def model_of(kind: Any, **settings: Any) -> Any:
    return kind("tiny", config=override(kind.presets["tiny"](), settings))


REFUSED: dict[str, tuple[Callable[[], Any], str, str]] = {
    "no texts": (lambda: TextClassifier("linear").fit([], []), "data.empty", "there are no texts; give at least one"),
    "fewer words than a tokenizer's": (
        lambda: model_of(TextClassifier, model={"vocab_size": 9}).fit(TEXTS, LABELS), "config.conflict",
        "model.vocab_size (9) must be 33 or above, the tokenizer's",
    ),
    "a token that hides others": (
        lambda: TextFeatures(TextFeaturesConfig(), Tokenizer(WordLevel({"a": 0})), Classes((0, 1))).source(
            Examples(inputs=["a"], labels=np.array([0]))
        ),
        "artifact.tokenizer",
        "the tokenizer has neither [MASK] nor <mask>; set features.token_dropout=0, or add one",
    ),
    "times that are none": (
        lambda: latest(clicks(at=[None, None]), "at", 0.5), "data.columns",
        "log.csv: column 'at' holds no times; name another with features.time",
    ),
    "one time": (
        lambda: latest(clicks(at=[7, 7]), "at", 0.5), "data.columns",
        "log.csv: all rows are of one time ('at'); split them at random",
    ),
    "words for times": (
        lambda: latest(clicks(at=["2026-01-01", None, "soon"]), "at", 0.5), "data.row",
        "row 2: 'soon' in column 'at' is no time; mend it, or name another column with features.time",
    ),
    "no conversions": (
        lambda: conversions(clicks(site=["a", "b"]), "bought"), "data.columns",
        "log.csv: no column 'bought', which the model was told conversions by",
    ),
    "no conversion": (
        lambda: conversions(clicks(bought=["yes", "perhaps"]), "bought"), "data.row",
        "row 1: 'perhaps' in column 'bought' is no conversion; write 0 or 1",
    ),
    "no such start": (
        lambda: ClickPredictor("tiny", init="nowhere").resolve(), "artifact.missing",
        "init 'nowhere': no such folder; give one that `fourfold recsys train` wrote",
    ),
    "no set of torchvision": (
        lambda: ImageClassifier().check("torchvision:MNISTT"), "config.unknown-name",
        "torchvision:MNISTT: torchvision has no data set 'MNISTT'; did you mean 'MNIST'?",
    ),
    "a learner of clicks alone": (
        lambda: ClickPredictor("linear").fit(LOG, LABELS).predict_conversion(LOG), "config.unsupported",
        "predict_conversion: this model knows clicks alone; train it with features.conversion",
    ),
    "no column but the label": (
        lambda: ClickPredictor("linear").fit(pd.DataFrame({"label": LABELS})), "data.columns",
        "DataFrame: no columns beside 'label'; a model needs at least one",
    ),
    "no column but lists": (
        lambda: model_of(ClickPredictor, features={"several": ["tags"]}).fit(LOG[[]].assign(tags="a|b"), LABELS),
        "data.columns", "DataFrame: no columns of one value a cell; a model needs at least one",
    ),
    "a stream of no field": (
        lambda: model_of(ClickPredictor, model={"streams": {"first_context": ["sight"]}}).fit(LOG, LABELS),
        "config.unknown-name", "model.streams: there is no field 'sight'; did you mean 'site'?",
    ),
    "a row as a list": (
        lambda: ClickPredictor("linear").read_inputs(['{"site": "north"}', '["ab"]']), "data.row",
        "input 2: no JSON object of plain values; write a row as '{\"field\": \"value\"}'",
    ),
    "a row nested too deeply": (
        lambda: ClickPredictor("linear").read_inputs(["[" * 100_000]), "data.row",
        "input 1: no JSON object of plain values; write a row as '{\"field\": \"value\"}'",
    ),
    "pixels of no range": (
        lambda: ImageClassifier().fit(np.full((4, 8, 8), 70_000.0), LABELS[:4]), "data.array",
        "array: pixels up to 70000; give them from 0 to 255 or from 0 to 1",
    ),
    "a start that is not there": (
        lambda: SeriesClassifier("tiny", init="bert").resolve(), "config.unsupported",
        "init 'bert': tones has no pretrained models; leave it out",
    ),
    "a teacher of nothing": (
        lambda: SeriesClassifier().follow(None, [], 0.5), "config.unsupported",
        "teacher: tones has nothing to imitate; label data with predict, and train on them",
    ),
    "a teacher of Whisper": (
        lambda: SpeechRecognizer().follow(object(), [], 0.5), "config.unsupported",
        "teacher: a Whisper learns from transcripts alone; label data with predict, and train on them",
    ),
    "a search of nothing": (
        lambda: SeriesClassifier("linear").tune(["1 2", "2 1"] * 20, LABELS), "config.unsupported",
        "tune: the preset linear is the classical baseline, with nothing to search; choose another",
    ),
    "a linear model for transformers": (
        lambda: TextClassifier("linear").fit(TEXTS, LABELS).save_pretrained("bert"), "artifact.kind",
        "save_pretrained: TF-IDF + linear model is no Transformer; use save",
    ),
    "half a pair": (
        lambda: TextClassifier("linear").fit([(text, text) for text in TEXTS], LABELS).read_inputs(["one\ttwo", "one"]),
        "data.row", "input 2: not a pair; part its two texts by a tab, or give --file",
    ),
    "a stream of an odd rate": (
        lambda: hearer().create_stream(8000.5), "config.value",
        "stream: a rate of 8000.5 Hz; give a whole number from 4,000 to 384,000",
    ),
    "a stream of a classical model": (
        lambda: hearer().create_stream(8000), "config.unsupported",
        "stream: the classical baseline hears whole recordings alone; train one with --preset streaming, or --set "
        "model.chunk=0.64 --set features.audio.level=running",
    ),
    "times of a classical model": (
        lambda: hearer().align(*sounds(4, 0)), "config.unsupported",
        "align: the classical baseline knows no times; give the folder of a Transformer",
    ),
}  # fmt: skip


@functools.cache
def hearer() -> SpeechRecognizer:
    return SpeechRecognizer("linear").fit(*sounds(24, 0))


@pytest.mark.parametrize("case", REFUSED)
def test_an_input_is_refused(case: str) -> None:
    act, code, message = REFUSED[case]
    with pytest.raises(FourfoldError) as error:
        act()
    assert (error.value.code, str(error.value)) == (code, message)
