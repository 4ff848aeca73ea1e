"""`ImageClassifier`: from images to labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from ..core.batch import Examples
from ..core.classifier import Classifier
from ..core.device import pick_device
from ..core.errors import SettingsConflict, WrongModel
from ..core.labels import Numbers
from ..core.pipeline import LINEAR
from ..core.report import Evaluation, Picture
from ..core.training import Observer, Output
from ..core.tuning import Space
from . import data
from .attention import attention_maps, overlaid
from .baselines import CLASSICAL, ImageBaseline
from .config import PRESETS, SPACE, ImageConfig
from .domain import DOMAIN
from .model import ViT
from .model.backbone import Backbone, check_name
from .pretrained import Kind, save_pretrained
from .start import Start, adopt, begin_with, build, read_start

_LOOKED_AT = 8


class ImageClassifier(Classifier):
    """Puts images into classes with a ViT trained on your data, beside the best of three classical models.

    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> model = ImageClassifier(preset="linear").fit(digits.images[:500], digits.target[:500])
    >>> bool(model.score(digits.images[500:], digits.target[500:]) > 0.8)
    True
    """

    domain = DOMAIN.name
    input = DOMAIN.input
    label = DOMAIN.label
    presets = PRESETS
    space = SPACE
    classical = CLASSICAL
    features_type = data.ImageFeatures
    baseline_type = ImageBaseline

    def read(self, data_: Any, labels: Any = None, *, input: str | None = None, label: str | None = None) -> Examples:
        """Read images from a folder, a table of paths, files or arrays."""
        size = self.features_.size if hasattr(self, "features_") else self.resolve().features.size
        return data.read(data_, labels, input=input, label=label, size=data.kept_size(size))

    def check_settings(self, held_out: Examples | None) -> None:
        """Refuse a backbone that timm does not have, and sizes that the model cannot cut into tokens."""
        super().check_settings(held_out)
        if self.config_.backbone:
            check_name(self.config_.backbone)
            if size := self.config_.features.augment.small_size:
                raise SettingsConflict(
                    f"features.augment.small_size ({size}): a backbone sees images of one size; set it to 0"
                )
        elif self.kind != LINEAR:
            self.config_.model_for(self.features_)

    def parts_of(self, data_: Any) -> dict[str, Any]:
        """Return the folders train, val and test of a folder or archive that is divided so."""
        return data.divided(data_) or super().parts_of(data_)

    def examine(self, examples: Examples, test: Examples | None = None) -> dict[str, Any]:
        """Add sizes, images that look alike, conflicting labels, rare classes, and what the test shares."""
        return data.examine(examples, test, super().examine(examples, test))

    @property
    def tolerance(self) -> float:
        """The share of images that may be left out because they cannot be read."""
        features = (self.config_ if hasattr(self, "config_") else self.resolve()).features
        return float(features.unreadable)

    def group(self, examples: Examples) -> npt.NDArray[np.int64] | None:
        """Keep images that look the same on one side of the split."""
        return data.look_alikes(data.as_table(examples))

    def read_inputs(self, inputs: list[str]) -> Examples:
        """Read what a person wrote: files, folders, patterns such as `pets/*.jpg`, `file://` URLs."""
        return self.read(data.expanded(inputs))

    def deep_outputs(self, examples: Examples) -> Output:
        """Return what the Transformer says, the mean over all views (`test_flips`, `test_shift`)."""
        source, views = self.features_.source(examples), self.config_.views(self.features_.flip)
        said = [np.asarray(self.says(source.seen(view))) for view in views]
        return said[0] if len(said) == 1 else np.asarray(sum(said) / len(said), np.float32)

    def describe(self, outputs: Output, examples: Examples, evaluation: Evaluation) -> Evaluation:
        """Add the images of the worst mistakes, and what a Transformer looks at on a few."""
        seen = replace(examples, inputs=self.features_.pixels(examples))
        found = super().describe(outputs, seen, evaluation)
        if not isinstance(self.model_, ViT):
            return found
        rows = np.arange(len(seen))[:: max(1, len(seen) // _LOOKED_AT)][:_LOOKED_AT]
        few = seen.take(rows)
        source = self.features_.source(replace(few, labels=None))
        batch = source.batch(np.arange(len(few)))
        maps = attention_maps(self.model_.eval(), batch.to(pick_device(self.device)))
        answers = self.answers(np.asarray(outputs)[rows])
        pictures = tuple(
            Picture(
                image=data.data_uri(overlaid(source.middle(few.inputs[row : row + 1])[0], maps[row])),
                caption=f"{few.place(row)}: {answers[row].label}",
            )
            for row in range(len(few))
        )
        return replace(found, pictures=pictures)

    def read_start(self, init: str) -> Start:
        """Read a folder of timm's, Hugging Face's or ours, or a name on the hub."""
        return read_start(init)

    def adopt(self, config: ImageConfig, start: Start) -> ImageConfig:
        """Return `config` in the shape of a pretrained model."""
        return adopt(config, start)

    @property
    def search_space(self) -> Space:
        """What `tune` may change: nothing of the shape of a pretrained model, or of one of timm's."""
        fixed = self.init is not None or self.resolve().backbone
        return {name: one for name, one in self.space.items() if not (fixed and name.startswith("model."))}

    def learn_features(self, examples: Examples, config: data.ImageFeaturesConfig) -> data.ImageFeatures:
        """Learn the labels, and what images look like where no pretrained model knows it."""
        moments = self.start.moments if self.start else None
        return data.ImageFeatures.fit(examples, config, moments)

    def build_model(self) -> nn.Module:
        """Build the ViT, or timm's model, for these images and labels."""
        return build(self.config_, self.features_)

    def prepare(self, model: nn.Module, examples: Examples, folder: Path | None, observer: Observer) -> nn.Module:
        """Copy pretrained weights, and fit a head to them."""
        if self.init is not None:
            assert isinstance(model, (ViT, Backbone))
            begin_with(model, self.start)
            self.fit_heads(model, model.heads, examples, folder, observer)
        return model

    def save_pretrained(self, folder: str | Path, kind: Kind = "timm") -> Path:
        """Write the Transformer as a folder that timm ("timm") or Hugging Face's transformers ("vit", "deit") load.

        The classical models and the calibration stay behind. Raises ArtifactError for a shape that they do not have.
        """
        self._check_fitted()
        if not isinstance(self.model_, ViT):
            what = self.config_.backbone if self.model_ is not None else self.baseline_.name
            raise WrongModel(f"save_pretrained: {what} is no Transformer of ours; use save")
        labels, features = self.features_.classes, self.features_
        names = None if isinstance(labels, Numbers) else list(map(str, labels.names))
        save_pretrained(self.model_, folder, kind=kind, moments=(features.mean, features.std), labels=names)
        return Path(folder)
