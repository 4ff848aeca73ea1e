"""The beam over the attention decoder against a plain one, and CTC's prefixes against a sum over all paths."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from fourfold.core.batch import Batch
from fourfold.core.nn import TransformerConfig
from fourfold.speech.data import BLANK, BOS, EOS
from fourfold.speech.decode import Prefixes, SpellingConfig, beam_attention, collapse, greedy_attention, log_probs_of
from fourfold.speech.model import SpeechModel, SpeechModelConfig

Scores = npt.NDArray[np.float64]


def log_probs(seed: int, steps: int, width: int) -> Scores:
    logits = 2 * np.random.default_rng(seed).standard_normal((steps, width))
    return np.asarray(logits - np.log(np.exp(logits).sum(1, keepdims=True)))


def all_targets(scores: Scores) -> dict[tuple[int, ...], float]:
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        target = tuple(collapse(list(path)))
        chance = math.exp(sum(scores[step, number] for step, number in enumerate(path)))
        found[target] = found.get(target, 0.0) + chance
    return found


@settings(max_examples=40)
@given(seed=st.integers(0, 1000), steps=st.integers(1, 5), units=st.lists(st.sampled_from([3, 4]), max_size=4))
def test_prefixes_sum_all_targets_that_begin_so(seed: int, steps: int, units: list[int]) -> None:
    scores = log_probs(seed, steps, 5)
    targets = all_targets(scores)
    prefixes = Prefixes(scores)
    for size in range(len(units) + 1):
        begun = tuple(units[:size])
        assert np.exp(prefixes.ended())[0] == pytest.approx(targets.get(begun, 0.0), abs=1e-12)
        expected = [
            sum(chance for target, chance in targets.items() if target[: size + 1] == (*begun, unit)) for unit in (3, 4)
        ]
        assert np.exp(prefixes.grown(np.array([3, 4])))[0] == pytest.approx(expected, abs=1e-12)
        if size < len(units):
            prefixes.follow([0], [units[size]])


def model_of(seed: int) -> SpeechModel:
    """A small model whose answers differ."""
    torch.manual_seed(seed)
    encoder = TransformerConfig(width=16, num_layers=1, rotary=True)
    decoder = TransformerConfig(width=16, num_layers=1)
    model = SpeechModel(SpeechModelConfig(encoder=encoder, decoder=decoder), mels=8, vocab_size=6, subsampling=4)
    with torch.no_grad():
        model.head.weight *= 4
        model.ctc.weight *= 3
        model.head.bias[EOS] += 1
    return model.eval()


def plain_beam(
    model: SpeechModel, memory_1TD: Tensor, scores: Scores, config: SpellingConfig
) -> list[tuple[tuple[int, ...], float]]:
    """Spell without a cache, one prefix after the other, with CTC's sums over all paths."""
    steps, share = memory_1TD.shape[1], config.attention
    targets = all_targets(scores) if share < 1 else {}

    def scaled(score: float, units: int) -> float:
        return score / ((5 + units) / 6) ** config.length

    def ctc(chance: float) -> float:
        return (1 - share) * math.log(chance) if chance else -math.inf

    grows: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    ended: list[tuple[tuple[int, ...], float]] = []
    for size in range(steps + 1):
        tried: list[tuple[float, tuple[int, ...], float]] = []
        for ids, heard in grows:
            said = torch.tensor([[BOS, *ids]])
            row = model.decode(said, memory_1TD, torch.tensor([steps]))[0, -1].double().log_softmax(-1).tolist()
            whole = ctc(targets.get(ids, 0.0)) if share < 1 else 0.0
            ended.append((ids, scaled(share * (heard + row[EOS]) + whole, size + 1)))
            for unit in (3, 4, 5) if size < steps else ():
                begun = (*ids, unit)
                chance = sum(p for target, p in targets.items() if target[: size + 1] == begun) if share < 1 else 1.0
                more = ctc(chance) if share < 1 else 0.0
                tried.append((scaled(share * (heard + row[unit]) + more, size + 1), begun, heard + row[unit]))
        ended = sorted((one for one in ended if one[1] > -math.inf), key=lambda one: -one[1])[: config.beam]
        merged = sorted([*((score, None, 0.0) for _, score in ended), *tried], key=lambda one: -one[0])[: config.beam]
        grows = [(ids, heard) for score, ids, heard in merged if ids is not None and score > -math.inf]
    return ended


@torch.inference_mode()
@settings(max_examples=25)
@given(
    seed=st.integers(0, 100),
    beam=st.integers(1, 6),
    share=st.sampled_from([1.0, 0.5, 0.0]),
    length=st.sampled_from([0.0, 1.0]),
)
def test_it_finds_what_a_plain_beam_finds(seed: int, beam: int, share: float, length: float) -> None:
    model = model_of(seed)
    batch = Batch({"frames": torch.randn(3, 16, 8), "length": torch.tensor([16, 8, 13])})
    memory, sizes = model.encode(batch)
    scores = log_probs_of(model(batch))
    config = SpellingConfig(beam=beam, nbest=beam, attention=share, length=length)
    found = beam_attention(model, memory, sizes, config, scores)
    for row, size in enumerate(sizes.tolist()):
        expected = plain_beam(model, memory[row : row + 1, :size], scores[row], config)
        assert [tuple(one.ids) for one in found[row]][:1] == [ids for ids, _ in expected][:1]
        assert [one.score for one in found[row]] == pytest.approx([score for _, score in expected], rel=1e-4)
        assert len(found[row]) <= beam and all(not {BLANK, BOS, EOS} & set(one.ids) for one in found[row])
        # who wants the best alone gets it, though the search may end earlier
    best = beam_attention(model, memory, sizes, SpellingConfig(beam=beam, attention=share, length=length), scores)
    assert [row[0].ids for row in best] == [row[0].ids for row in found]


@torch.inference_mode()
def test_a_beam_of_one_is_greedy_and_a_wide_one_is_never_worse() -> None:
    model = model_of(1)
    batch = Batch({"frames": torch.randn(4, 40, 8), "length": torch.tensor([40, 24, 16, 40])})
    memory, sizes = model.encode(batch)
    greedy, chance = greedy_attention(model, memory, sizes)
    wide = beam_attention(model, memory, sizes, SpellingConfig(beam=20))
    for row, found in enumerate(wide):
        if len(greedy[row]) < int(sizes[row]) and not {BLANK, BOS} & set(greedy[row]):
            assert found[0].score >= math.log(float(chance[row])) - 1e-4


@torch.inference_mode()
def test_a_larger_exponent_makes_longer_transcripts() -> None:
    sizes = []
    for length in (0.0, 1.0, 3.0):
        total = 0
        for seed in range(6):
            model = model_of(seed)
            batch = Batch({"frames": torch.randn(2, 32, 8, generator=torch.Generator().manual_seed(seed)),
                           "length": torch.tensor([32, 32])})  # fmt: skip
            found = beam_attention(model, *model.encode(batch), SpellingConfig(beam=4, length=length))
            total += sum(len(row[0].ids) for row in found)
        sizes.append(total)
    assert sizes == sorted(sizes) and sizes[0] < sizes[2]
