"""What can go wrong with work that was rightly asked for."""

from .kinds import FourfoldError, TrainingError


class Diverged(TrainingError):
    """The loss was not finite again and again."""

    code = "training.diverged"
    cause = "The learning rate is too high for the model and the data, or the data hold extreme values."
    fix = "Lower `train.optimizer.lr`; look at the data with `check`."


class NotSaved(TrainingError):
    """A checkpoint could not be written."""

    code = "training.not-saved"
    cause = "The disk is full, or the folder may not be written to any more."
    fix = "Free space and go on with `--resume`: the checkpoint before is whole."


class NoTrial(TrainingError):
    """No trial of a study came to its end."""

    code = "training.no-trial"
    cause = "Each failed, or the budget is shorter than one trial."
    fix = "Mend what the last one died of, or go on with `--resume` and more time."


class NotMeasured(TrainingError):
    """What is to be optimised cannot be measured on the rows that are held out."""

    code = "training.not-measured"
    cause = "The metric is undefined there, as ROC AUC is on rows of one class."
    fix = "Hold out other or more rows with `--valid`, or choose another `train.metric`."


class Interrupted(TrainingError):
    """SIGTERM or SIGINT stopped training after a checkpoint was saved; the exit code is 128 + the signal."""

    code = "interrupted"
    cause = "Someone pressed Ctrl-C, or the machine or its scheduler ended the process."
    fix = "Go on with the same command and `--resume`."

    def __init__(self, message: str, number: int):
        super().__init__(message)
        self.exit_code = 128 + number


class RunsFailed(FourfoldError):
    """Some runs of a benchmark failed; the others are measured."""

    code = "error.runs-failed"
    cause = "Each says why in the table and in `results.json`."
    fix = "Mend what they died of, and do them again with `--resume`."


class PeersDiffer(FourfoldError):
    """Two programs that should compute the same do not, so that their speeds cannot be compared."""

    code = "error.peers-differ"
    cause = "The peer's release computes something else than the one that was tried."
    fix = "Install the release that the extra `peers` asks for, or leave this peer out."


class SynthesisFailed(FourfoldError):
    """eSpeak NG could not speak."""

    code = "error.synthesis"
    cause = "Its data are not where it looks for them, or a sentence has nothing that can be said."
    fix = "Install it again as the message says, or give the sentence words."


class OutOfMemory(FourfoldError):
    """The memory of the machine did not suffice."""

    code = "error.memory"
    cause = "The data, a batch of them or the model are larger than what is free."
    fix = "Give less at once, lower `train.batch_rows`, or take a larger machine."


class WrongPath(FourfoldError):
    """The system refuses a path."""

    code = "error.path"
    cause = "It is too long, leads through a file or in a circle, or may not be entered."
    fix = "Check the path and its permissions."
    exit_code = 2


class Unexpected(FourfoldError):
    """Something went wrong that nobody foresaw: most likely a defect of Fourfold."""

    code = "error.unexpected"
    cause = "The message shows the error of Python or of a library as it came."
    fix = "Run the command again with `--debug`, which shows where, and report it."
