"""What the tally counts, whenever it is read."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from fourfold.core.training.tally import Tally

CPU = torch.device("cpu")
STEPS = st.lists(st.tuples(st.integers(0, 100), st.booleans(), st.booleans()), max_size=200)


@given(STEPS)
def test_sums_and_skips_in_a_row_do_not_depend_on_when_it_is_read(steps: list[tuple[int, bool, bool]]) -> None:
    tally, kept = Tally(CPU), Tally(CPU)
    total = taken = skipped = in_a_row = 0
    for loss, skip, read in steps:
        value = torch.tensor(float("nan") if skip else float(loss))
        tally.add(value, torch.tensor(float(skip)))
        if read:
            kept.load(tally.read())
            tally, kept = kept, Tally(CPU)
        total, taken = total + (0 if skip else loss), taken + (not skip)
        skipped, in_a_row = skipped + skip, in_a_row + 1 if skip else 0
    assert tally.read().tolist() == [total, taken, skipped, in_a_row]
    tally.add(torch.tensor(5.0), torch.tensor(1.0))
    tally.restart()
    assert tally.read().tolist() == [0, 0, 0, in_a_row + 1]
