"""From texts to probabilities: transformers' pipeline beside our tokenising, sorted batches and model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...core.benchmark.speed import OURS, Contender, timed
from ...core.blend import Blend
from ...core.errors import PeersDiffer
from ...core.training import Classification, predict
from ..baselines import TextBaseline
from .ours import CPU
from .setting import ROWS_A_STEP, Setting

_TOLERANCE = 1e-3
Probabilities = npt.NDArray[np.float32]


def predictors(setting: Setting) -> list[Contender]:
    """Return ours and theirs, after a look that they agree on the first rows; FourfoldError where they do not."""
    rows = setting.split.test
    ours, theirs = _ours(setting, rows), _theirs(setting, rows)
    torch.set_num_threads(setting.threads)
    apart = float(np.abs(ours() - theirs()).max())
    if apart > _TOLERANCE:
        raise PeersDiffer(f"peers: probabilities are {apart:.2g} apart, more than {_TOLERANCE}")
    return [
        timed(OURS, len(rows), ours),
        timed("ours with the linear model", len(rows), _both(setting, rows)),
        timed("HF pipeline", len(rows), theirs),
    ]


def _ours(setting: Setting, rows: Any) -> Callable[[], Probabilities]:
    task = Classification(setting.our_model().eval())
    return lambda: np.asarray(predict(task, setting.source(rows), CPU))


def _both(setting: Setting, rows: Any) -> Callable[[], Probabilities]:
    """Return what a `TextClassifier` does by default: both branches, blended."""
    ours, linear = _ours(setting, rows), TextBaseline().fit(setting.full, setting.features)
    blend = Blend(deep=0.5, wide=0.5)
    return lambda: blend(ours(), linear.outputs(rows), "softmax")


def _theirs(setting: Setting, rows: Any) -> Callable[[], Probabilities]:
    from transformers import pipeline

    texts, names = list(rows.inputs), setting.their_model().config.id2label
    classify: Any = pipeline(
        "text-classification", model=setting.their_model().eval(), tokenizer=setting.their_tokenizer(),
        batch_size=ROWS_A_STEP, device="cpu", truncation=True, max_length=128, top_k=None, function_to_apply="softmax",
    )  # fmt: skip

    def run() -> Probabilities:
        scores = [{found["label"]: found["score"] for found in row} for row in classify(texts)]
        return np.array([[row[names[number]] for number in sorted(names)] for row in scores], dtype=np.float32)

    return run
