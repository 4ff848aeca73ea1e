"""The classical model that the Transformer must beat: TF-IDF of words and characters, and a linear model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..core.batch import Examples
from ..core.labels import Classes, LabelSets
from ..core.linear import LinearModel, Weights, fit_margins, fit_numbers, fit_sets
from ..core.training import Output
from .data import TextFeatures, joined

_IDEOGRAPHS = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_TOKENS = rf"(?u)[{_IDEOGRAPHS}]|[^\W{_IDEOGRAPHS}]+|[^\w\s]"
"""Words, marks, and each Chinese or Japanese character by itself."""

_LONG = 600
"""From so many characters a text on words alone are taken: n-grams of characters would cost minutes."""


class TextBaseline:
    """N-grams of words and of the characters within words, sublinear TF-IDF, support vectors with naive Bayes.

    Several labels take one logistic regression each, numbers ridge regression.
    """

    name: ClassVar[str] = "TF-IDF + linear model"

    @property
    def parameters(self) -> int:
        """The number of weights."""
        return self.linear_.parameters

    def fit(self, examples: Examples, features: TextFeatures, seed: int = 0, weights: Weights = None) -> TextBaseline:
        """Fit on labelled texts; the columns of `outputs` follow the classes of `features`, and `weights` say what each
        label counts; numbers have none."""
        common = 2 if len(examples) >= 1000 else 1
        texts = joined(examples.inputs)
        long = np.mean([len(text) for text in texts]) > _LONG
        self.vectorizers_ = {name: _fitted(name, texts, common) for name in (("words",) if long else KINDS)}
        x = _stacked([vectorizer.transform(texts) for vectorizer in self.vectorizers_.values()])
        labels = features.classes
        if isinstance(labels, Classes):
            self.linear_ = fit_margins(x, labels.encode(examples), labels.names, seed, examples.groups, weights)
        elif isinstance(labels, LabelSets):
            self.linear_ = fit_sets(x, labels.encode(examples), labels.names, seed, weights)
        else:
            self.linear_ = fit_numbers(x, labels.encode(examples), seed, examples.groups)
        return self

    def outputs(self, examples: Examples) -> Output:
        """Return probabilities (N, classes), or numbers (N,)."""
        texts = joined(examples.inputs)
        x = _stacked([vectorizer.transform(texts) for vectorizer in self.vectorizers_.values()])
        found = self.linear_.probabilities(x)
        return found[:, 0] if self.linear_.link == "identity" else found

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors, the vocabularies and their idf as JSON."""
        self.linear_.save(folder)
        kept = {name: _kept(vectorizer) for name, vectorizer in self.vectorizers_.items()}
        (folder / "baseline_vocabulary.json").write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TextBaseline:
        """Read what `save` wrote."""
        baseline = cls()
        baseline.linear_ = LinearModel.load(folder)
        kept = json.loads((folder / "baseline_vocabulary.json").read_text(encoding="utf-8"))
        baseline.vectorizers_ = {}
        for name, vocabulary in kept.items():
            vectorizer = _vectorizer(name, vocabulary={term: n for n, term in enumerate(vocabulary["terms"])})
            vectorizer.idf_ = np.array(vocabulary["idf"], np.float32)
            baseline.vectorizers_[name] = vectorizer
        return baseline


KINDS: dict[str, dict[str, Any]] = {
    "words": {"token_pattern": _TOKENS, "ngram_range": (1, 2), "max_features": 400_000},
    "characters": {"analyzer": "char_wb", "ngram_range": (2, 5), "max_features": 400_000},
}
"""The vectorisers' settings; the most frequent terms are kept."""


def _vectorizer(name: str, **settings: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **KINDS[name], **settings)


def _fitted(name: str, texts: Sequence[str], common: int) -> Any:
    """Return a vectoriser of terms in `common` texts or more; of all terms where none is in so many."""
    try:
        return _vectorizer(name, min_df=common).fit(texts)
    except ValueError:  # no term is left
        return _vectorizer(name, min_df=1).fit(texts)


def _stacked(parts: Sequence[Any]) -> Any:
    from scipy.sparse import hstack

    return parts[0] if len(parts) == 1 else hstack(parts, format="csr")


def _kept(vectorizer: Any) -> dict[str, Any]:
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.get)
    return {"terms": terms, "idf": [float(value) for value in vectorizer.idf_]}
