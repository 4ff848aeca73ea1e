"""The classical model that the Transformer must beat: TF-IDF and logistic regression."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..core.batch import Examples
from ..core.linear import LinearModel
from ..core.training import Output
from .data import TextFeatures, joined


class TextBaseline:
    """Words and word pairs, sublinear TF-IDF, logistic regression: what scikit-learn's users would ship."""

    name = "TF-IDF + logistic regression"

    def fit(self, examples: Examples, features: TextFeatures, seed: int = 0) -> TextBaseline:
        """Fit on labelled texts; the columns of `outputs` follow the classes of `features`."""
        self.vectorizer_ = _vectorizer(min_df=2 if len(examples) >= 1000 else 1)
        x = self.vectorizer_.fit_transform(joined(examples.inputs))
        labels = features.classes.encode(examples)
        self.linear_ = LinearModel.fit(x, labels, seed=seed, strength=10.0, standardise=False)
        return self

    def outputs(self, examples: Examples) -> Output:
        """Return probabilities (N, classes)."""
        return self.linear_.probabilities(self.vectorizer_.transform(joined(examples.inputs)))

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors, the vocabulary and its idf as JSON."""
        self.linear_.save(folder)
        words = sorted(self.vectorizer_.vocabulary_, key=self.vectorizer_.vocabulary_.get)
        vocabulary = {"words": words, "idf": [round(float(value), 8) for value in self.vectorizer_.idf_]}
        (folder / "baseline_vocabulary.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TextBaseline:
        """Read what `save` wrote."""
        baseline = cls()
        baseline.linear_ = LinearModel.load(folder)
        vocabulary = json.loads((folder / "baseline_vocabulary.json").read_text(encoding="utf-8"))
        baseline.vectorizer_ = _vectorizer(vocabulary={word: n for n, word in enumerate(vocabulary["words"])})
        baseline.vectorizer_.idf_ = np.array(vocabulary["idf"])
        return baseline


def _vectorizer(**settings: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"(?u)\w+|[^\w\s]", **settings)
