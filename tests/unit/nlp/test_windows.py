"""Long texts become windows that cover them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.batch import Batch, Draw
from fourfold.nlp.data import TextFeatures, TextFeaturesConfig, read
from fourfold.nlp.data.windows import cut
from fourfold.nlp.model import TextModel, TextModelConfig

lengths = st.lists(st.integers(2, 70), min_size=1, max_size=8)


@settings(max_examples=200)
@given(lengths, st.integers(3, 20), st.integers(1, 6))
def test_windows_cover_a_text_or_are_spread_over_it(sizes: list[int], longest: int, most: int) -> None:
    size = np.array(sizes)
    starts = np.cumsum(size) - size
    windows = cut(starts, size, longest, most)
    for row in range(len(size)):
        numbers, place = windows.of(np.array([row]))
        at, keep = windows.places(numbers)
        found = set(at[keep].tolist())
        whole = set(range(starts[row], starts[row] + size[row]))
        assert windows.lengths[numbers].max() <= longest and len(numbers) <= most and not place.any()
        assert found <= whole and {starts[row], starts[row] + size[row] - 1} <= found
        assert (at[:, 0] == starts[row]).all()
        if size[row] - 2 <= (longest - 2) * most:
            assert found == whole


def features(max_length: int, **more: int) -> tuple[TextFeatures, list[str]]:
    texts = ["one two three", " ".join(f"w{k % 9}" for k in range(40)), "two", " ".join(["three"] * 23)]
    config = TextFeaturesConfig(max_length=max_length, min_frequency=1, token_dropout=0.5, **more)
    return TextFeatures.fit(read(texts, ["a", "b", "a", "b"]), config), texts


def test_a_long_text_is_the_mean_of_its_windows() -> None:
    found, texts = features(12)
    source = found.source(read(texts))
    rows = np.arange(4)
    batch = source.batch(rows)
    assert batch["label"].tolist() == [-1] * 4 and batch["row"].bincount().tolist()[0] == 1
    assert len(batch["ids"]) == len(batch["row"]) > 4 and batch["ids"].shape[1] <= 12
    torch.manual_seed(0)
    model = TextModel(TextModelConfig(), found.vocab_size, 2).eval()
    with torch.no_grad():
        together = model(batch)
        alone = torch.cat([model(source.batch(np.array([row]))) for row in rows])
        vectors = model.pooling(model.encode(batch), batch["keep"])
        mean = torch.stack([vectors[batch["row"] == row].mean(0) for row in rows])
        assert torch.allclose(model.head(mean), together, atol=1e-5)
    assert torch.allclose(together, alone, atol=1e-5)


def test_short_texts_have_no_windows_and_costs_count_all_tokens() -> None:
    found, texts = features(128)
    source = found.source(read(texts))
    assert "row" not in source.batch(np.arange(4))
    cut_up = features(12)[0].source(read(texts))
    assert (cut_up.lengths >= source.lengths).all() and cut_up.lengths[0] == source.lengths[0]


def test_a_text_of_too_many_windows_is_read_in_places() -> None:
    found, texts = features(6, max_windows=3)
    source = found.source(read(texts))
    numbers, _ = source.windows.of(np.array([1]))
    assert len(numbers) == 3
    at, _ = source.windows.places(numbers)
    assert at.max() == source.tokens.starts[1] + source.tokens.lengths[1] - 1


@pytest.mark.parametrize("rows", [[0], [1, 3], [3, 1, 0]])
def test_tokens_are_hidden_by_row_and_epoch_alone(rows: list[int]) -> None:
    found, texts = features(12)
    source = found.source(read(texts))

    def ids(of: list[int], draw: Draw) -> Batch:
        return source.batch(np.array(of), draw)

    batch, again = ids(rows, Draw(1, 0)), ids(rows[::-1], Draw(1, 0))
    first = batch["ids"][batch["row"] == 0] if "row" in batch else batch["ids"][:1]
    same = again["ids"][again["row"] == len(rows) - 1] if "row" in again else again["ids"][-1:]
    width = min(first.shape[1], same.shape[1])
    assert torch.equal(first[:, :width], same[:, :width])
    assert not torch.equal(ids(rows, Draw(1, 1))["ids"], batch["ids"])
