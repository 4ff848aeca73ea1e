"""The two classical models together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ...core.batch import Examples
from ...core.errors import ArtifactError
from ...core.linear import LinearModel, fifth
from ...core.training import Output
from ..data import ClickFeatures, ClickSource
from .logistic import LOGISTIC, choose_strength, fit_logistic, one_hot
from .trees import TREES, Trees

MOST_ROWS = 300_000
_FACTS = "clicks.json"


class ClickBaseline:
    """Logistic regression on one-hot fields and gradient-boosted trees; the one with the least log loss on a fifth of
    the training rows speaks for both.

    They are fitted on at most 300,000 rows; `name` says so where there were more.
    """

    best: str = LOGISTIC
    fitted_on: str = ""

    @property
    def name(self) -> str:
        """What a person calls the better of the two."""
        return self.best + self.fitted_on

    @property
    def parameters(self) -> int:
        """The weights and nodes of both."""
        return self.linear_.parameters + self.trees_.parameters

    def fit(self, examples: Examples, features: ClickFeatures, seed: int = 0) -> ClickBaseline:
        """Fit on labelled examples, with the vocabularies and knots of `features`."""
        count = len(examples)
        if count > MOST_ROWS:
            rows = np.random.default_rng((seed, count)).choice(count, MOST_ROWS, replace=False)
            examples = examples.take(np.sort(rows))
            self.fitted_on = f" (fitted on {MOST_ROWS:,} of {count:,} rows)"
        self.features_, source = features, features.source(examples)
        kept, held_out = fifth(len(source), seed, None)
        strength = choose_strength(one_hot(source, features), source.labels.astype(np.int64), seed)
        if len(held_out) and len(np.unique(source.labels[kept])) == 2:
            self._fit(source.take(kept), seed, strength)
            chosen = source.take(held_out)
            losses = {name: _log_loss(said, chosen) for name, said in self._all(chosen, (LOGISTIC, TREES)).items()}
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
        facts = {"best": self.best, "fitted_on": self.fitted_on}
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
            baseline.best, baseline.fitted_on = facts["best"], facts["fitted_on"]
            if baseline.best not in (LOGISTIC, TREES):
                raise ValueError(f"no model '{baseline.best}'")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{path}: missing or damaged ({error}); save the baseline again") from None
        return baseline

    def _fit(self, source: ClickSource, seed: int, strength: float) -> None:
        self.linear_ = fit_logistic(source, self.features_, seed, strength)
        self.trees_ = Trees.fit(source, self.features_, seed)

    def _all(self, source: ClickSource, names: tuple[str, ...]) -> dict[str, Output]:
        found: dict[str, Output] = {}
        if LOGISTIC in names:
            found[LOGISTIC] = np.ascontiguousarray(self.linear_.probabilities(one_hot(source, self.features_))[:, -1])
        if TREES in names:
            found[TREES] = self.trees_.probabilities(source)
        return found


def _log_loss(said: Output, source: ClickSource) -> float:
    p = np.clip(np.asarray(said, np.float64), 1e-7, 1 - 1e-7)
    return -float(np.where(source.labels > 0, np.log(p), np.log1p(-p)).mean())
