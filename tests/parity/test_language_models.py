"""Our n-gram models beside KenLM, which reads the ARPA files that we write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fourfold.speech.language import LanguageConfig, estimate, read_arpa, write_arpa


def sentences(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    words = np.array([f"w{number}" for number in range(60)])
    chances = 1 / np.arange(1, 61)
    chosen = random.choice(60, size=(count, 12), p=chances / chances.sum())
    chosen[:, 1::2] = (chosen[:, ::2] * 7 + random.integers(0, 3, (count, 6))) % 60
    return [" ".join(words[row[: random.integers(1, 13)]]) for row in chosen]


@pytest.mark.parametrize("order", [2, 3, 5])
def test_kenlm_gives_the_same_probabilities(order: int, tmp_path: Path) -> None:
    kenlm = pytest.importorskip("kenlm", reason="pip install kenlm builds it from its source")
    model = estimate(sentences(400), LanguageConfig(order=order))
    write_arpa(model, tmp_path / "lm.arpa")
    theirs = kenlm.Model(str(tmp_path / "lm.arpa"))
    held_out = [*sentences(50, seed=1), "w1 never w2", "never never", ""]
    for text, ours in zip(
        held_out, read_arpa(tmp_path / "lm.arpa").log_probs([text.split() for text in held_out]), strict=True
    ):
        expected = [score for score, _, _ in theirs.full_scores(text)]
        assert ours == pytest.approx(expected, abs=1e-4)
