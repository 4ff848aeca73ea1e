"""The two classical models together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...core.artifact import Manifest, read_manifest, write_manifest
from ...core.batch import Examples
from ...core.errors import ArtifactError
from ...core.linear import LinearModel, fifth, some_rows
from ...core.training import Output
from ..data import ClickFeatures, ClickSource
from ..domain import DOMAIN
from .logistic import LOGISTIC, choose_strength, fit_logistic, one_hot
from .trees import TREES, Trees

MOST_ROWS = 300_000
NAMES = (LOGISTIC, TREES)
_FACTS, _CONVERSION = "clicks.json", "conversion"


class ClickBaseline:
    """Logistic regression on one-hot fields and gradient-boosted trees; the one with the least log loss on a fifth of
    the training rows speaks for both.

    They are fitted on at most 300,000 rows; `name` says so where there were more. Clicks with a conversion have models
    of their own, `conversion_`, and the same of the two speaks for them.
    """

    names = NAMES
    best: str = LOGISTIC
    fitted_on: str = ""
    conversion_: ClickBaseline | None = None

    @property
    def name(self) -> str:
        """What a person calls the better of the two."""
        return self.best + self.fitted_on

    @property
    def parameters(self) -> int:
        """The weights and nodes of both."""
        of_conversions = self.conversion_.parameters if self.conversion_ else 0
        return self.linear_.parameters + self.trees_.parameters + of_conversions

    def fit(self, examples: Examples, features: ClickFeatures, seed: int = 0) -> ClickBaseline:
        """Fit on labelled examples, with the vocabularies and knots of `features`."""
        examples, _, self.fitted_on = some_rows(examples, MOST_ROWS, seed)
        source = features.source(examples)
        if source.outputs == 1:
            return self._learn(source, features, seed)
        self._learn(source.only(0), features, seed)
        self.conversion_ = ClickBaseline()
        self.conversion_.features_ = features
        both = source.only(1)
        self.conversion_._fit(both, seed, choose_strength(one_hot(both, features), _targets(both), seed))
        return self

    def _learn(self, source: ClickSource, features: ClickFeatures, seed: int) -> ClickBaseline:
        """Fit both on rows of one label, and choose the better."""
        self.features_ = features
        kept, held_out = fifth(len(source), seed, None)
        strength = choose_strength(one_hot(source, features), _targets(source), seed)
        if len(held_out) and len(np.unique(source.labels[kept])) == 2:
            self._fit(source.take(kept), seed, strength)
            chosen = source.take(held_out)
            losses = {name: _log_loss(said, chosen) for name, said in self._one(chosen, NAMES).items()}
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
        self.linear_.save(folder)
        self.trees_.save(folder)
        self.features_.save(folder)
        if self.conversion_:
            (folder / _CONVERSION).mkdir(exist_ok=True)
            self.conversion_.save(folder / _CONVERSION)
            write_manifest(folder / _CONVERSION, Manifest(domain=DOMAIN.name, kind="linear", config={}))
        facts = {"best": self.best, "fitted_on": self.fitted_on, "conversion": self.conversion_ is not None}
        (folder / _FACTS).write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ClickBaseline:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        baseline = cls()
        baseline.linear_, baseline.trees_ = LinearModel.load(folder), Trees.load(folder)
        baseline.features_ = ClickFeatures.load(folder)
        path = folder / _FACTS
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            baseline.best, baseline.fitted_on, conversion = facts["best"], facts["fitted_on"], facts["conversion"]
            if baseline.best not in NAMES:
                raise ValueError(f"no model '{baseline.best}'")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{path}: missing or damaged ({error}); save the baseline again") from None
        if conversion:
            read_manifest(folder / _CONVERSION)
            baseline.conversion_ = ClickBaseline.load(folder / _CONVERSION)
        return baseline

    def _fit(self, source: ClickSource, seed: int, strength: float) -> None:
        self.linear_ = fit_logistic(source, self.features_, seed, strength)
        self.trees_ = Trees.fit(source, self.features_, seed)

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
