"""Values that settings refuse, word for word, as `--set` would give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fourfold.core.config import override
from fourfold.core.domains import domain
from fourfold.core.errors import ConfigError
from fourfold.core.nn import TransformerConfig
from fourfold.core.training import OptimizerConfig
from fourfold.core.tuning.space import Choice
from fourfold.recsys.data import ClickFeaturesConfig
from fourfold.recsys.simulate import World
from fourfold.speech.data import SpeechFeaturesConfig
from fourfold.speech.pretrained import WhisperConfig
from fourfold.speech.synth import SynthesisConfig
from fourfold.vision.model import ViTConfig

# domain and setting -> its value, and the message
SETTINGS: dict[str, tuple[Any, str]] = {
    "nlp train.optimizer.sparse": ("sgd", "train.optimizer.sparse: 'sgd' is not one of adagrad, adam"),
    "nlp train.teacher_weight": (2.0, "train.teacher_weight (2.0) must lie in [0, 1]"),
    "nlp model.encoder.num_layers": (1001, "num_layers (1001) must be 1,000 or fewer"),
    "nlp features.max_length": (2, "features.max_length (2) must be 3 or above"),
    "nlp features.max_windows": (0, "features.max_windows (0) must be 1 or above"),
    "nlp features.token_dropout": (1.0, "features.token_dropout (1.0) must lie in [0, 1)"),
    "nlp model.max_length": (8, "features.max_length (256) is above model.max_length (8); raise both"),
    "nlp features.vocab_size": (5, "features.vocab_size (5) must be above 5"),
    "nlp reject": (1.0, "reject (1.0) must lie in [0, 1): it is a share of the held-out rows"),
    "vision test_shift": (-1, "test_shift (-1) must be 0 (off) or above, in pixels"),
    "vision model.convolutions": (-2, "convolutions (-2) must be −1 (chosen), 0 (patches) or more"),
    "vision model.pooling": ("first", "pooling 'first' needs class_token=True; or pool by 'mean'"),
    "vision model.distilled": (
        True, "distilled is a second class token; it needs class_token=True and pooling='first'",
    ),
    "recsys features.split": ("time", "features.split=time: say which column it is with features.time"),
    "recsys model.mlp.hidden": ([], "hidden (()) must be at least one width of 1 or more"),
    "recsys model.cross_layers": (0, "cross_layers (0) must be 1 or above"),
    "recsys model.streams.gate": (-1, "gate (-1) must be 0 (off) or above"),
    "speech model.dropout": (1.0, "model.dropout (1.0) must lie in [0, 1)"),
    "speech features.unreadable": (
        2.0, "features.unreadable (2.0) must lie in [0, 1]: a share of the recordings",
    ),
    "speech features.audio.longest": (0.0, "audio.longest (0.0) must be above 0: a number of seconds"),
    "speech features.vocab_size": (1, "features.vocab_size (1) must be 2 or above"),
}  # fmt: skip

MADE: dict[str, tuple[Callable[[], Any], str]] = {
    "layers": (lambda: TransformerConfig(num_layers=0), "num_layers (0) must be 1 or more"),
    "positions": (
        lambda: ViTConfig(positions="rotary"), "unknown positions 'rotary'; there is: learned, sinusoidal",  # type: ignore[arg-type]
    ),
    "an optimiser": (
        lambda: OptimizerConfig(sparse="sgd"),  # type: ignore[arg-type]
        "train.optimizer.sparse: no optimiser 'sgd'; there is adagrad and adam",
    ),
    "a split": (
        lambda: ClickFeaturesConfig(split="day"),  # type: ignore[arg-type]
        "features.split: no way 'day'; there is random, time and group",
    ),
    "a conversion that is a field": (
        lambda: ClickFeaturesConfig(conversion="bought", numeric=("bought",)),
        "features.conversion names 'bought', which other settings name as a field; it is none",
    ),
    "units of speech": (
        lambda: SpeechFeaturesConfig(units="phonemes"),  # type: ignore[arg-type]
        "features.units ('phonemes') must be auto, characters, words, bpe or unigram",
    ),
    "a normalisation": (
        lambda: SpeechFeaturesConfig(normalisation="batch"),  # type: ignore[arg-type]
        "features.normalisation ('batch') must be corpus or utterance",
    ),
    "groups of recordings": (
        lambda: SpeechFeaturesConfig(group="day"),  # type: ignore[arg-type]
        "features.group ('day') must be none or speaker",
    ),
    "values of a choice": (
        lambda: Choice((1, 2), also={"model.dropout": (0.1,)}),
        "choice (1,2): model.dropout has 1 values; give one for each option",
    ),
    "whisper's widths": (
        lambda: WhisperConfig(decoder=TransformerConfig(width=128, num_heads=4)),
        "whisper.encoder.width (384) and whisper.decoder.width (128) must be the same",
    ),
    "whisper's sizes": (lambda: WhisperConfig(mels=0), "whisper.mels (0) must be 1 or more"),
    "whisper's task": (
        lambda: WhisperConfig(task="sing"), "whisper.task ('sing') must be transcribe or translate",  # type: ignore[arg-type]
    ),
    "whisper's padding": (lambda: WhisperConfig(padding=-1.0), "whisper.padding (-1.0) must be 0 seconds or more"),
    "users of clicks": (lambda: World(users=0), "users (0) must be 1 or above"),
    "clicks to make": (lambda: World(drift=-0.1), "days (0) and drift (-0.1) must be 0 (none) or above"),
    "sentences to make": (lambda: SynthesisConfig(count=-1), "count (-1) and seed (0) must be at least 0"),
    "a format of sound": (lambda: SynthesisConfig(format="mp3"), "format ('mp3') must be wav or flac"),  # type: ignore[arg-type]
    "a sample rate": (lambda: SynthesisConfig(sample_rate=100), "sample_rate (100) must be in 8000 … 48000 Hz"),
}  # fmt: skip


def nested(path: str, value: Any) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_refuses_a_value(setting: str) -> None:
    name, path = setting.split()
    value, message = SETTINGS[setting]
    usual = domain(name).load_pipeline()("small").resolve()
    with pytest.raises(ConfigError) as error:
        override(usual, nested(path, value))
    assert str(error.value) == message


@pytest.mark.parametrize("what", MADE)
def test_a_configuration_refuses_a_value(what: str) -> None:
    make, message = MADE[what]
    with pytest.raises(ConfigError) as error:
        make()
    assert str(error.value) == message
