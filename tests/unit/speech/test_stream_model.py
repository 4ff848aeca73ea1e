"""A model that hears chunks: what a stream gives is what the masked whole gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.batch import Batch
from fourfold.core.config import override
from fourfold.core.errors import ConfigError
from fourfold.core.nn import TransformerConfig
from fourfold.speech.config import small, streaming
from fourfold.speech.decode import BestPath, collapse
from fourfold.speech.model import SpeechModel, SpeechModelConfig, Subsampling


def model_of(
    subsampling: int = 4, kernel: int = 9, *, left: int = 2, rotary: bool = True, convolution: int = 5, **more
):
    torch.manual_seed(0)
    shape = TransformerConfig(width=32, num_layers=2, rotary=rotary, convolution=convolution)
    config = SpeechModelConfig(encoder=shape, decoder=TransformerConfig(width=32), kernel=kernel, left=left, **more)
    return SpeechModel(config, mels=10, vocab_size=9, subsampling=subsampling, chunk=3).eval()


def whole(model: SpeechModel, frames_LM: torch.Tensor) -> torch.Tensor:
    return model.encode(Batch({"frames": frames_LM[None], "length": torch.tensor([len(frames_LM)])}))[0]


def in_pieces(frames_LM: torch.Tensor, sizes: list[int]) -> list[torch.Tensor]:
    cuts = np.minimum(np.cumsum(sizes, dtype=int), len(frames_LM)).tolist()
    return list(torch.tensor_split(frames_LM, cuts))


SIZES = st.lists(st.integers(0, 40), max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    subsampling=st.sampled_from([2, 4, 8]),
    kernel=st.sampled_from([3, 5, 9]),
    frames=st.integers(1, 150),
    sizes=SIZES,
    left=st.integers(0, 3),
    rotary=st.booleans(),
    convolution=st.sampled_from([0, 9]),
)
def test_a_stream_gives_what_the_masked_whole_gives(
    subsampling: int, kernel: int, frames: int, sizes: list[int], left: int, rotary: bool, convolution: int
) -> None:
    model = model_of(subsampling, kernel, left=left, rotary=rotary, convolution=convolution)
    frames_LM, state = torch.randn(frames, 10, generator=torch.Generator().manual_seed(frames)), model.begin()
    with torch.inference_mode():
        parts = [model.following(part[None], state) for part in in_pieces(frames_LM, sizes)]
        last = model.following(frames_LM[None, :0], state, last=True)
        expected = whole(model, frames_LM)
    assert all(part.shape[1] % 3 == 0 for part in parts)
    found = torch.cat([*parts, last], dim=1)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= 1e-4


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("kernel", [3, 9, 15])
def test_the_convolutions_know_when_a_step_is_complete(factor: int, kernel: int) -> None:
    stem, steps = Subsampling(10, 8, kernel, factor), 0
    state = stem.begin()
    for frame in range(1, 80):
        steps += stem.following(torch.randn(1, 1, 10), state).shape[1]
        assert not steps or stem.frames_for(steps) <= frame
        assert frame < stem.frames_for(steps + 1)


def test_what_comes_later_changes_no_chunk_before() -> None:
    model, frames_LM = model_of(), torch.randn(120, 10)
    other_LM = torch.cat([frames_LM[:60], torch.randn(60, 10)])
    with torch.inference_mode():
        one, two = whole(model, frames_LM), whole(model, other_LM)
    steps = next(step for step in range(30) if model.subsampling.frames_for(step + 1) > 60) // 3 * 3
    assert steps == 12 and torch.allclose(one[:, :steps], two[:, :steps], atol=1e-6)
    assert not torch.allclose(one[:, steps : steps + 3], two[:, steps : steps + 3], atol=1e-3)


def test_padding_changes_no_step_of_a_chunk() -> None:
    model, frames = model_of(), torch.randn(2, 90, 10)
    frames[1, 40:] = 0
    with torch.inference_mode():
        together, length = model.encode(Batch({"frames": frames, "length": torch.tensor([90, 40])}))
        alone = whole(model, frames[1, :40])
    assert length.tolist() == [23, 10]
    assert (together[1, :10] - alone[0]).abs().max() <= 1e-5


def test_random_chunks_are_drawn_in_training_alone_by_torchs_generator() -> None:
    model = model_of(chunk=0.3, random_chunks=True, dropout=0.0)
    assert {model._chunk(50) for _ in range(20)} == {3}
    model.train()
    torch.manual_seed(1)
    first = [model._chunk(50) for _ in range(40)]
    torch.manual_seed(1)
    assert [model._chunk(50) for _ in range(40)] == first
    assert set(first) == {1, 2, 3, 50}


def test_the_best_path_grows_with_its_steps() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        steps = random.choice([0, 0, 3, 4], random.integers(0, 12)).tolist()
        path, said, place = BestPath(), [], 0
        while place < len(steps):
            size = int(random.integers(0, 4))
            said += path.feed(steps[place : place + size])
            place += size
        assert said == path.ids == collapse(steps)


def test_a_model_of_chunks_must_not_look_ahead() -> None:
    assert streaming().model.chunk == 0.64
    with pytest.raises(ConfigError) as error:
        SpeechModelConfig(chunk=-1)
    assert str(error.value) == "model.chunk (-1) must be 0 (the whole) or above: a number of seconds"
    with pytest.raises(ConfigError) as error:
        SpeechModelConfig(left=-1)
    assert str(error.value) == "model.left (-1) must be 0 (all) or above: a number of chunks"
    with pytest.raises(ConfigError) as error:
        SpeechModelConfig(random_chunks=True)
    assert str(error.value) == "model.random_chunks: say how long chunks are at most with model.chunk, in seconds"


def test_chunks_take_frames_that_do_not_look_ahead_either() -> None:
    with pytest.raises(ConfigError) as error:
        override(small(), {"model": {"chunk": 0.64}})
    expected = (
        "model.chunk: who hears chunks does not know the loudest value of the whole; set features.audio.level to "
        "running (or model.chunk to 0)"
    )
    assert str(error.value) == expected
    with pytest.raises(ConfigError) as error:
        override(streaming(), {"features": {"normalisation": "utterance"}})
    expected = (
        "model.chunk: who hears chunks does not know the mean of the whole; set features.normalisation to corpus (or "
        "model.chunk to 0)"
    )
    assert str(error.value) == expected
