"""The classical models that the Transformer must beat: TF-IDF of words and characters, and a linear model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..core.batch import Examples
from ..core.config import from_dict
from ..core.errors import BadValue
from ..core.labels import Classes, LabelSets
from ..core.linear import LinearModel, Weights, fit_bayes, fit_logistic, fit_margins, fit_numbers, fit_sets
from ..core.parts import Classical
from ..core.training import Output
from ..core.tuning import Choice
from .data import TextFeatures, joined

_IDEOGRAPHS = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_TOKENS = rf"(?u)[{_IDEOGRAPHS}]|[^\W{_IDEOGRAPHS}]+|[^\w\s]"
"""Words, marks, and each Chinese or Japanese character by itself."""

_VOCABULARY, _FACTS = "baseline_vocabulary.json", "baseline_texts.json"

_LONG = 600
"""From so many characters a text on words alone are taken: n-grams of characters would cost minutes."""


_SHARED = {"classical.words": Choice((1, 2, 3)), "classical.characters": Choice((True, False))}
_STRENGTH = {"classical.strength": Choice((None, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0))}
_SMOOTHING = {"classical.smoothing": Choice((None, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0))}

CLASSICAL = {
    "svm": Classical("TF-IDF + SVM and naive Bayes", _STRENGTH | _SHARED),
    "logistic": Classical("TF-IDF + logistic regression", _STRENGTH | _SHARED),
    "bayes": Classical("TF-IDF + naive Bayes", _SMOOTHING | _SHARED),
}


@dataclass(frozen=True, kw_only=True)
class TextClassicalConfig:
    """Which classical model stands beside the Transformer, on n-grams of up to `words` words and, unless texts are
    long, of the `characters` within words.

    `strength` is the inverse penalty of "svm" and "logistic", `smoothing` what "bayes" adds to each sum; None: chosen
    on a fifth of the training rows. Several labels and numbers have one model, whatever is named.
    """

    model: Literal["svm", "logistic", "bayes"] = "svm"
    words: int = 2
    characters: bool = True
    strength: float | None = None
    smoothing: float | None = None

    def __post_init__(self) -> None:
        if self.words < 1:
            raise BadValue(f"classical.words ({self.words}) must be 1 or above")
        for name in ("strength", "smoothing"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise BadValue(f"classical.{name} ({value}) must be above 0, or none: chosen")


class TextBaseline:
    """N-grams of words and of the characters within words, sublinear TF-IDF, support vectors with naive Bayes, or
    another model that the settings name.

    Several labels take one logistic regression each, numbers ridge regression.
    """

    def __init__(self, config: TextClassicalConfig | None = None):
        self.config = config or TextClassicalConfig()

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "TF-IDF + linear model" if self.config.model == "svm" else CLASSICAL[self.config.model].label

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
        kinds = KINDS if self.config.characters and not long else ("words",)
        self.vectorizers_ = {name: _fitted(name, texts, common, self.config.words) for name in kinds}
        x = _stacked([vectorizer.transform(texts) for vectorizer in self.vectorizers_.values()])
        labels = features.classes
        if isinstance(labels, Classes):
            self.linear_ = self._classes(x, labels.encode(examples), labels.names, seed, examples.groups, weights)
        elif isinstance(labels, LabelSets):
            self.linear_ = fit_sets(x, labels.encode(examples), labels.names, seed, weights)
        else:
            self.linear_ = fit_numbers(x, labels.encode(examples), seed, examples.groups)
        return self

    def _classes(self, *rows: Any) -> LinearModel:
        if self.config.model == "bayes":
            return fit_bayes(*rows, smoothing=self.config.smoothing)
        fit = fit_margins if self.config.model == "svm" else fit_logistic
        return fit(*rows, strength=self.config.strength)

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
        (folder / _VOCABULARY).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        (folder / _FACTS).write_text(json.dumps(asdict(self.config)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TextBaseline:
        """Read what `save` wrote."""
        facts = folder / _FACTS  # which there was not, while there was one model only
        config = from_dict(TextClassicalConfig, json.loads(facts.read_text("utf-8"))) if facts.is_file() else None
        baseline = cls(config)
        baseline.linear_ = LinearModel.load(folder)
        kept = json.loads((folder / _VOCABULARY).read_text(encoding="utf-8"))
        baseline.vectorizers_ = {}
        for name, vocabulary in kept.items():
            terms = {term: n for n, term in enumerate(vocabulary["terms"])}
            vectorizer = _vectorizer(name, baseline.config.words, vocabulary=terms)
            vectorizer.idf_ = np.array(vocabulary["idf"], np.float32)
            baseline.vectorizers_[name] = vectorizer
        return baseline


KINDS: dict[str, dict[str, Any]] = {
    "words": {"token_pattern": _TOKENS, "max_features": 400_000},
    "characters": {"analyzer": "char_wb", "ngram_range": (2, 5), "max_features": 400_000},
}
"""The vectorisers' settings; the most frequent terms are kept."""


def _vectorizer(name: str, words: int, **settings: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    settings |= {"ngram_range": (1, words)} if name == "words" else {}
    return TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **KINDS[name], **settings)


def _fitted(name: str, texts: Sequence[str], common: int, words: int) -> Any:
    """Return a vectoriser of terms in `common` texts or more; of all terms where none is in so many."""
    try:
        return _vectorizer(name, words, min_df=common).fit(texts)
    except ValueError:  # no term is left
        return _vectorizer(name, words, min_df=1).fit(texts)


def _stacked(parts: Sequence[Any]) -> Any:
    from scipy.sparse import hstack

    return parts[0] if len(parts) == 1 else hstack(parts, format="csr")


def _kept(vectorizer: Any) -> dict[str, Any]:
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.get)
    return {"terms": terms, "idf": [float(value) for value in vectorizer.idf_]}
