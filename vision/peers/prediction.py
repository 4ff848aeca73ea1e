"""From images in memory to probabilities: transformers' pipeline beside our pixels and model, with the same weights."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from ...core.benchmark.speed import OURS, Contender, timed
from ...core.errors import PeersDiffer
from ...core.training import Classification, predict
from ..pretrained import save_pretrained
from .setting import Setting
from .trainers import CPU

_TOLERANCE = 1e-2
Probabilities = npt.NDArray[np.float32]


def predictors(setting: Setting) -> list[Contender]:
    """Return ours and theirs, after a look that they agree; FourfoldError where they do not."""
    table = setting.features.pixels(setting.test)
    middle = (table.shape[1] - setting.size) // 2
    cut = slice(middle, middle + setting.size)
    pictures = [Image.fromarray(table[row][cut, cut]) for row in range(len(table))]
    ours, theirs = _ours(setting), _theirs(setting, pictures)
    torch.set_num_threads(setting.threads)
    apart = float(np.abs(ours() - theirs()).max())
    if apart > _TOLERANCE:
        raise PeersDiffer(f"peers: probabilities are {apart:.2g} apart, more than {_TOLERANCE}")
    return [timed(OURS, len(table), ours), timed("HF pipeline", len(table), theirs)]


def _ours(setting: Setting) -> Callable[[], Probabilities]:
    task = Classification(setting.our_model().eval())
    return lambda: np.asarray(predict(task, setting.features.source(setting.test), CPU))


def _theirs(setting: Setting, pictures: list[Any]) -> Callable[[], Probabilities]:
    from transformers import pipeline

    classes = len(setting.features.classes)
    with tempfile.TemporaryDirectory() as folder:
        moments = (setting.features.mean, setting.features.std)
        save_pretrained(setting.our_model(), folder, kind="vit", moments=moments)
        classify: Any = pipeline(
            "image-classification", model=folder, batch_size=setting.rows, device="cpu", top_k=classes,
            function_to_apply="softmax",
        )  # fmt: skip

    def run() -> Probabilities:
        names = [f"LABEL_{number}" for number in range(classes)]
        rows = [{found["label"]: found["score"] for found in row} for row in classify(pictures)]
        return np.array([[row[name] for name in names] for row in rows], dtype=np.float32)

    return run
