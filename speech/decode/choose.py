"""The weights of CTC, decoder and language model, chosen on held-out recordings."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from ...core.batch import Batch
from ...core.metrics import word_errors
from .beam import Hypothesis, beam_search
from .config import DecodingConfig
from .fusion import Weights, fusion_of, language_scores
from .transcribe import ATTENTION, Transcriber, attention_scores, log_probs_of

if TYPE_CHECKING:
    from ..model import SpeechModel

_ALPHAS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.2)
_BETAS = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
_SHARES = (0.1, 0.3, 0.5, 0.7)
_SEARCHES = (0.0, 0.5, 1.0)
"""The language model's weights of the searches whose targets are scored anew by all others."""


class _Row(NamedTuple):
    """Targets of one recording: (N, 5) logarithms by CTC, decoder and language model, words, unknown ones; errors."""

    scores: npt.NDArray[np.float64]
    errors: npt.NDArray[np.int64]


def choose_weights(
    transcriber: Transcriber, model: SpeechModel, batches: Iterable[Batch], references: Sequence[str]
) -> DecodingConfig:
    """Return the settings with those weights, of the ones that are None, that make the fewest word errors.

    The targets of three searches are gathered once, and every weight on a grid scores them anew: so it costs three
    searches. Of equals the weights nearest to what is usual win.
    """
    rows = _gathered(transcriber, model, batches, references)
    config = transcriber.config
    shares = _SHARES if config.search == "joint" and config.attention is None else (_share(config),)
    alphas = _ALPHAS if config.alpha is None else (config.alpha,)
    betas = _BETAS if config.beta is None else (config.beta,)
    grid = itertools.product(shares, alphas, betas)
    usual = (ATTENTION, 0.3, 0.5)
    best = min(
        grid, key=lambda at: (_errors(rows, at, config), sum(abs(a - b) for a, b in zip(at, usual, strict=True)))
    )
    return replace(config, attention=best[0], alpha=best[1], beta=best[2])


def _share(config: DecodingConfig) -> float:
    """Return the decoder's share of a search whose share is given."""
    given = ATTENTION if config.attention is None else config.attention
    return given if config.search == "joint" else 0.0


def _errors(rows: Sequence[_Row], at: tuple[float, float, float], config: DecodingConfig) -> int:
    share, alpha, beta = at
    weights = np.array([1 - share, share, alpha, beta, config.unknown])
    return sum(int(row.errors[(row.scores @ weights).argmax()]) for row in rows)


@torch.no_grad()
def _gathered(
    transcriber: Transcriber, model: SpeechModel, batches: Iterable[Batch], references: Sequence[str]
) -> list[_Row]:
    assert transcriber.language is not None
    vocabulary, config, found = transcriber.vocabulary, transcriber.config, []
    fusions = [
        fusion_of(transcriber.language, vocabulary, Weights(alpha=alpha, beta=alpha, unknown=config.unknown))
        for alpha in _SEARCHES
    ]
    for batch, reference in zip(batches, references, strict=True):
        output = model(batch)
        (row_TV,) = log_probs_of(output)
        best: dict[tuple[int, ...], Hypothesis] = {}
        for fusion in fusions:
            for one in beam_search(row_TV, config.beam, fusion):
                kept = best.setdefault(tuple(one.ids), one)
                best[tuple(one.ids)] = max(kept, one, key=lambda one: one.ctc)
        targets = list(best.values())
        heard = attention_scores(model, output, [targets]) if config.search == "joint" else np.zeros(len(targets))
        said = language_scores(transcriber.language, vocabulary, [one.ids for one in targets])
        texts = [" ".join(vocabulary.decode(one.ids).split()) for one in targets]
        scores = np.column_stack([[one.ctc for one in targets], heard, said])
        errors = [edit.errors for edit in word_errors([reference] * len(texts), texts)]
        found.append(_Row(scores, np.array(errors)))
    return found
