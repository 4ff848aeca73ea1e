"""The part of a recogniser that may be a Whisper instead of one that was trained from nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from torch import nn

from ..core.batch import Examples
from ..core.errors import Unsupported, WrongModel, WrongUsage
from ..core.pipeline import Pipeline
from ..core.training import Observer
from ..core.tuning import Space
from . import data
from .config import FINETUNE, SpeechConfig
from .decode import DecodingConfig
from .pretrained import FILE, Pretrained, WhisperFeatures, WhisperModel, WhisperTask, save_pretrained
from .start import OPTIONS, SCHEME, adopt, as_it_came, read_start


class Features:
    """What a recogniser learned from its data, or what the Whisper that it is brought along."""

    fit = staticmethod(data.SpeechFeatures.fit)

    @staticmethod
    def load(folder: Path, config: data.SpeechFeaturesConfig) -> data.SpeechFeatures | WhisperFeatures:
        """Read either."""
        kind = WhisperFeatures if (folder / FILE).is_file() else data.SpeechFeatures
        return kind.load(folder, config)


class Whispering(Pipeline):
    """The part of a recogniser that loads, tunes and writes a Whisper; `config_.whisper` says whether it is one."""

    features_type = Features
    schemes = (SCHEME,)

    @classmethod
    def load_foreign(cls, scheme: str, name: str, device: str) -> Self:
        """Return the Whisper of a name; options may follow it (`?language=de&task=translate`)."""
        start = read_start(f"{scheme}:{name}")
        config, features, baseline = as_it_came(start)
        model = cls(FINETUNE, device=device, config=config)
        model.config_, model.features_, model.baseline_ = config, features, baseline
        model.columns_ = {"input": cls.input, "label": cls.label}
        model.evaluation_, model.history_, model.blend_, model.threshold_ = None, [], None, 0.0
        model.facts_ = {"pretrained": start.name}
        model._place(model.build_model(), start.weights)
        return model

    @classmethod
    def from_pretrained(
        cls, name: str | Path, *, device: str = "auto", precision: str = "float32", **options: str | float
    ) -> Self:
        """Return a Whisper of Hugging Face's, a folder or a name on the hub, ready to transcribe.

        `options` are settings of `WhisperConfig`: `language` ("de") and `task` ("transcribe", or "translate" into
        English) for models of several languages, `timestamps`, `padding`. Without a language the model tells it from
        each recording. Raises ArtifactError where it is no such model.
        """
        return cls.load(f"{SCHEME}:{name}?{urlencode(options)}", device=device, precision=precision)

    def save_pretrained(self, folder: str | Path) -> Path:
        """Write the Whisper as a folder that Hugging Face's transformers load; return it.

        Raises ArtifactError for a recogniser that is no Whisper.
        """
        self._check_fitted()
        if not isinstance(self.model_, WhisperModel):
            raise WrongModel("save_pretrained: transformers have no such recogniser, only a Whisper; use save")
        save_pretrained(self.model_, folder, rules=self.features_.rules, tokenizer=self.features_.tokenizer)
        return Path(folder)

    def read_start(self, init: str) -> Pretrained:
        """Read a Whisper: a folder of Hugging Face's or ours, or a name on the hub."""
        return read_start(init)

    def adopt(self, config: SpeechConfig, start: Pretrained) -> SpeechConfig:
        """Return `config` with the shape of a Whisper."""
        return adopt(config, start)

    @property
    def search_space(self) -> Space:
        """What `tune` may change: of a Whisper how it is trained alone."""
        fixed = self.init is not None
        return {name: one for name, one in self.space.items() if not fixed or name.startswith("train.")}

    def check_settings(self, held_out: Examples | None) -> None:
        """Refuse to train a Whisper without weights, or one of many languages without saying which is spoken."""
        super().check_settings(held_out)
        whisper = self.config_.whisper
        if whisper is None:
            return
        if not isinstance(self.features_, WhisperFeatures):
            raise WrongUsage("whisper: it begins with a pretrained model; name one with init")
        if None in self.features_.rules.prompt(whisper.language, whisper.task, timestamps=False):
            raise WrongUsage("whisper.language: say which language the training data are in, such as en")
        check_decoding(self.config_)

    def learn_features(self, examples: Examples, config: data.SpeechFeaturesConfig) -> Any:
        """Learn the frames and units of the training data; a Whisper brings its own."""
        if self.start is None:
            return super().learn_features(examples, config)
        return WhisperFeatures(self.start.tokenizer, self.start.rules, self.config_.whisper)

    def prepare(self, model: nn.Module, examples: Examples, folder: Path | None, observer: Observer) -> nn.Module:
        """Copy pretrained weights."""
        if self.init is not None:
            model.load_state_dict(self.start.weights)
        return model

    def whisper_task(self, model: WhisperModel) -> WhisperTask:
        """Return the task of a Whisper."""
        features, config = self.features_, self.config_
        return WhisperTask(model, features.tokenizer, features.rules, config.whisper, config.train.label_smoothing)


def check_answers(values: Mapping[str, Any], config: SpeechConfig) -> None:
    """Raise ConfigError where settings cannot be changed of a trained recogniser with `config`."""
    whisper = config.whisper is not None
    wished = values.get("whisper", {})
    for name in values:
        free = name in ("decoding", "evaluation")
        if not free and not (whisper and name == "whisper" and isinstance(wished, Mapping)):
            there = "decoding.*, evaluation.* and whisper.*" if whisper else "decoding.* and evaluation.*"
            raise Unsupported(f"--set {name}: of a trained recogniser only {there} can be set; train another")
    for name in wished:
        if name not in OPTIONS[:-1]:
            raise Unsupported(
                f"--set whisper.{name}: of a Whisper only {', '.join(OPTIONS[:-1])} can be set afterwards"
            )


def check_decoding(config: SpeechConfig) -> None:
    """Raise ConfigError where a Whisper is to be searched as only our own recogniser can be."""
    if config.whisper is not None and replace(config.decoding, piece=1.0) != DecodingConfig(piece=1.0):
        raise Unsupported(
            "decoding: a Whisper takes the most probable token each time; of it, set decoding.piece alone"
        )
