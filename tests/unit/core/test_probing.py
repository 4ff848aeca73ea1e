"""A head that is fitted to a model as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from fourfold.core.batch import Batch, Draw, Rows
from fourfold.core.errors import WrongWeights
from fourfold.core.labels import Classes, LabelSets, Numbers
from fourfold.core.probing import fit_head

CPU = torch.device("cpu")


class Points:
    """Rows of three numbers, of which longer ones come first in a batch."""

    def __init__(self, x: npt.NDArray[np.float32]):
        self.x, self.lengths = x, np.random.default_rng(0).integers(1, 9, len(x))

    def __len__(self) -> int:
        return len(self.x)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        assert draw is None
        return Batch({"x": torch.from_numpy(self.x[rows])})


class Model(nn.Module):
    def __init__(self, classes: int):
        super().__init__()
        self.inner, self.dropout, self.head = nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, classes)

    def forward(self, batch: Batch) -> Tensor:
        logits: Tensor = self.head(self.dropout(self.inner(batch["x"]).tanh()))
        return logits


def points(rows: int = 300) -> npt.NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(rows, 3)).astype(np.float32)


def fitted(labels: Any, targets: npt.NDArray[Any], **more: Any) -> Model:
    torch.manual_seed(0)
    model = Model(1 if isinstance(labels, Numbers) else len(labels))
    fit_head(model, model.head, Points(points(len(targets))), targets, labels, CPU, **more)
    return model.eval()


def logits(model: Model, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    with torch.no_grad():
        return np.asarray(model(Batch({"x": torch.from_numpy(x)})))


def test_classes_are_told_apart_and_what_is_below_stays() -> None:
    x = points()
    targets = x.argmax(1)
    model = fitted(Classes(("a", "b", "c", "never")), targets)
    found = logits(model, x)
    assert (found.argmax(1) == targets).mean() > 0.9
    torch.manual_seed(0)
    assert (model.inner.weight == Model(4).inner.weight).all()


def test_two_classes_of_which_one_is_rare_can_be_weighed() -> None:
    x = points()
    targets = (x[:, 0] + 0.5 * np.random.default_rng(2).normal(size=300) > 1.2).astype(np.int64)
    weights = np.where(targets == 1, 10.0, 1.0)
    plain, weighed = (fitted(Classes(("no", "yes")), targets, weights=found) for found in (None, weights))
    assert logits(weighed, x).argmax(1).mean() > logits(plain, x).argmax(1).mean()


def test_each_of_several_labels_is_told() -> None:
    x = points()
    targets = (x[:, :2] > 0).astype(np.float32)
    assert ((logits(fitted(LabelSets(("a", "b")), targets), x) > 0) == targets).mean() > 0.9


def test_weights_that_give_no_numbers_are_refused() -> None:
    model = Model(2)
    nn.init.constant_(model.inner.weight, float("nan"))
    with pytest.raises(WrongWeights) as error:
        fit_head(model, model.head, Points(points(4)), np.arange(4) % 2, Classes(("a", "b")), CPU)
    assert str(error.value) == ("the pretrained weights make of these rows numbers that are not finite; give others")


def test_numbers_leave_the_head_as_it_was() -> None:
    model = fitted(Numbers(0.0, 1.0), points()[:, 0].astype(np.float64))
    torch.manual_seed(0)
    assert (model.head.weight == Model(1).head.weight).all()
