"""The two classical models together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from ...core.artifact import Manifest, read_manifest, write_manifest
from ...core.batch import Examples
from ...core.errors import BadValue, Damaged
from ...core.linear import LinearModel, fifth, some_rows
from ...core.parts import Classical
from ...core.training import Output
from ...core.tuning import Choice, IntRange, LogUniform
from ..data import ClickFeatures, ClickSource
from ..domain import DOMAIN
from .logistic import LOGISTIC, choose_strength, fit_logistic, one_hot
from .trees import TREES, Trees

MOST_ROWS = 300_000
NAMES = (LOGISTIC, TREES)
_FACTS, _CONVERSION = "clicks.json", "conversion"

CLASSICAL = {
    "logistic": Classical(LOGISTIC, {"classical.strength": Choice((None, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0))}),
    "trees": Classical(TREES, {"classical.lr": LogUniform(0.01, 0.3), "classical.leaves": IntRange(7, 127)}),
}


@dataclass(frozen=True, kw_only=True)
class ClickClassicalConfig:
    """Which classical model stands beside the Transformer: "best" is the better of the two.

    `strength` is the inverse penalty of "logistic"; None: chosen on a fifth of the training rows. "trees" learn at the
    rate `lr`, and have up to so many `leaves` each.
    """

    model: Literal["best", "logistic", "trees"] = "best"
    strength: float | None = None
    lr: float = 0.06
    leaves: int = 31

    def __post_init__(self) -> None:
        if self.strength is not None and self.strength <= 0:
            raise BadValue(f"classical.strength ({self.strength}) must be above 0, or none: chosen")
        if self.lr <= 0:
            raise BadValue(f"classical.lr ({self.lr}) must be above 0")
        if self.leaves < 2:
            raise BadValue(f"classical.leaves ({self.leaves}) must be 2 or above")

    @property
    def names(self) -> tuple[str, ...]:
        """The models that are fitted."""
        return NAMES if self.model == "best" else (CLASSICAL[self.model].label,)


class ClickBaseline:
    """Logistic regression on one-hot fields and gradient-boosted trees; the one with the least log loss on a fifth of
    the training rows speaks for both.

    They are fitted on at most 300,000 rows; `name` says so where there were more. Clicks with a conversion have models
    of their own, `conversion_`, and the same of the two speaks for them.
    """

    names: tuple[str, ...] = NAMES
    fitted_on: str = ""
    conversion_: ClickBaseline | None = None

    def __init__(self, config: ClickClassicalConfig | None = None):
        self.config = config or ClickClassicalConfig()
        self.names = self.config.names
        self.best = self.names[0]

    @property
    def name(self) -> str:
        """What a person calls the better of the two."""
        return self.best + self.fitted_on

    @property
    def parameters(self) -> int:
        """The weights and nodes of both."""
        count = self.conversion_.parameters if self.conversion_ else 0
        count += self.linear_.parameters if LOGISTIC in self.names else 0
        return count + (self.trees_.parameters if TREES in self.names else 0)

    def fit(self, examples: Examples, features: ClickFeatures, seed: int = 0) -> ClickBaseline:
        """Fit on labelled examples, with the vocabularies and knots of `features`."""
        examples, _, self.fitted_on = some_rows(examples, MOST_ROWS, seed)
        source = features.source(examples)
        if source.outputs == 1:
            return self._learn(source, features, seed)
        self._learn(source.only(0), features, seed)
        self.conversion_ = ClickBaseline(self.config)
        self.conversion_.features_ = features
        both = source.only(1)
        self.conversion_._fit(both, seed, self.conversion_._strength(both, seed))
        return self

    def _learn(self, source: ClickSource, features: ClickFeatures, seed: int) -> ClickBaseline:
        """Fit both on rows of one label, and choose the better."""
        self.features_ = features
        kept, held_out = fifth(len(source), seed, None)
        strength = self._strength(source, seed)
        if len(self.names) > 1 and len(held_out) and len(np.unique(source.labels[kept])) == 2:
            self._fit(source.take(kept), seed, strength)
            chosen = source.take(held_out)
            losses = {name: _log_loss(said, chosen) for name, said in self._one(chosen, self.names).items()}
            self.best = min(losses, key=losses.__getitem__)
        self._fit(source, seed, strength)
        return self

    def outputs(self, examples: Examples) -> Output:
        """Return the probability (N,) of a click that the better one says."""
        return self.all_outputs(examples, (self.best,))[self.best]

    def all_outputs(self, examples: Examples, names: tuple[str, ...]) -> dict[str, Output]:
        """Return what each of them says."""
        return self._all(self.features_.source(examples), names)

    def save(self, folder: Path) -> None:
        """Write weights and trees as safetensors, the fields and which is the better as JSON."""
        if LOGISTIC in self.names:
            self.linear_.save(folder)
        if TREES in self.names:
            self.trees_.save(folder)
        self.features_.save(folder)
        if self.conversion_:
            (folder / _CONVERSION).mkdir(exist_ok=True)
            self.conversion_.save(folder / _CONVERSION)
            write_manifest(folder / _CONVERSION, Manifest(domain=DOMAIN.name, kind="linear", config={}))
        facts = {"best": self.best, "names": self.names, "fitted_on": self.fitted_on}
        whole = facts | {"conversion": self.conversion_ is not None}
        (folder / _FACTS).write_text(json.dumps(whole), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ClickBaseline:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        baseline = cls()
        baseline.features_ = ClickFeatures.load(folder)
        path = folder / _FACTS
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            baseline.best, baseline.fitted_on, conversion = facts["best"], facts["fitted_on"], facts["conversion"]
            baseline.names = tuple(facts.get("names", NAMES))  # it was always both
            if not {baseline.best} <= set(baseline.names) <= set(NAMES):
                raise ValueError(f"no model '{baseline.best}'")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{path}: missing or damaged ({error}); save the baseline again") from None
        if LOGISTIC in baseline.names:
            baseline.linear_ = LinearModel.load(folder)
        if TREES in baseline.names:
            baseline.trees_ = Trees.load(folder)
        if conversion:
            read_manifest(folder / _CONVERSION)
            baseline.conversion_ = ClickBaseline.load(folder / _CONVERSION)
        return baseline

    def _fit(self, source: ClickSource, seed: int, strength: float) -> None:
        if LOGISTIC in self.names:
            self.linear_ = fit_logistic(source, self.features_, seed, strength)
        if TREES in self.names:
            self.trees_ = Trees.fit(source, self.features_, seed, lr=self.config.lr, leaves=self.config.leaves)

    def _strength(self, source: ClickSource, seed: int) -> float:
        """Return the strength that is given, or chosen; 1 where nothing takes it."""
        if self.config.strength is not None or LOGISTIC not in self.names:
            return self.config.strength or 1.0
        return choose_strength(one_hot(source, self.features_), _targets(source), seed)

    def _all(self, source: ClickSource, names: tuple[str, ...]) -> dict[str, Output]:
        """Return what each says: (N,), or (N, 2) with conversions."""
        found = self._one(source, names)
        if self.conversion_ is None:
            return found
        both = self.conversion_._one(source, names)
        return {name: np.stack([np.asarray(found[name]), np.asarray(both[name])], axis=1) for name in names}

    def _one(self, source: ClickSource, names: tuple[str, ...]) -> dict[str, Output]:
        found: dict[str, Output] = {}
        if LOGISTIC in names:
            found[LOGISTIC] = np.ascontiguousarray(self.linear_.probabilities(one_hot(source, self.features_))[:, -1])
        if TREES in names:
            found[TREES] = self.trees_.probabilities(source)
        return found


def _targets(source: ClickSource) -> npt.NDArray[np.int64]:
    return source.labels.astype(np.int64)


def _log_loss(said: Output, source: ClickSource) -> float:
    p = np.clip(np.asarray(said, np.float64), 1e-7, 1 - 1e-7)
    return -float(np.where(source.labels > 0, np.log(p), np.log1p(-p)).mean())
