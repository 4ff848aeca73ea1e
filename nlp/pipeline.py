"""`TextClassifier`: from texts to labels."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..core.batch import Examples
from ..core.classifier import Classifier
from ..core.device import pick_device
from ..core.errors import BadRow, Unsupported, WrongModel, WrongUsage
from ..core.labels import Classes, LabelSets, Numbers, typed
from ..core.pipeline import LINEAR
from ..core.reading import NO_LABEL
from ..core.training import Observer, Output
from ..core.tuning import Space
from . import data
from .baselines import CLASSICAL, TextBaseline
from .config import PRESETS, SPACE, TextConfig
from .domain import DOMAIN
from .model import TextModel
from .pretrain import WordRun, learn_words
from .pretrained import Pretrained, kind_of, save_pretrained, start
from .start import adopt, build, read_start, words_of

_MOST_KIN = 300_000
_MOST_LETTERS = 60_000_000
"""Looking for kin takes some ten bytes a letter."""

_EPOCHS = 10.0
"""How often `pretrain` goes over the texts unless it is told."""


class TextClassifier(Classifier):
    """Puts texts into classes with a Transformer trained on your data, and a linear model beside it.

    `init` names a pretrained model to start from: the folder of a BERT, RoBERTa or DistilBERT, its name on the hub, or
    a run of ours.

    >>> model = TextClassifier(preset="linear")
    >>> model = model.fit(["good film", "fine film", "bad film", "poor film"], ["pos", "pos", "neg", "neg"], valid=0)
    >>> model.predict(["a good one"]).tolist()
    ['pos']
    """

    domain = DOMAIN.name
    input = DOMAIN.input
    label = DOMAIN.label
    presets = PRESETS
    space = SPACE
    classical = CLASSICAL
    features_type = data.TextFeatures
    baseline_type = TextBaseline
    metrics = ("accuracy", "macro_f1", "f1", "log_loss", "micro_f1", "r2", "pearson", "spearman", "rmse", "mae")

    def read(self, data_: Any, labels: Any = None, *, input: str | None = None, label: str | None = None) -> Examples:
        """Read texts, or pairs of texts, from a file, a DataFrame or a list."""
        return data.read(data_, labels, input=input, label=label, several=self.target == "labels")

    def examine(self, examples: Examples, test: Examples | None = None) -> dict[str, Any]:
        """Add lengths, duplicates, conflicting labels, rare classes, and what the test shares with the training."""
        both = [one and replace(one, labels=self._typed(one.labels)) for one in (examples, test)]
        assert both[0] is not None
        return data.examine(both[0], both[1], super().examine(both[0], both[1]))

    def _typed(self, labels: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
        return None if labels is None else typed(labels, self.target)

    def read_inputs(self, inputs: list[str]) -> Examples:
        """Read texts from the command line; the two of a pair are parted by a tab."""
        if not self.features_.paired:
            return self.read(inputs)
        pairs = [tuple(text.split("\t")) for text in inputs]
        for number, pair in enumerate(pairs, 1):
            if len(pair) != 2:
                raise BadRow(f"input {number}: not a pair; part its two texts by a tab, or give --file")
        return self.read(pairs)

    def group(self, examples: Examples) -> npt.NDArray[np.int64] | None:
        """Keep texts that contain one another on one side of the split; not looked for where there is too much text."""
        if len(examples) <= _MOST_KIN and sum(map(len, data.joined(examples.inputs))) <= _MOST_LETTERS:
            return data.kin(examples.inputs)
        self._say(f"{examples.name}: too much text to keep texts that contain one another on one side of the split")
        return None

    def choose_threshold(self, outputs: Output | None) -> float:
        """Return the confidence that all but the share `reject` of the held-out rows reach."""
        if not self.config_.reject or outputs is None:
            return 0.0
        return float(np.quantile(np.asarray(outputs).max(1), self.config_.reject))

    def check_settings(self, held_out: Examples | None) -> None:
        """Refuse fewer words than the tokenizer has, and to reject what cannot be rejected."""
        super().check_settings(held_out)
        if self.kind != LINEAR:
            words_of(self.config_, self.features_)
        if self.config_.reject and not isinstance(self.features_.classes, Classes):
            raise Unsupported("reject: needs rows of one class each; set it to 0")
        if self.config_.reject and held_out is None:
            raise WrongUsage("reject: needs held-out rows to choose on; give --valid, or set it to 0")

    def read_start(self, init: str) -> Pretrained:
        """Read a folder of Hugging Face's or ours, or a name on the hub."""
        return read_start(init)

    def adopt(self, config: TextConfig, start: Pretrained) -> TextConfig:
        """Return `config` in the shape of a pretrained model."""
        return adopt(config, start)

    @property
    def search_space(self) -> Space:
        """What `tune` may change: no shape or vocabulary of a pretrained model, a bound only where there is one."""
        fixed = ["model.encoder.num_layers", "model.encoder.width", "features.vocab_size"] if self.init else []
        fixed += [] if self.resolve().train.max_tokens else ["train.max_tokens"]
        return {name: dimension for name, dimension in self.space.items() if name not in fixed}

    def learn_features(self, examples: Examples, config: data.TextFeaturesConfig) -> data.TextFeatures:
        """Learn a tokenizer and the labels; the tokenizer is the pretrained model's own where it starts from one."""
        tokenizer = self.start.tokenizer if self.start else None
        return data.TextFeatures.fit(examples, config, tokenizer)

    def build_model(self) -> TextModel:
        """Build the Transformer for this vocabulary and these labels."""
        return build(self.config_, self.features_)

    def prepare(self, model: nn.Module, examples: Examples, folder: Path | None, observer: Observer) -> nn.Module:
        """Copy pretrained weights, and learn words from the training texts where `pretrain.epochs` asks for it."""
        assert isinstance(model, TextModel)
        if self.init is not None:
            start(model, self.start)
        if self.config_.pretrain.epochs:
            device = pick_device(self.device)
            learn_words(model, examples, self.features_, self.config_, device, folder, observer, self.start)
        return model

    def pretrain(
        self, X: Any, *, input: str | None = None, out: str | Path, resume: bool = False, force: bool = False
    ) -> Path:
        """Learn words from texts alone; `TextClassifier(init=out)` starts from what is written to `out`."""
        config = self.resolve()
        config = replace(config, pretrain=replace(config.pretrain, epochs=config.pretrain.epochs or _EPOCHS))
        examples = replace(self._read_clean(X, input), labels=None)  # the names of folders may have been read as labels
        begin = self.start
        features = data.TextFeatures.of_texts(examples, config.features, begin.tokenizer if begin else None)
        run = WordRun(features=features, config=config, out=Path(out), device=pick_device(self.device), begin=begin)
        return run(examples, self._watcher(), resume=resume, force=force)

    def save_pretrained(self, folder: str | Path) -> Path:
        """Write the Transformer and its tokenizer as a folder that Hugging Face's transformers load; return it.

        The linear model and the calibration stay behind: what they add cannot be said there. Raises ArtifactError for a
        shape that no BERT, RoBERTa or DistilBERT has; start from one (`init`) with `model.pooling` "first".
        """
        self._check_fitted()
        if not isinstance(self.model_, TextModel):
            raise WrongModel(f"save_pretrained: {self.baseline_.name} is no Transformer; use save")
        labels, kind = self.features_.classes, kind_of(self.config_.model)
        names = list(map(str, labels.names)) if not isinstance(labels, Numbers) else None
        model, what = self.model_, "single_label_classification"
        if isinstance(labels, LabelSets):
            what = "multi_label_classification"
        elif isinstance(labels, Numbers):  # there the head itself gives the number
            model, what = deepcopy(model), "regression"
            with torch.no_grad():
                model.head.weight *= labels.deviation
                model.head.bias.mul_(labels.deviation).add_(labels.mean)
        save_pretrained(
            model, folder, kind=kind, tokenizer=self.features_.tokenizer, labels=names, problem_type=what
        )  # fmt: skip
        return Path(folder)

    def _read_clean(self, X: Any, input: str | None) -> Examples:
        """Read texts, leaving out rows without any."""
        examples = self._read(X, input=input, label=NO_LABEL)
        return examples.take(np.array([row for row in range(len(examples)) if row not in examples.errors], np.int64))
