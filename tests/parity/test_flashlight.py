"""The beam beside flashlight's lexicon-free decoder (Kahn et al., "Flashlight", 2022), where that is installed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from fourfold.speech.decode import beam_search, collapse

flashlight = pytest.importorskip("flashlight.lib.text.decoder", reason="flashlight-text is not installed")


def log_probs(seed: int, steps: int, width: int) -> npt.NDArray[np.float64]:
    logits = 2.0 * np.random.default_rng(seed).standard_normal((steps, width))
    return np.asarray(logits - np.log(np.exp(logits).sum(1, keepdims=True)))


def theirs(scores: npt.NDArray[np.float64], beam: int) -> dict[tuple[int, ...], float]:
    """Return flashlight's targets with the logarithms of their probabilities.

    It keeps the paths of a target that end in a blank apart from those that end in its last id.
    """
    steps, width = scores.shape
    options = flashlight.LexiconFreeDecoderOptions(
        beam_size=beam, beam_size_token=width, beam_threshold=1e9, lm_weight=0.0, sil_score=0.0, log_add=True,
        criterion_type=flashlight.CriterionType.CTC,
    )  # fmt: skip
    decoder = flashlight.LexiconFreeDecoder(options, flashlight.ZeroLM(), -1, 0, [])
    emissions = np.ascontiguousarray(scores, dtype=np.float32)
    found: dict[tuple[int, ...], float] = {}
    for one in decoder.decode(emissions.ctypes.data, steps, width):
        ids = tuple(collapse(list(one.tokens)[1:-1]))  # without the start and the end, which stand for no step
        found[ids] = float(np.logaddexp(found.get(ids, -np.inf), one.score))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_a_wide_beam_finds_its_targets_with_their_scores(seed: int) -> None:
    scores = log_probs(seed, 6, 5)
    ours, other = beam_search(scores, 4000, least=0.0), theirs(scores, 8000)
    assert {tuple(one.ids) for one in ours} == other.keys()
    assert [one.ctc for one in ours] == pytest.approx([other[tuple(one.ids)] for one in ours], abs=1e-3)
    assert tuple(ours[0].ids) == max(other, key=lambda ids: other[ids])
