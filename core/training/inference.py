"""A pass over a source without training: predictions in row order."""

from __future__ import annotations

import numpy as np
import torch

from ..batch import Source
from ..device import autocast
from .sampling import in_order
from .task import Output, Predictor

_CPU_ROWS, _CPU_NUMBERS, _ROWS = 64, 2_500_000, 256


def predict(
    task: Predictor,
    source: Source,
    device: torch.device,
    *,
    dtype: torch.dtype = torch.float32,
    batch_rows: int = 0,
    batch_tokens: int = 32768,
) -> Output:
    """Return the task's predictions for every row of `source`, in row order, whatever the batches were.

    By itself a batch has 64 rows on a processor, whose caches hold no more (16 large images), and 256 elsewhere.
    Under several ranks every rank computes all rows, so that all know the same metric without exchanging predictions.
    """
    tokens = batch_tokens if source.lengths is not None else 0
    rows = batch_rows or (_rows_that_fit(source) if device.type == "cpu" else _ROWS)
    batches = in_order(source.lengths, len(source), rows, tokens) if len(source) else []
    training = task.model.training
    task.model.eval()
    try:
        with torch.inference_mode(), autocast(device, dtype):
            parts = [task.predict(source.batch(rows).to(device)) for rows in batches]
    finally:
        task.model.train(training)
    return _restore_order(parts, np.concatenate(batches)) if batches else []


def _rows_that_fit(source: Source) -> int:
    """Return the rows of a batch on a processor: fewer where all rows are alike and large."""
    if source.lengths is not None or not len(source):
        return _CPU_ROWS
    numbers = sum(tensor.numel() for tensor in source.batch(np.zeros(1, np.int64)).tensors.values())
    return min(_CPU_ROWS, max(1, _CPU_NUMBERS // numbers))


def _restore_order(parts: list[Output], rows: np.ndarray) -> Output:
    if isinstance(parts[0], list):
        texts = [text for part in parts for text in part]
        return [texts[index] for index in np.argsort(rows)]
    return np.concatenate(parts)[np.argsort(rows)]
