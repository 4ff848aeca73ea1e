"""Greedy decoding against a search through all paths."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.batch import Batch
from fourfold.core.nn import TransformerConfig
from fourfold.speech.data import BOS, EOS
from fourfold.speech.decode import collapse, greedy_attention, greedy_ctc
from fourfold.speech.model import SpeechModel, SpeechModelConfig


@given(path=st.lists(st.integers(0, 4), max_size=12))
def test_collapse_is_groupby_without_blanks(path: list[int]) -> None:
    assert collapse(path) == [number for number, _ in itertools.groupby(path) if number]


@given(seed=st.integers(0, 200), length=st.integers(1, 4))
def test_greedy_ctc_is_the_best_path_and_its_probability_sums_all_paths(seed: int, length: int) -> None:
    logits = 3 * torch.randn(1, 5, 4, generator=torch.Generator().manual_seed(seed))
    (ids,), probability = greedy_ctc(logits, torch.tensor([length]))
    log_probs = logits[0, :length].log_softmax(-1)
    paths = {
        path: sum(float(log_probs[step, number]) for step, number in enumerate(path))
        for path in itertools.product(range(4), repeat=length)
    }
    best = max(paths, key=lambda path: paths[path])
    assert ids == collapse(list(best))
    total = sum(math.exp(score) for path, score in paths.items() if collapse(list(path)) == ids)
    assert float(probability[0]) == pytest.approx(total, rel=1e-4)


def test_greedy_ctc_ignores_padding() -> None:
    logits = torch.randn(3, 9, 6)
    lengths = torch.tensor([9, 4, 1])
    together, probabilities = greedy_ctc(logits, lengths)
    for row, length in enumerate(lengths.tolist()):
        (alone,), probability = greedy_ctc(logits[row : row + 1, :length], lengths[row : row + 1])
        assert together[row] == alone
        assert torch.allclose(probabilities[row], probability[0])


def small_model() -> SpeechModel:
    torch.manual_seed(3)
    encoder = TransformerConfig(width=16, num_layers=1, rotary=True)
    decoder = TransformerConfig(width=16, num_layers=2)
    model = SpeechModel(SpeechModelConfig(encoder=encoder, decoder=decoder), mels=8, vocab_size=6, subsampling=2)
    return model.eval()


@torch.inference_mode()
def test_greedy_attention_with_its_cache_is_greedy_without() -> None:
    model = small_model()
    batch = Batch({"frames": torch.randn(4, 20, 8), "length": torch.tensor([20, 12, 7, 20])})
    memory, lengths = model.encode(batch)
    found, probabilities = greedy_attention(model, memory, lengths)
    for row in range(4):
        ids, score = [BOS], 0.0
        for _ in range(int(lengths[row])):
            one, size = memory[row : row + 1], lengths[row : row + 1]
            log_probs = model.decode(torch.tensor([ids]), one, size)[0, -1].log_softmax(-1)
            ids.append(int(log_probs.argmax()))
            score += float(log_probs.max())
            if ids[-1] == EOS:
                ids.pop()
                break
        assert found[row] == ids[1:]
        assert float(probabilities[row]) == pytest.approx(math.exp(score), rel=1e-3)


@torch.inference_mode()
def test_neighbours_change_no_answer_of_greedy_attention() -> None:
    """A decoder that never ends by itself says as much as an utterance has steps, not as its batch has."""
    model = small_model()
    model.head.bias[EOS] = -1e3
    batch = Batch({"frames": torch.randn(3, 20, 8), "length": torch.tensor([20, 7, 12])})
    memory, lengths = model.encode(batch)
    found, probabilities = greedy_attention(model, memory, lengths)
    assert [len(ids) for ids in found] == lengths.tolist() == [10, 4, 6]
    for row, size in enumerate(lengths.tolist()):
        (alone,), probability = greedy_attention(model, memory[row : row + 1, :size], lengths[row : row + 1])
        assert found[row] == alone
        assert float(probabilities[row]) == pytest.approx(float(probability[0]), rel=1e-3)
