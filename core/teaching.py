"""What a trained run teaches another: it is loaded, compared, and asked about the training rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .batch import Examples, Source
from .errors import WrongStart
from .files import file_hash
from .training import Distillation, Task, TaughtSource
from .training.distillation import Imitable

if TYPE_CHECKING:
    from .learning import Learning


def taught(pipeline: Learning, task: Task, source: Source, examples: Examples) -> tuple[Task, Source]:
    """Return the task and the source with a teacher; as they are where there is none.

    A task that has `imitation` is held to the teacher's outputs. Any other, such as the transcribing of speech, learns
    what the teacher says as if it were the label, for a share of the rows.
    """
    teacher = load_teacher(pipeline)
    if teacher is None:
        return task, source
    config = pipeline.config_.train
    says = teacher.baseline_.outputs(examples) if teacher.model_ is None else teacher.deep_outputs(examples)
    if not hasattr(task, "imitation"):
        return task, pipeline.follow(source, says, config.teacher_weight)
    pair = TaughtSource(source, np.asarray(says).astype(np.float32))
    return Distillation(cast(Imitable, task), config.teacher_weight, config.temperature), pair


def load_teacher(pipeline: Learning) -> Any:
    """Return the trained run that teaches, or None; raise ConfigError where it knows other labels."""
    if pipeline.teacher is None:
        return None
    teacher: Any = type(pipeline).load(pipeline.teacher, device=pipeline.device)
    theirs, ours = (getattr(one.features_, "classes", None) for one in (teacher, pipeline))
    if theirs != ours or len({getattr(one.features_, "outputs", 1) for one in (teacher, pipeline)}) > 1:
        raise WrongStart(
            f"teacher '{pipeline.teacher}': it knows other labels than the training rows; give a run on such labels"
        )
    return teacher


def teacher_identity(teacher: str | Path | None) -> dict[str, str]:
    """Return what tells one teacher from another, for a run to remember."""
    if teacher is None:
        return {}
    path = Path(teacher) / "config.json"
    return {"teacher": file_hash(path) if path.is_file() else str(teacher)}
