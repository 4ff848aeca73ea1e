"""Predictions come in row order whatever the batches were, and leave the model as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from fourfold.core.batch import Batch, Draw, Rows
from fourfold.core.training import BinaryClassification, Classification, Output, predict

CPU = torch.device("cpu")


class RowSource:
    """Rows that are their own number; notes the sizes of the batches that it made."""

    def __init__(self, lengths: list[int] | None, count: int):
        self.lengths = None if lengths is None else np.array(lengths)
        self.count, self.sizes = count, list[int]()

    def __len__(self) -> int:
        return self.count

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        assert draw is None
        self.sizes.append(len(rows))
        return Batch({"row": torch.from_numpy(np.array(rows))})


class Echo:
    """Answers each row with its number, as text or as a pair of numbers."""

    def __init__(self, kind: type) -> None:
        self.model: nn.Module = nn.Dropout()
        self.kind, self.modes = kind, set[bool]()

    def predict(self, batch: Batch) -> Output:
        self.modes.add(self.model.training or torch.is_grad_enabled())
        rows = batch["row"]
        return (
            [f"row {row}" for row in rows.tolist()]
            if self.kind is list
            else torch.stack([rows, -rows], 1).float().numpy()
        )


@settings(max_examples=50)
@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=60),
    st.booleans(),
    st.integers(1, 20),
    st.integers(1, 200),
)
def test_answers_come_in_row_order(lengths: list[int], ragged: bool, rows: int, tokens: int) -> None:
    for kind in (list, np.ndarray):
        source, task = RowSource(lengths if ragged else None, len(lengths)), Echo(kind)
        answers = predict(task, source, CPU, batch_rows=rows, batch_tokens=tokens)  # type: ignore[arg-type]
        numbers = list(range(len(lengths)))
        assert list(answers) == [f"row {k}" for k in numbers] if kind is list else answers[:, 0].tolist() == numbers  # type: ignore[call-overload]
        assert max(source.sizes) <= rows and sum(source.sizes) == len(lengths)
        assert ragged or len(source.sizes) == -(-len(lengths) // rows), "rows of one cost have no budget of tokens"


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_put_to_evaluation_and_back(training: bool) -> None:
    task = Echo(list)
    task.model.train(training)
    predict(task, RowSource(None, 3), CPU)  # type: ignore[arg-type]
    assert task.modes == {False} and task.model.training is training and torch.is_grad_enabled()
    task.predict = None  # type: ignore[assignment, method-assign]
    with pytest.raises(TypeError):
        predict(task, RowSource(None, 3), CPU)  # type: ignore[arg-type]
    assert task.model.training is training


def test_no_rows_give_no_answers() -> None:
    assert predict(Echo(list), RowSource(None, 0), CPU) == []  # type: ignore[arg-type]


class Logits(nn.Module):
    def forward(self, batch: Batch) -> torch.Tensor:
        return batch["logits"]


def test_classification_against_its_formula() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.0, 3.0], [1.0, 1.0, 1.0]], requires_grad=True)
    batch = Batch({"logits": logits, "label": torch.tensor([0, -1, 2])})
    logs = logits.detach().log_softmax(-1)
    for smoothing in (0.0, 0.1):
        task = Classification(Logits(), smoothing)
        wanted = -sum(
            (1 - smoothing) * logs[row, label] + smoothing * logs[row].mean() for row, label in ((0, 0), (2, 2))
        )
        term = task.loss(batch)["loss"]
        assert term.sum.item() == pytest.approx(float(wanted)) and term.weight == 1
        assert int(task.counts(batch)["loss"]) == 2
    with torch.no_grad():
        assert np.allclose(task.predict(batch), logs.exp().numpy())


def test_binary_classification_against_its_formula() -> None:
    logits = torch.tensor([2.0, -1.0, 0.5], requires_grad=True)
    batch = Batch({"logits": logits, "label": torch.tensor([1.0, float("nan"), 0.0])})
    task, chance = BinaryClassification(Logits()), logits.detach().sigmoid()
    loss = task.loss(batch)["loss"].sum
    assert loss.item() == pytest.approx(float(-chance[0].log() - (1 - chance[2]).log()))
    loss.backward()
    assert logits.grad is not None and logits.grad.tolist() == pytest.approx(
        [float(chance[0]) - 1, 0, float(chance[2])]
    )
    assert int(task.counts(batch)["loss"]) == 2
    with torch.no_grad():
        assert np.allclose(task.predict(batch), chance.numpy())
