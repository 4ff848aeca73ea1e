"""From a batch to transcripts, by the search that the settings name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from ...core.answering import finite
from ...core.batch import Batch, pad
from ..data import EOS, Vocabulary, steps_needed
from ..language import LanguageModel
from .align import words_of
from .attention import greedy_attention
from .beam import Hypothesis, beam_search
from .config import DecodingConfig
from .ctc import greedy_ctc
from .fusion import Fusion, Weights, fusion_of
from .spelling import SpellingConfig, beam_attention
from .transcript import Alternative, Transcript, Word

if TYPE_CHECKING:
    from ..model import SpeechModel, SpeechOutput

ALPHA, BETA, ATTENTION = 0.5, 1.0, 0.5
"""The weights where there are no held-out rows to choose them on."""

_ROWS = 256

# Shapes: B batch, N hypotheses, T encoder steps, V vocabulary, S target length.


@dataclass
class Transcriber:
    """Says what was said: `transcriber(model, batch)` gives a `Transcript` for each row.

    `step` is the length of an encoder's step in seconds. The confidence of a transcript is its share among those of the
    beam, by the scores of the search, times the probability that CTC gives to all of these; of a greedy search it is
    the probability over all of CTC's paths, and of the decoder alone the product over its units (with `length` shares).
    """

    vocabulary: Vocabulary
    config: DecodingConfig = field(default_factory=DecodingConfig)
    language: LanguageModel | None = None
    step: float = 0.04

    def __post_init__(self) -> None:
        self.fusion: Fusion | None = None
        if self.language is not None and self.config.search in ("joint", "beam"):
            self.fusion = fusion_of(self.language, self.vocabulary, weights_of(self.config))

    def __call__(
        self, model: SpeechModel, batch: Batch, beams: list[list[Hypothesis]] | None = None
    ) -> list[Transcript]:
        """Return the transcript of each row of `frames`, or of the encoder's `memory`, and `length`.

        `beams` are those of a beam search, where one was made while the steps came.
        """
        batch = Batch({name: batch[name] for name in ("frames", "memory", "length") if name in batch})
        if self.config.search in ("attention", "onepass"):
            return self._spelled(model, batch)
        output = model(batch)
        scores = log_probs_of(output)
        if self.config.search == "greedy":
            found, confidence_B = greedy_ctc(output.ctc, output.length)
            return self._plain(found, confidence_B, scores)
        if beams is None:
            beams = [beam_search(row_TV, self.config.beam, self.fusion) for row_TV in scores]
        heard: npt.NDArray[np.float64] = np.zeros(sum(map(len, beams)))
        weight = 0.0
        if self.config.search == "joint":
            weight = self._share
            heard = attention_scores(model, output, beams)
        transcripts, start = [], 0
        for beam, row_TV in zip(beams, scores, strict=True):
            found_N = np.array([(1 - weight) * one.ctc + (one.score - one.ctc) for one in beam])
            found_N += weight * heard[start : start + len(beam)]
            transcripts.append(self._best(beam, found_N, row_TV))
            start += len(beam)
        return transcripts

    def _spelled(self, model: SpeechModel, batch: Batch) -> list[Transcript]:
        memory_BTD, length_B = model.encode(batch)
        alone = self.config.search == "attention"
        scores: list[Any] = [None] * len(memory_BTD)
        if self.config.times or not alone:
            scores = log_probs_of(model(Batch({"memory": memory_BTD, "length": length_B})))
        if alone and self.config.beam == 1:
            found, confidence_B = greedy_attention(model, memory_BTD, length_B)
            return self._plain(found, confidence_B, scores)
        spelling = SpellingConfig(
            beam=self.config.beam,
            nbest=self.config.nbest,
            attention=1.0 if alone else self._share,
            length=self.config.length,
        )
        beams = beam_attention(model, memory_BTD, length_B, spelling, None if alone else scores)
        return [
            self._best(beam, np.array([one.score for one in beam]), row_TV)
            for beam, row_TV in zip(beams, scores, strict=True)
        ]

    @property
    def _share(self) -> float:
        """The decoder's share beside CTC."""
        return ATTENTION if self.config.attention is None else self.config.attention

    def _plain(self, found: list[list[int]], confidence_B: Tensor, scores: list[Any]) -> list[Transcript]:
        return [
            Transcript(self.text(ids), confidence, words=self._words(ids, row_TV))
            for ids, confidence, row_TV in zip(found, confidence_B.tolist(), scores, strict=True)
        ]

    def _best(
        self, beam: list[Hypothesis], score_N: npt.NDArray[np.float64], row_TV: npt.NDArray[np.float64]
    ) -> Transcript:
        """Return the best hypothesis as a transcript, and the others with their texts as its alternatives."""
        shares = np.exp(score_N - score_N.max())
        shares *= min(1.0, float(np.exp([one.ctc for one in beam]).sum())) / shares.sum()
        order = np.argsort(-score_N, kind="stable").tolist()
        texts: dict[str, list[int]] = {}
        for row in order:
            texts.setdefault(self.text(beam[row].ids), []).append(row)
        alternatives = [
            Alternative(text, float(shares[rows].sum()), float(score_N[rows[0]])) for text, rows in texts.items()
        ]
        best = beam[order[0]].ids
        kept = tuple(alternatives[: self.config.nbest]) if self.config.nbest > 1 else ()
        return Transcript(alternatives[0].text, alternatives[0].confidence, kept, self._words(best, row_TV))

    def text(self, ids: list[int]) -> str:
        """Return ids as a text."""
        return " ".join(self.vocabulary.decode(ids).split())

    def _words(self, ids: list[int], row_TV: npt.NDArray[np.float64]) -> tuple[Word, ...]:
        """Return the words with their times; none where the decoder says more than the recording has steps for."""
        target = np.array(ids, dtype=np.int64)
        if not self.config.times or steps_needed(target) > len(row_TV):
            return ()
        return words_of(row_TV, target, self.vocabulary, self.step)


def weights_of(config: DecodingConfig) -> Weights:
    """Return the weights of the language model."""
    alpha = ALPHA if config.alpha is None else config.alpha
    return Weights(alpha=alpha, beta=BETA if config.beta is None else config.beta, unknown=config.unknown)


def log_probs_of(output: SpeechOutput) -> list[npt.NDArray[np.float64]]:
    """Return CTC's logarithms of probabilities (T, V) of each row, without padding.

    Raises ArtifactError where they are no finite numbers.
    """
    log_probs_BTV = output.ctc.double().log_softmax(-1).cpu().numpy()
    rows = zip(log_probs_BTV, output.length.tolist(), strict=True)
    return [finite(row_TV[:length]) for row_TV, length in rows]


def attention_scores(
    model: SpeechModel, output: SpeechOutput, beams: list[list[Hypothesis]]
) -> npt.NDArray[np.float64]:
    """Return the logarithm of the probability that the decoder gives each hypothesis and its end, beam after beam.

    Attention rescoring, as in Watanabe et al., "Hybrid CTC/attention architecture for end-to-end speech recognition"
    (2017).
    """
    ids = [np.array(one.ids, dtype=np.int64) for beam in beams for one in beam]
    rows = torch.tensor([row for row, beam in enumerate(beams) for _ in beam], device=output.ctc.device)
    parts = [
        _attention_scores(model, output, ids[start : start + _ROWS], rows[start : start + _ROWS])
        for start in range(0, len(ids), _ROWS)
    ]
    return np.concatenate(parts)


def _attention_scores(
    model: SpeechModel, output: SpeechOutput, ids: list[npt.NDArray[np.int64]], rows: Tensor
) -> npt.NDArray[np.float64]:
    targets_NS, _ = (tensor.to(output.ctc.device) for tensor in pad(ids))
    expected_NS, _ = (tensor.to(output.ctc.device) for tensor in pad([np.append(row, EOS) for row in ids], value=-1))
    tensors = {"memory": output.memory[rows], "length": output.length[rows], "target": targets_NS}
    logits_NVS = model(Batch(tensors)).decoder.float().transpose(1, 2)
    losses_NS = F.cross_entropy(logits_NVS, expected_NS, ignore_index=-1, reduction="none")
    return np.asarray(-losses_NS.sum(1).double().cpu().numpy())
