"""The settings of a speech recogniser, and its presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..core.errors import BadValue, SettingsConflict
from ..core.nn import TransformerConfig
from ..core.training import OptimizerConfig, ScheduleConfig, TrainConfig
from ..core.tuning import Choice, IntRange, LogUniform, Space, Uniform
from .audio import AudioConfig
from .baselines import SpeechClassicalConfig
from .data import AugmentConfig, SpeechFeaturesConfig
from .decode import DecodingConfig
from .evaluate import EvaluationConfig
from .model import SpeechModelConfig
from .pretrained import AUDIO, WhisperConfig


@dataclass(frozen=True, kw_only=True)
class SpeechConfig:
    """All that decides a recogniser beside its data.

    `attention` is the decoder's share of the loss. `consistency` weighs how far CTC's answers to two views of an
    utterance differ (Yao et al., "CR-CTC", 2024); it takes two `features.augment.views`. `early` weighs, beside CTC,
    the CTC loss of what the convolutions alone hear: they know a word or two, and so must find each where it is said.
    `decoding` may be changed of a trained recogniser, too.
    `evaluation` says how transcripts are compared with what was heard.

    Where there is a `whisper` (by `init`), it is the model, in the place of `model`, `attention` and most `features`.
    """

    features: SpeechFeaturesConfig = field(default_factory=SpeechFeaturesConfig)
    model: SpeechModelConfig = field(default_factory=SpeechModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    classical: SpeechClassicalConfig = field(default_factory=SpeechClassicalConfig)
    attention: float = 0.3
    consistency: float = 0.0
    early: float = 0.0
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    whisper: WhisperConfig | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.attention < 1:
            raise BadValue(f"attention ({self.attention}) must lie in [0, 1): CTC has the rest")
        for name in ("consistency", "early"):
            if getattr(self, name) < 0:
                raise BadValue(f"{name} ({getattr(self, name)}) must be 0 (off) or above")
        if self.consistency and self.features.augment.views != 2:
            raise SettingsConflict(
                "consistency compares two views; set features.augment.views to 2 (or consistency to 0)"
            )
        if self.model.chunk and self.features.audio.level != "running":
            raise SettingsConflict(
                "model.chunk: who hears chunks does not know the loudest value of the whole; set "
                "features.audio.level to running (or model.chunk to 0)"
            )
        if self.model.chunk and self.features.normalisation != "corpus":
            raise SettingsConflict(
                "model.chunk: who hears chunks does not know the mean of the whole; set features.normalisation to "
                "corpus (or model.chunk to 0)"
            )


def tiny() -> SpeechConfig:
    """Two layers of width 96: a first look."""
    return _preset(width=96, num_layers=2, epochs=30)


def small() -> SpeechConfig:
    """Four layers of width 128: the default, for words and short utterances; minutes on a processor."""
    return _preset(width=128, num_layers=4, epochs=30)


def streaming() -> SpeechConfig:
    """As `small`, but hears 0.64 seconds at a time, and the 5 seconds before: for speech as it comes."""
    config = small()
    audio = replace(config.features.audio, level="running")
    model = replace(config.model, chunk=0.64, left=8)
    return replace(config, features=replace(config.features, audio=audio), model=model)


def base() -> SpeechConfig:
    """Eight layers of width 256 and 80 mels, for hours of speech and a GPU."""
    augment = AugmentConfig(time_width=20)
    features = SpeechFeaturesConfig(audio=AudioConfig(mels=80), augment=augment, flat_start=_FLAT)
    found = _preset(width=256, num_layers=8, epochs=40, kernel=3)
    return replace(found, features=features, train=replace(found.train, batch_tokens=20000))


def finetune() -> SpeechConfig:
    """For a Whisper that was trained elsewhere (`init`): few epochs at a low rate.

    As it came it may be best already, so that the weights before the first step are among the candidates.
    """
    config = _preset(width=384, num_layers=4, epochs=3)
    still = replace(config.model.encoder, dropout=0.0, rotary=False, convolution=0)
    train = replace(
        config.train, batch_rows=16, batch_tokens=0, label_smoothing=0.0, eval_on_start=True,
        optimizer=OptimizerConfig(lr=1e-5, beta2=0.98), schedule=ScheduleConfig(name="linear", warmup=0.1),
    )  # fmt: skip
    model = replace(config.model, encoder=still, decoder=still)
    features = replace(config.features, audio=AUDIO)
    return replace(config, features=features, model=model, train=train, decoding=DecodingConfig(piece=30.0))


# Convolutions as wide as a short word, and time masks shorter than one: a Transformer over a few minutes of speech then
# learns to align far more often (docs/measurements/speech.md). `base`, for hours of speech, keeps the usual widths.
_KERNEL, _TIME_WIDTH, _FLAT = 9, 6, 0.2


def _preset(*, width: int, num_layers: int, epochs: float, kernel: int = _KERNEL) -> SpeechConfig:
    encoder = TransformerConfig(width=width, num_layers=num_layers, num_heads=4, rotary=True, convolution=9)
    return SpeechConfig(
        features=SpeechFeaturesConfig(augment=AugmentConfig(time_width=_TIME_WIDTH), flat_start=_FLAT),
        model=SpeechModelConfig(
            encoder=encoder,
            decoder=TransformerConfig(width=width, num_layers=2, num_heads=4),
            kernel=kernel,
        ),
        train=TrainConfig(
            epochs=epochs,
            batch_rows=64,
            batch_tokens=2400,
            label_smoothing=0.1,
            optimizer=OptimizerConfig(lr=2e-3),
            schedule=ScheduleConfig(warmup=0.1),
        ),
        early=1.0,
    )


FINETUNE = "finetune"
PRESETS: dict[str, Callable[[], SpeechConfig]] = {
    "tiny": tiny,
    "small": small,
    "streaming": streaming,
    "base": base,
    FINETUNE: finetune,
}

SPACE: Space = {
    "train.optimizer.lr": LogUniform(1e-4, 1e-2, near=4),
    "train.optimizer.weight_decay": LogUniform(1e-3, 0.3),
    "train.label_smoothing": Uniform(0.0, 0.2),
    "attention": Uniform(0.1, 0.5),
    "features.augment.speed": Uniform(0.0, 0.2),
    "features.augment.warp": Uniform(0.0, 0.2),
    "features.augment.mel_width": IntRange(0, 12),
    "features.augment.time_width": IntRange(0, 40, near=3),
    "model.dropout": Uniform(0.0, 0.3),
    "model.kernel": Choice((3, 5, 9, 15)),
    "model.encoder.dropout": Uniform(0.0, 0.3),
    "model.encoder.num_layers": IntRange(1, 12, near=2),
    "model.encoder.width": Choice(
        (64, 96, 128, 192, 256, 384),
        also={"model.decoder.width": (64, 96, 128, 192, 256, 384)},
        near=2,
    ),
}
"""What `tune` searches, around the preset's own settings."""
