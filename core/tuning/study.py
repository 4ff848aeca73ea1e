"""The study: asks for trials, trains them while the budget lasts, and keeps what it needs to go on after `kill -9`."""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..metrics import Interval, difference
from .failures import free_memory, reason_of
from .folder import Folder
from .job import Job
from .result import TrialResult, ranked
from .space import Scalar
from .text import trial_line
from .trials import is_counted, results, seconds_of
from .watch import Ended, OutOfTime, Stopped, Watch

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.trial import FrozenTrial

FAILURES = 3
"""So many failures from the start, and nothing else, end a study."""
REPEATS = 20
"""So many trials in a row that were done before, and the space is taken to be searched through."""
_STARTUP = 8
_REDUCTION = 2
_FIRST_RUNG = 0.2


class Study:
    """One session of a study, on the folder's database."""

    def __init__(self, job: Job, folder: Folder, stopped: Callable[[], int], say: Callable[[str], None]):
        import optuna

        self.job, self.folder, self.stopped, self.say = job, folder, stopped, say
        self.deadline, self.repeats, self.states = math.inf, 0, optuna.trial.TrialState
        self.storage = optuna.storages.RDBStorage(f"sqlite:///{folder.database}")
        # A trial meets the others at 20, 40 and 80 % of its training; at each, the better half goes on.
        pruner = optuna.pruners.SuccessiveHalvingPruner(
            min_resource=max(1, round(_FIRST_RUNG * job.config.train.evaluations)), reduction_factor=_REDUCTION
        )
        direction = (
            optuna.study.StudyDirection.MAXIMIZE if job.greater_is_better else optuna.study.StudyDirection.MINIMIZE
        )
        self.study = optuna.create_study(
            storage=self.storage, study_name="fourfold", load_if_exists=True, direction=direction, pruner=pruner
        )

    def __call__(self, seconds: float, trials: int | None) -> str:
        """Run trials until the budget, their number or a signal ends it; return which in words."""
        self._redo_unfinished()
        self._ask_for_default()
        self.deadline = time.monotonic() + seconds - self.spent()
        while not (end := self._end(trials)):
            self._run(self._ask())
        self._redo_unfinished()
        return end

    def close(self) -> None:
        """Close the database."""
        self.storage.engine.dispose()

    def trials(self) -> list[FrozenTrial]:
        """Return all that Optuna knows."""
        return self.study.get_trials(deepcopy=False)

    def results(self) -> tuple[TrialResult, ...]:
        """Return the trials that count."""
        return results(self.trials(), self.job.flat)

    def spent(self) -> float:
        """Return the seconds that all trials took, those that were cut off included."""
        return sum(map(seconds_of, self.trials()))

    def difference(self, best: int, default: int) -> Interval | None:
        """Return how much better one trial is than another on the same rows, where the outputs of both are kept."""
        ours, theirs = self.folder.kept(best), self.folder.kept(default)
        if best == default or ours is None or theirs is None:
            return None
        return difference(self.job.statistics(ours)[self.job.metric], self.job.statistics(theirs)[self.job.metric])

    def _redo_unfinished(self) -> None:
        """Mark the trials that a kill or a signal cut off as failed, and have each done again."""
        for trial in self.study.get_trials(states=(self.states.RUNNING,)):
            if not trial.user_attrs.get("default"):  # which is asked for at the beginning of each session
                self.study.enqueue_trial(trial.params)
            self.study.tell(trial.number, state=self.states.FAIL)

    def _ask_for_default(self) -> None:
        """The default comes first; and again, where it was cut off or time stopped it."""
        before = [trial for trial in self.trials() if trial.user_attrs.get("default")]
        if not any(trial.state.name in ("COMPLETE", "WAITING") or "reason" in trial.user_attrs for trial in before):
            flat = self.job.flat
            self.study.enqueue_trial({name: flat[name] for name in self.job.space}, user_attrs={"default": True})

    def _end(self, most: int | None) -> str | None:
        counted = [trial for trial in self.trials() if is_counted(trial)]
        ran = [seconds_of(trial) for trial in counted if trial.state.name != "FAIL"]
        left = self.deadline - time.monotonic()
        if self.stopped():
            return "stopped by a signal"
        if most is not None and len(counted) >= most:
            return "all trials are done"
        if left <= 0:
            return "the budget is spent"
        if ran and statistics.median(ran) > left:
            return "the rest of the budget is too short for another trial"
        return "every combination was tried" if self.repeats >= REPEATS else None

    def _ask(self) -> Trial:
        """Ask for a trial; what it draws is a function of the seed and the trials before it, so that a study resumes.

        A trial that was cut off and the one that does it again count once.
        """
        import optuna

        number = sum(is_counted(trial) or "same_as" in trial.user_attrs for trial in self.trials())
        seed = (self.job.config.train.seed * 1_000_003 + number) % 2**32
        self.study.sampler = optuna.samplers.TPESampler(n_startup_trials=_STARTUP, seed=seed)
        return self.study.ask()

    def _run(self, trial: Trial) -> None:
        settings: dict[str, Scalar] = {}
        for name, dimension in self.job.space.items():
            settings |= dimension.settings(name, dimension.suggest(trial, name))
        is_default = trial.user_attrs.get("default", False)
        if is_default:  # exactly, not with three digits
            settings = {name: self.job.flat[name] for name in settings}
        elif self._was_done(trial, settings):
            return
        trial.set_user_attr("settings", settings)
        self.repeats = 0
        watch = self._watch(trial, judged=not is_default)
        with self._answered(trial, watch):
            self._complete(trial, watch, {} if is_default else settings)

    def _was_done(self, trial: Trial, settings: dict[str, Scalar]) -> bool:
        """Training repeats itself: what settings that were tried before came to is told, not tried again."""
        for earlier in self.trials():
            if is_counted(earlier) and earlier.user_attrs.get("settings") == settings:
                trial.set_user_attr("same_as", earlier.number)
                value = earlier.value if earlier.state.name == "COMPLETE" else None
                self.study.tell(trial, value, state=earlier.state)
                self.repeats += 1
                return True
        return False

    def _watch(self, trial: Trial, *, judged: bool) -> Watch:
        return Watch(
            trial,
            self.job.metric,
            greater_is_better=self.job.greater_is_better,
            evaluations=self.job.config.train.evaluations,
            judged=judged,
            deadline=self.deadline,
            stopped=self.stopped,
        )

    @contextlib.contextmanager
    def _answered(self, trial: Trial, watch: Watch) -> Iterator[None]:
        """Answer whatever ends a trial early; one that a signal stopped stays open, to be done again."""
        try:
            yield
        except Stopped:
            watch.note()
            return
        except Ended as end:
            watch.note(stopped=isinstance(end, OutOfTime))
            self.study.tell(trial, state=self.states.PRUNED)
        except Exception as error:
            reason = reason_of(error)
            if reason is None:
                raise
            watch.note(reason=reason)
            self.study.tell(trial, state=self.states.FAIL)
            self._give_up_after(error)
        finally:
            free_memory()
        self.say(trial_line(next(one for one in self.results() if one.number == trial.number), self.job.metric))

    def _complete(self, trial: Trial, watch: Watch, settings: dict[str, Scalar]) -> None:
        """Train; keep the outputs, then tell the value: a kill between the two leaves a trial to be done again."""
        outputs = self.job.try_out(settings, watch)
        metrics = self.job.values(outputs)
        watch.note(metrics=metrics)
        self.folder.keep(trial.number, outputs)
        self.study.tell(trial, metrics[self.job.metric])
        best = ranked(self.results(), greater_is_better=self.job.greater_is_better)[0]
        self.folder.keep_only({best.number} | {one.number for one in self.results() if one.default})

    def _give_up_after(self, error: Exception) -> None:
        states = [trial.state for trial in self.results()]
        if states == ["failed"] * FAILURES:
            self.say(f"the first {FAILURES} trials failed, the last of them so:")
            raise error
