"""Augmentation: what a row becomes depends on (seed, epoch, row) alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.batch import Draw
from fourfold.vision.data.augment import NUMBERS, shift_and_flip
from fourfold.vision.data.pictures import Pixels

IMAGES: Pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)


def changed(rows: np.ndarray, epoch: int = 0) -> Pixels:
    return shift_and_flip(IMAGES[rows], Draw(seed=5, epoch=epoch).uniform(rows, NUMBERS), reach=2, flip=True)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 39), min_size=1, max_size=40))
def test_a_row_is_changed_alike_in_any_batch(rows: list[int]) -> None:
    batch = changed(np.array(rows))
    for place, row in enumerate(rows):
        assert (batch[place] == changed(np.array([row]))[0]).all()


def test_epochs_differ() -> None:
    rows = np.arange(40)
    assert (changed(rows, 0) != changed(rows, 1)).any(axis=(1, 2, 3)).mean() > 0.8


def test_nothing_drawn_from_the_middle_changes_nothing() -> None:
    middle = np.full((40, NUMBERS), 0.5)
    assert (shift_and_flip(IMAGES, middle, reach=2, flip=True) == IMAGES).all()


def test_without_reach_and_flip_nothing_changes() -> None:
    assert (shift_and_flip(IMAGES, np.zeros((40, NUMBERS)), reach=0, flip=False) == IMAGES).all()


def test_shifts_reach_every_offset_and_mirror_the_border() -> None:
    lowest = shift_and_flip(IMAGES, np.zeros((40, NUMBERS)), reach=2, flip=False)
    assert (lowest[:, 2:, 2:] == IMAGES[:, :-2, :-2]).all()
    assert (lowest[:, 1, 2:] == IMAGES[:, 0, :-2]).all()
    assert (lowest[:, 0, 2:] == IMAGES[:, 1, :-2]).all()
    highest = shift_and_flip(IMAGES, np.full((40, NUMBERS), 1 - 2**-53), reach=2, flip=True)
    assert (highest[:, :-2, :-2] == IMAGES[:, 2:, 2:]).all()


def test_half_of_the_images_are_mirrored() -> None:
    numbers = np.full((40, NUMBERS), 0.5)
    numbers[:20, 2] = 0.49
    out = shift_and_flip(IMAGES, numbers, reach=0, flip=True)
    assert (out[:20] == IMAGES[:20, :, ::-1]).all()
    assert (out[20:] == IMAGES[20:]).all()
