"""How well LightGBM does on the folds of a case of the bench, beside scikit-learn's trees and ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...core.batch import Examples
from ...core.benchmark import Case, Split
from ...core.benchmark.peers import case_of
from ...core.benchmark.speed import OURS, Block, Contender, timed
from ...core.config import override
from ...core.metrics import RocAuc, value_of
from ..baselines.trees import TREES, Trees
from ..benchmark import CASES
from ..config import PRESETS
from ..data import ClickFeatures, ClickFeaturesConfig
from ..data.cells import parse_numbers
from ..pipeline import ClickPredictor

Scores = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Folds:
    """A case whose seeds are folds, of which each repeat takes the next."""

    case: Case
    threads: int


def load_folds(name: str, steps: int, threads: int) -> Folds:
    """Return a case such as "adult", whatever the steps.

    Raises ConfigError where there is none, DataError where its data are missing.
    """
    return Folds(case=case_of((case for case in CASES if not case.synthetic), name), threads=threads)


def learners(folds: Folds) -> list[Contender]:
    """Return LightGBM, scikit-learn's trees and ours, which has them beside it; a block is training and answering."""
    works = {"LightGBM": _lightgbm, TREES: _trees, OURS: _ours}
    return [Contender(name, lambda fold, work=work: _block(folds, fold, work)) for name, work in works.items()]  # type: ignore[misc]


def _block(folds: Folds, fold: int, work: Callable[[Split, int, int], Scores]) -> Block:
    split, said = folds.case.load(fold), []
    block = timed("", len(split.train), lambda: said.append(work(split, fold, folds.threads))).run(fold)
    labels = ClickFeatures.fit(split.train, ClickFeaturesConfig()).classes.encode(split.test)
    return replace(block, quality=value_of(RocAuc(labels, said[0])))


def _ours(split: Split, fold: int, threads: int) -> Scores:
    config = override(PRESETS["small"](), {"train": {"threads": threads}})
    model = ClickPredictor("small", config=config, seed=fold, device="cpu").fit(split.train, valid=split.valid)
    return model.predict(split.test)


def _trees(split: Split, fold: int, threads: int) -> Scores:
    features = ClickFeatures.fit(split.train, ClickFeaturesConfig())
    return Trees.fit(features.source(split.train), features, fold).probabilities(features.source(split.test))


def _lightgbm(split: Split, fold: int, threads: int) -> Scores:
    """Train on texts as categories and numbers as such, by its own settings but for the stop: a tenth of the training
    rows, chosen at random, says when."""
    import lightgbm

    features = ClickFeatures.fit(split.train, ClickFeaturesConfig())
    known = {name: pd.CategoricalDtype(split.train.inputs[name].dropna().unique()) for name in features.categorical}
    labels = features.classes.encode(split.train)
    held_out = np.random.default_rng(fold).random(len(labels)) < 0.1
    x = _table(split.train, features, known)
    model = lightgbm.LGBMClassifier(
        n_estimators=1000, learning_rate=0.05, random_state=fold, num_threads=threads, verbose=-1
    )
    stop = lightgbm.early_stopping(50, verbose=False)
    model.fit(x[~held_out], labels[~held_out], eval_X=x[held_out], eval_y=labels[held_out], callbacks=[stop])
    return np.asarray(model.predict_proba(_table(split.test, features, known)))[:, 1]


def _table(examples: Examples, features: ClickFeatures, known: dict[str, Any]) -> pd.DataFrame:
    """Return the fields as a table of categories and numbers."""
    columns = examples.inputs
    numbers = {name: parse_numbers(columns[name])[0] for name in features.names if name not in known}
    return pd.DataFrame({name: columns[name].astype(kind).array for name, kind in known.items()} | numbers)
