"""The prior says what is most often true, in every domain, and learns nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from domain_data import SAMPLES

from fourfold.core.benchmark import Case, Split
from fourfold.core.benchmark.energy import ESTIMATED, measured
from fourfold.core.benchmark.worker import run
from fourfold.core.domains import domain


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_it_says_what_is_most_often_true(name: str) -> None:
    kind = domain(name).load_pipeline()

    def load(seed: int) -> Split:
        return Split(*(kind().read(*SAMPLES[name].make(60, number)) for number in (0, 1)))

    found = run(name, Case(name="toys", about="", load=load), "prior", 0)
    assert (found.kind, found.label, found.parameters >= 1) == ("prior", "majority or prior", True)
    train, test = load(0).train.labels, load(0).test.labels
    assert train is not None and test is not None
    values, counts = np.unique(train.astype(str), return_counts=True)
    if name == "speech":
        said = values[counts.argmax()].split()
        assert found.metric == "wer" and found.value > 0.3 and said
    elif name == "recsys":
        assert found.value == pytest.approx(0.5), "no row ranks above another"
    else:
        assert found.value == pytest.approx(np.mean(test.astype(str) == values[counts.argmax()]))


def test_energy_is_told_to_be_estimated_where_nothing_can_be_read() -> None:
    with measured() as energy:
        total = sum(number * number for number in range(400_000))
    assert total > 0 and energy.joules > 0
    assert energy.source == ESTIMATED or energy.source.startswith(("RAPL", "estimated"))
