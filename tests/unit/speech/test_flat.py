"""A flat start spreads units over what is loud."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fourfold.speech.data.flat import flat_alignment


@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    factor=st.sampled_from([2, 4, 8]),
    units=st.integers(0, 5),
    seed=st.integers(0, 99),
)
def test_each_unit_is_there_in_order_and_padding_is_not(lengths: list[int], factor: int, units: int, seed: int) -> None:
    random, targets = np.random.default_rng(seed), [np.arange(3, 3 + units)] * len(lengths)
    frames = random.standard_normal((len(lengths), max(lengths), 4)).astype(np.float32)
    found = flat_alignment(frames, np.array(lengths), targets, factor)
    assert found.shape == (len(lengths), -(-max(lengths) // factor))
    for row, length in zip(found, lengths, strict=True):
        steps = -(-length // factor)
        assert (row[steps:] == -1).all() and (row[:steps] >= 0).all()
        said = row[:steps][row[:steps] > 0]
        assert (np.diff(said) >= 0).all() and said.max(initial=0) < 3 + units


def test_long_sounds_hold_all_units_alike() -> None:
    loud = np.concatenate([np.zeros(20), np.full(80, 5.0), np.zeros(20)]).astype(np.float32)[None, :, None]
    (found,) = flat_alignment(loud, np.array([120]), [np.array([4, 4, 9, 3])], 4)
    assert found.tolist() == [0] * 5 + [4] * 10 + [9] * 5 + [3] * 5 + [0] * 5


def test_silence_and_no_units_are_blank() -> None:
    assert flat_alignment(np.zeros((1, 8, 2), np.float32), np.array([8]), [np.array([], np.int64)], 4).tolist() == [
        [0, 0]
    ]
