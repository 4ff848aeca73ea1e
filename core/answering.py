"""How a fitted pipeline answers: from rows to what its branches say, to predictions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, TypeAlias, TypeVar

import numpy as np
from torch import nn

from .batch import Examples, Source
from .blend import Blend
from .device import pick_device, pick_precision
from .errors import Damaged
from .labels import as_labels
from .objectives import Prediction
from .reading import Reading
from .training import Output, Task, predict

Branches: TypeAlias = tuple[Output, Output | None]
"""What the Transformer says of some rows and, where it has a say, what the baseline does."""

_Said = TypeVar("_Said")


class Answering(Reading):
    """The part of a pipeline that answers."""

    rows_at_once: ClassVar[int] = 0
    """The rows of a batch where answers are made; 0: by the device."""

    device: str
    precision: str
    model_: nn.Module | None
    blend_: Blend | None
    task_: Task

    def predict(self, X: Any) -> Any:
        """Return the answer of each row as an array, in row order; raise DataError for a row that cannot be read."""
        labels = [answer.label for answer in self.answers(self._outputs(self._read_whole(X)))]
        mixed = len({type(label) for label in labels}) > 1  # numbers, and "none of these"
        return np.array(labels, dtype=object) if mixed else as_labels(labels)

    def __call__(self, X: Any, *, input: str | None = None) -> list[Prediction]:
        """Return a `Prediction` for each row, in row order; a row that cannot be read has an `error` instead."""
        self._check_fitted()
        return list(self.stream(X, input=input))

    def stream(self, X: Any, *, input: str | None = None) -> Iterator[Prediction]:
        """Yield the same one by one; of a table on the disk only a block is in memory at a time."""
        examples = self._read_inputs(X, input)
        for block in examples.blocks():
            yield from self._answers(block)

    def _answers(self, examples: Examples) -> list[Prediction]:
        good = np.array([row for row in range(len(examples)) if row not in examples.errors], dtype=np.int64)
        answers = self.answers(self._outputs(examples.take(good))) if len(good) else []
        found = dict(zip(good.tolist(), answers, strict=True))
        return [found.get(row) or Prediction(error=examples.errors[row]) for row in range(len(examples))]

    def outputs_of(self, examples: Examples) -> tuple[Output, dict[str, Output]]:
        """Return what the model says of each row, and, where several have a say, what each of them does by itself."""
        deep, wide = self._branches(examples)
        alone = {f"{self.deep_name} alone": deep, f"{self.wide_name} alone": wide} if wide is not None else {}
        return self._mixed(deep, wide), alone

    def _outputs(self, examples: Examples) -> Output:
        return self._mixed(*self._branches(examples))

    def _branches(self, examples: Examples) -> Branches:
        blocks = [self._branches_of(block) for block in examples.blocks()]
        if len(blocks) == 1:
            return blocks[0]
        deep, wide = ([part for part in parts if part is not None] for parts in zip(*blocks, strict=True))
        return np.concatenate(deep), np.concatenate(wide) if wide else None

    def _branches_of(self, examples: Examples) -> Branches:
        self._check_fitted()
        if self.model_ is None:
            return finite(self.baseline_.outputs(examples)), None
        wide = finite(self.baseline_.outputs(examples)) if self.wide else None
        return finite(self.deep_outputs(examples)), wide

    def deep_outputs(self, examples: Examples) -> Output:
        """Return what the Transformer says of each row."""
        return self.says(self.features_.source(examples))

    def says(self, source: Source) -> Output:
        """Return what the Transformer says of each row of a source, on the pipeline's device and in its precision."""
        device = pick_device(self.device)
        dtype = pick_precision(self.precision, device)
        return predict(self.task_, source, device, dtype=dtype, batch_rows=self.rows_at_once)

    def _mixed(self, deep: Output, wide: Output | None) -> Output:
        if self.blend_ is None or self.objective is None:
            return deep
        return self.blend_(deep, wide, self.objective.link)


def finite(outputs: _Said) -> _Said:
    """Return outputs that are numbers, or texts; raise Damaged for others, which would be answers all the same."""
    if isinstance(outputs, np.ndarray) and not np.isfinite(outputs).all():
        raise Damaged(
            "the model's outputs are no finite numbers: its weights are damaged (train anew) or too large for float16 "
            "(answer in float32)"
        )
    return outputs
