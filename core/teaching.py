"""What a trained run teaches another: it is loaded, compared, and asked about the training rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .batch import Examples, Source
from .errors import ConfigError
from .files import file_hash
from .training import Distillation, Task, TaughtSource
from .training.distillation import Imitable

if TYPE_CHECKING:
    from .pipeline import Pipeline


def taught(pipeline: Pipeline, task: Task, source: Source, examples: Examples) -> tuple[Task, Source]:
    """Return the task and the source with a teacher; as they are where there is none.

    Raises ConfigError where the teacher knows other labels, or the task has nothing to imitate.
    """
    if pipeline.teacher is None:
        return task, source
    name, config = str(pipeline.teacher), pipeline.config_.train
    if not hasattr(task, "imitation"):
        raise ConfigError(
            f"teacher: {pipeline.domain} has no outputs to imitate; label data with predict, and train on them"
        )
    teacher: Any = type(pipeline).load(name, device=pipeline.device)
    if teacher.features_.classes != pipeline.features_.classes:
        raise ConfigError(f"teacher '{name}': it knows other labels than the training rows; give a run on such labels")
    says = np.asarray(teacher.baseline_.outputs(examples) if teacher.model_ is None else teacher.deep_outputs(examples))
    pair = TaughtSource(source, says.astype(np.float32))
    return Distillation(cast(Imitable, task), config.teacher_weight, config.temperature), pair


def teacher_identity(teacher: str | Path | None) -> dict[str, str]:
    """Return what tells one teacher from another, for a run to remember."""
    if teacher is None:
        return {}
    path = Path(teacher) / "config.json"
    return {"teacher": file_hash(path) if path.is_file() else str(teacher)}
