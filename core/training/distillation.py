"""A trained model teaches another: what it says of each training row becomes a second target."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..batch import Batch, Draw, Rows, Source
from .task import Output, Task, Term


class Imitable(Task, Protocol):
    """A task that can be taught: its loss follows from the model's output, and so does the distance to a teacher."""

    def terms(self, output: Any, batch: Batch) -> dict[str, Term]: ...

    def imitation(self, output: Any, teacher: Tensor, temperature: float) -> Tensor: ...


class Distillation:
    """Any task beside a teacher (Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015).

    The loss is (1 − `weight`) times the task's own and `weight` times the distance to what the teacher says,
    `batch["teacher"]`, both made softer by `temperature` where they are probabilities of classes.
    """

    def __init__(self, task: Imitable, weight: float = 0.5, temperature: float = 2.0):
        self.task, self.weight, self.temperature = task, weight, temperature
        self.model: nn.Module = task.model

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        rows = torch.tensor(batch["teacher"].numel() / max(1, batch["teacher"][0].numel()))
        return self.task.counts(batch) | {"teacher": rows.to(batch["teacher"].device)}

    def loss(self, batch: Batch) -> dict[str, Term]:
        output = self.task.model(batch)
        terms, share = self.task.terms(output, batch), 1 - self.weight
        own = {name: Term(term.sum, share * term.weight) for name, term in terms.items()}
        apart = self.task.imitation(output, batch["teacher"], self.temperature)
        return own | {"teacher": Term(apart, self.weight)}

    def predict(self, batch: Batch) -> Output:
        return self.task.predict(batch)


class TaughtSource:
    """A source whose batches hold what a teacher says of their rows, as `teacher`.

    Where two rows are mixed (`partner`, `share`), so is what the teacher says of them.
    """

    def __init__(self, source: Source, says: npt.NDArray[np.float32]):
        self.source, self.says = source, says
        self.lengths = source.lengths

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, rows: Rows, draw: Draw | None = None) -> Batch:
        """Return the batch of the source, and the teacher's words."""
        batch = self.source.batch(rows, draw)
        said = torch.from_numpy(self.says[rows])
        if "partner" in batch:
            other = torch.from_numpy(self.says[batch["partner"].numpy()])
            share = batch["share"].reshape(-1, *[1] * (said.ndim - 1))
            said = share * said + (1 - share) * other
        return Batch(batch.tensors | {"teacher": said})
