"""FuxiCTR's DeepFM, its feature map and its loader, put together from what the library exports.

The models of FuxiCTR's `model_zoo` are scripts beside the library, of which its wheel holds few: DeepFM is built here
from the library's own layers on its own base class, whose `fit` is what its scripts call (github.com/reczoo/FuxiCTR).
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...core.batch import Batch

LABEL = "label"


def feature_map(folder: Path, sizes: list[int]) -> Any:
    """Return the map of fields f0, f1, … that have so many ids; id 0 is their padding, whose row stays zero."""
    from fuxictr.features import FeatureMap

    found = FeatureMap("peers", str(folder))
    found.labels = [LABEL]
    found.features.update(
        {
            f"f{field}": {"source": "", "type": "categorical", "padding_idx": 0, "vocab_size": size + 1}
            for field, size in enumerate(sizes)
        }
    )
    found.num_fields, found.total_features = len(sizes), sum(sizes) + len(sizes)
    found.set_column_index()
    return found


def deep_fm(fields: Any, folder: Path, *, width: int, hidden: tuple[int, ...], penalty: float, rate: float) -> Any:
    """Return DeepFM with Adam and cross-entropy, as the library's example has it.

    Its regularizer adds (penalty / 2) |w|² of all tables to the loss, and its `fit` clips gradients at the norm 10.
    """
    from fuxictr.pytorch import layers
    from fuxictr.pytorch.models import BaseModel

    class DeepFM(BaseModel):  # type: ignore[misc]
        def __init__(self) -> None:
            settings = {"verbose": 0, "model_root": str(folder), "metrics": ["AUC"]}
            super().__init__(fields, "DeepFM", embedding_regularizer=penalty, **settings)
            self.table = layers.FeatureEmbedding(fields, width)
            self.machine = layers.FactorizationMachine(fields)
            self.perceptron = layers.MLP_Block(fields.num_fields * width, list(hidden), "ReLU", output_dim=1)
            self.compile("adam", "binary_crossentropy", rate)
            self.reset_parameters()

        def forward(self, batch: Any) -> dict[str, torch.Tensor]:
            ids = self.get_inputs(batch)
            v_BFD = self.table(ids)
            logit_B1 = self.machine(ids, v_BFD) + self.perceptron(v_BFD.flatten(1))
            return {"y_pred": self.output_activation(logit_B1)}

    (folder / fields.dataset_id).mkdir(parents=True, exist_ok=True)  # where its checkpoint goes
    return DeepFM()


def columns_of(ids: Any, labels: Any) -> dict[str, Any]:
    """Return rows as columns by name, with room for the padding."""
    columns = {f"f{field}": ids[:, field].astype(np.int64) + 1 for field in range(ids.shape[1])}
    return columns | {LABEL: labels.astype(np.float64)}


def in_memory(columns: dict[str, Any], rows: int) -> list[dict[str, torch.Tensor]]:
    """Return batches of so many rows, as the library's loader would give them."""
    tensors = Batch({name: torch.from_numpy(column) for name, column in columns.items()})
    return [
        {name: column[start : start + rows] for name, column in tensors.tensors.items()}
        for start in range(0, len(tensors), rows)
    ]


def write_parquet(columns: dict[str, Any], path: Path) -> Path:
    """Write the file that the library's preprocessing would leave."""
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table(columns), str(path))
    return path


def loader(fields: Any, path: Path, rows: int) -> Any:
    """Return the library's loader of a Parquet file, rows in random order."""
    from fuxictr.pytorch.dataloaders import RankDataLoader

    train, _ = RankDataLoader(
        fields, stage="train", train_data=str(path), batch_size=rows, shuffle=True, data_format="parquet"
    )
    return train


@contextlib.contextmanager
def workers(threads: int) -> Iterator[None]:
    """Give Ray, whose workers read and encode for the library, so many processors; it is gone afterwards.

    Starting it takes seconds, and is not counted.
    """
    import ray

    ray.init(num_cpus=threads, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)
    try:
        yield
    finally:
        ray.shutdown()
