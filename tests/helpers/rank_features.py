"""Run under torchrun: each rank writes what it takes for the features of each domain, though rank 1 sees fewer rows."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from domain_data import SAMPLES, Sample

from fourfold.core.batch import Examples
from fourfold.core.files import file_hash
from fourfold.core.training.distributed import Ranks, joined

RANK = int(os.environ.get("RANK", "0"))


def differing(sample: Sample) -> Any:
    """Return a pipeline that learns from other rows on each rank, as float noise or a thread's turn may have it."""
    whole = sample.pipeline()

    class Differing(type(whole)):  # type: ignore[misc]
        def learn_features(self, examples: Examples, config: Any) -> Any:
            return super().learn_features(examples.take(np.arange(5 * RANK, len(examples))), config)

    return Differing(**whole.get_params())


def learned(sample: Sample, ranks: Ranks) -> dict[str, str]:
    """Return hashes of the files of the features that training goes on with."""
    model = differing(sample)
    model.config_ = model.resolve()
    model._learn(model.read(*sample.make(24, 0)), None, None, ranks)
    with TemporaryDirectory() as folder:
        model.features_.save(Path(folder))
        return {path.name: file_hash(path) for path in Path(folder).iterdir()}


def main(out: Path) -> None:
    torch.set_num_threads(1)
    with joined(torch.device("cpu")) as ranks:
        texts = [ranks.text_from_main(text * (1 + ranks.rank), torch.device("cpu")) for text in ("", "é" * 5000)]
        found = {name: learned(sample, ranks) for name, sample in SAMPLES.items()} | {"texts": texts}
    (out / f"{RANK}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
