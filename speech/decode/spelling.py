"""A beam over what the attention decoder spells, by itself or with CTC's word on each prefix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...core.nn import DecoderCache
from ..data import BOS, EOS
from ..data.vocabulary import FIRST
from .beam import Hypothesis
from .prefixes import Floats, Prefixes

if TYPE_CHECKING:
    from ..model import SpeechModel

_TRIED = 64
"""So many units are tried after a prefix, or four times the beam: those that the decoder finds most probable."""

# Shapes: B batch, T encoder steps, D width, V vocabulary, K prefixes of a recording, A prefixes of all recordings.


@dataclass(frozen=True, kw_only=True)
class SpellingConfig:
    """A beam of `beam` targets, of which the `nbest` best are wanted; the decoder has the share `attention`, CTC the
    rest. Scores are divided by ((5 + units) / 6) to the power of `length` (Wu et al., "Google's neural machine
    translation system", 2016): 0 leaves them as they are, and the larger, the longer are the transcripts.
    """

    beam: int = 8
    nbest: int = 1
    attention: float = 1.0
    length: float = 0.0


def beam_attention(
    model: SpeechModel,
    memory_BTD: Tensor,
    length_B: Tensor,
    config: SpellingConfig,
    scores: Sequence[Floats] | None = None,
) -> list[list[Hypothesis]]:
    """Return targets of each recording, the best first; none is longer than its encoder's steps.

    `scores` are CTC's logarithms of probabilities (T, V), which take part where the decoder's share is below 1
    (Watanabe et al., 2017: one-pass decoding). `ctc` of a hypothesis is what CTC gives it, or the decoder where it is
    alone.
    """
    device, sizes = memory_BTD.device, length_B.tolist()
    heard = scores if scores is not None and config.attention < 1 else [None] * len(sizes)
    beams = [_Beam(config, size, one) for size, one in zip(sizes, heard, strict=True)]
    cache = DecoderCache(model.config.decoder.num_layers)
    ids_A1, whose_A = torch.full((len(sizes), 1), BOS, device=device), torch.arange(len(sizes), device=device)
    while len(ids_A1):
        logits_AV = model.decode(ids_A1, memory_BTD[whose_A], length_B[whose_A], cache)[:, -1]
        log_probs_AV = logits_AV.double().log_softmax(-1).cpu().numpy()
        start, kept = 0, list[tuple[int, int, int]]()
        for row, beam in enumerate(beams):
            end = start + len(beam.ids)
            kept += [(start + parent, unit, row) for parent, unit in beam.step(log_probs_AV[start:end])]
            start = end
        parents_A, units_A, whose_A = torch.tensor(kept, dtype=torch.long, device=device).reshape(-1, 3).T
        cache.take(parents_A)
        ids_A1 = units_A[:, None]
    return [beam.found for beam in beams]


class _Beam:
    """The targets of one recording: `ids` that still grow, with the decoder's scores `heard_K`; and those `found`."""

    def __init__(self, config: SpellingConfig, most: int, log_probs_TV: Floats | None) -> None:
        self.config, self.most = config, most
        self.prefixes = None if log_probs_TV is None else Prefixes(log_probs_TV)
        self.ids: list[list[int]] = [[]]
        self.heard_K = np.zeros(1)
        self.found: list[Hypothesis] = []

    def step(self, log_probs_KV: Floats) -> list[tuple[int, int]]:
        """Let every target end and grow by a unit; return those that are kept, as (target before, unit)."""
        if not self.ids:
            return []
        config, size = self.config, len(self.ids[0])
        heard_KV = self.heard_K[:, None] + log_probs_KV
        self._end(heard_KV[:, EOS])
        if size == self.most:
            self.ids = []
            return []
        units_C = self._tried(heard_KV)
        heard_KC = heard_KV[:, units_C]
        score_KC = config.attention * heard_KC
        if self.prefixes is not None:
            score_KC = score_KC + (1 - config.attention) * self.prefixes.grown(units_C)
        # what has ended and what grows share the beam
        pool = np.append(self._scaled(score_KC, size + 1).ravel(), [one.score for one in self.found])
        order = np.argsort(-pool, kind="stable")[: config.beam]
        order = order[(order < score_KC.size) & (pool[order] > -np.inf)]
        if self._is_settled(float(score_KC.max())):
            order = order[:0]
        rows, columns = np.divmod(order, len(units_C))
        kept = list(zip(rows.tolist(), units_C[columns].tolist(), strict=True))
        self.ids, self.heard_K = [[*self.ids[row], unit] for row, unit in kept], heard_KC[rows, columns]
        if self.prefixes is not None and kept:
            self.prefixes.follow(rows.tolist(), units_C[columns].tolist())
        return kept

    def _end(self, heard_K: Floats) -> None:
        """Add the targets as they are, ended; keep the best."""
        ctc_K = heard_K if self.prefixes is None else self.prefixes.ended()
        score_K = self.config.attention * heard_K + (1 - self.config.attention) * ctc_K
        score_K = self._scaled(score_K, len(self.ids[0]) + 1)
        self.found += [
            Hypothesis(ids, float(ctc), float(score))
            for ids, ctc, score in zip(self.ids, ctc_K, score_K, strict=True)
            if score > -np.inf
        ]
        self.found = sorted(self.found, key=lambda one: -one.score)[: self.config.beam]

    def _tried(self, heard_KV: Floats) -> npt.NDArray[np.int64]:
        """Return the units that are tried: all, or those that the decoder finds most probable after some prefix."""
        most, best_U = max(_TRIED, 4 * self.config.beam), heard_KV[:, FIRST:].max(axis=0)
        if len(best_U) <= most:
            return FIRST + np.arange(len(best_U))
        return FIRST + np.sort(np.argpartition(-best_U, most)[:most])

    def _scaled(self, score: Floats, units: int) -> Floats:
        return np.asarray(score / ((5 + units) / 6) ** self.config.length)

    def _is_settled(self, best: float) -> bool:
        """Say whether no target that still grows can be among the best: what is added is never above 0."""
        if len(self.found) < self.config.nbest:
            return False
        return float(self._scaled(np.array(best), self.most + 1)) <= self.found[self.config.nbest - 1].score
