"""One trainer for every domain: the seam (`Task`), the loop (`Trainer`) and what they are made of."""

from ..errors import Interrupted
from .config import OptimizerConfig, ScheduleConfig, TrainConfig, budget_seconds
from .distillation import Distillation, TaughtSource
from .distributed import Ranks, joined, learned_by_main
from .inference import predict
from .loop import Trainer
from .progress import Bar, History, Observer, Observers, Silent, TensorBoard, read_history
from .sampling import Steps, plan_for
from .state import Outcome, State, Validation
from .task import BinaryClassification, Classification, Output, Regression, SetClassification, Task, Term

__all__ = [
    "Bar",
    "BinaryClassification",
    "Classification",
    "Distillation",
    "History",
    "Interrupted",
    "Observer",
    "Observers",
    "OptimizerConfig",
    "Outcome",
    "Output",
    "Ranks",
    "Regression",
    "ScheduleConfig",
    "SetClassification",
    "Silent",
    "State",
    "Steps",
    "Task",
    "TaughtSource",
    "TensorBoard",
    "Term",
    "TrainConfig",
    "Trainer",
    "Validation",
    "budget_seconds",
    "joined",
    "learned_by_main",
    "plan_for",
    "predict",
    "read_history",
]
