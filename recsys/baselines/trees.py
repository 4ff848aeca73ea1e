"""Gradient-boosted trees over the fields, by scikit-learn, kept without pickle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...core.errors import Damaged, NoSuchModel
from ..data import ClickFeatures, ClickSource

# Shapes: N rows, F fields, T trees, M nodes of all trees.

TREES = "gradient-boosted trees"
_FILE = "trees.safetensors"
_MOST_CATEGORIES = 255
"""What scikit-learn's trees tell apart; a field with more is taken as numbers, the frequent values first."""

_ENOUGH = 100
"""Rows of either label from which on a tenth of them can say when to stop."""

_LINKS = ("feature_idx", "left", "right", "bitset_idx")
_NODES = ("value", "num_threshold", "missing_go_to_left", "is_leaf", "is_categorical", *_LINKS)
"""What an answer needs of a node, by scikit-learn's names; the last lead to other places."""

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Trees:
    """Histogram-based gradient boosting (Ke et al., "LightGBM", 2017): `HistGradientBoostingClassifier` with its early
    stopping, as the arrays that its answers need.

    `arrays` holds the nodes of all trees one after the other, the node where each tree begins, the sets of categories
    that go left, and what each column of the trees is: the fields in their order, and the categories of the first of
    them by id.
    """

    arrays: Arrays

    @classmethod
    def fit(
        cls, source: ClickSource, features: ClickFeatures, seed: int, *, lr: float = 0.06, leaves: int = 31
    ) -> Trees:
        """Fit on labelled rows."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        names, clicks = len(features.sizes) - len(features.bins), source.labels > 0
        few = np.array([field < names and size <= _MOST_CATEGORIES for field, size in enumerate(features.sizes)])
        columns = {"fields": np.argsort(~few, kind="stable"), "categories": _categories(source, np.flatnonzero(few))}
        categorical = np.arange(len(few)) < few.sum()
        enough = min(clicks.sum(), len(clicks) - clicks.sum()) >= _ENOUGH
        model = HistGradientBoostingClassifier(
            categorical_features=categorical, learning_rate=lr, max_iter=500 if enough else 50, early_stopping=enough,
            max_leaf_nodes=leaves, validation_fraction=0.1, n_iter_no_change=20, random_state=seed,
        )  # fmt: skip
        return cls(columns | _arrays(model.fit(matrix(source, columns), clicks)))

    @property
    def parameters(self) -> int:
        """The number of nodes."""
        return len(self.arrays["value"])

    def probabilities(self, source: ClickSource) -> npt.NDArray[np.float32]:
        """Return the probability of a click (N,)."""
        x, scores = matrix(source, self.arrays), np.full(len(source), float(self.arrays["baseline"][0]))
        for predictor in self._predictors():
            scores += predictor.predict(
                x, self.arrays["known_categories"], self.arrays["categorical_index"], n_threads=torch.get_num_threads()
            )
        return np.asarray(1 / (1 + np.exp(-scores)), np.float32)

    def save(self, folder: Path) -> None:
        """Write the arrays as safetensors."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: np.ascontiguousarray(array) for name, array in self.arrays.items()}, folder / _FILE)

    @classmethod
    def load(cls, folder: Path) -> Trees:
        """Read what `save` wrote; raises ArtifactError where it is missing or damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = folder / _FILE
        try:
            return cls(_checked(load_file(path)))
        except FileNotFoundError:
            raise NoSuchModel(f"{path}: no such file; save the baseline again") from None
        except (SafetensorError, ValueError, KeyError, IndexError) as error:
            raise Damaged(f"{path}: damaged trees ({error}); save the baseline again") from None

    def _predictors(self) -> list[Any]:
        """Return scikit-learn's own trees."""
        from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
        from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

        nodes = np.zeros(len(self.arrays["value"]), PREDICTOR_RECORD_DTYPE)
        for name in _NODES:
            nodes[name] = self.arrays[name]
        sets = self.arrays["left_categories"]
        return [TreePredictor(tree, sets, sets) for tree in np.split(nodes, self.arrays["starts"][1:])]


def matrix(source: ClickSource, columns: Arrays) -> npt.NDArray[np.float64]:
    """Return categories and numbers (N, F) in the order of the trees' columns, NaN where one is missing or unknown.

    Fields of many names are taken as the numbers of their ids.
    """
    names = source.ids.shape[1] - source.position.shape[1]
    x = source.ids.astype(np.float64)
    x[:, names:] = np.where(source.ids[:, names:] == 0, np.nan, source.position)
    x = x[:, columns["fields"]]
    for column, numbers in enumerate(columns["categories"]):
        x[:, column] = numbers[x[:, column].astype(np.int64)]
    return x


def _categories(source: ClickSource, fields: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the number (fields, ids) of each category among those of the training rows, NaN where it has none.

    Scikit-learn numbers them once more, and finds them numbered so.
    """
    found = np.full((len(fields), _MOST_CATEGORIES), np.nan)
    for row, field in zip(found, fields, strict=True):
        seen = np.unique(source.ids[:, field])
        row[seen] = np.arange(len(seen))
    return found


def _arrays(model: Any) -> Arrays:
    """Take scikit-learn's trees apart."""
    predictors = [predictor for (predictor,) in model._predictors]
    known, index = model._bin_mapper.make_known_categories_bitsets()
    nodes = np.concatenate([predictor.nodes for predictor in predictors])
    sets = [predictor.raw_left_cat_bitsets for predictor in predictors]
    sizes, counts = [len(predictor.nodes) for predictor in predictors], [len(one) for one in sets]
    found: Arrays = {name: nodes[name].copy() for name in _NODES}
    found["bitset_idx"] += np.repeat(np.cumsum([0, *counts[:-1]]), sizes).astype(np.uint32)
    found["starts"] = np.cumsum([0, *sizes[:-1]])
    found["left_categories"] = np.concatenate(sets)
    found |= {"known_categories": known, "categorical_index": index}
    found["baseline"] = np.asarray(model._baseline_prediction, np.float64).ravel()
    return found


def _checked(arrays: Arrays) -> Arrays:
    """Return arrays whose links stay inside, which compiled code follows without looking; ValueError where not."""
    starts, total = arrays["starts"], len(arrays["value"])
    sizes = np.diff(np.r_[starts, total])
    if len(starts) == 0 or starts[0] != 0 or (sizes < 1).any() or any(len(arrays[name]) != total for name in _NODES):
        raise ValueError("the trees overlap")
    own, inner = np.repeat(sizes, sizes), arrays["is_leaf"] == 0
    place = np.arange(total) - np.repeat(starts, sizes)
    for name in ("left", "right"):
        if not ((arrays[name] > place) & (arrays[name] < own))[inner].all():
            raise ValueError("a branch leads out of its tree")
    splits = inner & (arrays["is_categorical"] != 0)
    if (arrays["bitset_idx"][splits] >= len(arrays["left_categories"])).any():
        raise ValueError("a branch has no categories")
    fields = len(arrays["categorical_index"])
    if ((arrays["feature_idx"] < 0) | (arrays["feature_idx"] >= fields))[inner].any():
        raise ValueError("a branch asks for no field")
    indexed = arrays["categorical_index"][arrays["feature_idx"][splits]]
    if (indexed >= len(arrays["known_categories"])).any():
        raise ValueError("a branch asks for no category")
    if not np.array_equal(np.sort(arrays["fields"]), np.arange(fields)) or len(arrays["categories"]) > fields:
        raise ValueError("the columns are no fields")
    for name in ("left_categories", "known_categories"):
        if arrays[name].ndim != 2 or arrays[name].shape[1] != 8 or arrays[name].dtype != np.uint32:
            raise ValueError("sets of categories have another form")
    return arrays
