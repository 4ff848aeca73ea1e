"""What all trials of a study share, and how one of them is trained and judged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..batch import Examples
from ..config import flatten, override, to_dict
from ..errors import BadValue, NotMeasured, Unsupported, WrongUsage
from ..hub import origin
from ..metrics import Statistic, value_of
from ..run import run_identity
from ..training import Output
from .parse import Written, with_searches
from .space import Scalar, Space, fit_space, nested
from .watch import Watch

if TYPE_CHECKING:
    from ..pipeline import Pipeline

Rows = tuple[Examples, Examples | None]
"""Training and held-out rows."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """How a study searches: at most `trials` of them, dimensions put into or taken from the domain's space, and
    whether it goes on with the study in its folder.

    >>> Search(trials=20, space={"model.dropout": "0.1,0.2,0.3", "train.epochs": "off"}).trials
    20
    """

    trials: int | None = None
    space: Mapping[str, Written] = field(default_factory=dict)
    resume: bool = False

    def __post_init__(self) -> None:
        if self.trials is not None and self.trials < 1:
            raise BadValue(f"trials ({self.trials}) must be 1 or above")


@dataclass(frozen=True, kw_only=True)
class Job:
    """The pipeline, its configuration, the features learned with it, the rows, the space and the metric."""

    pipeline: Pipeline
    config: Any
    features: Any
    train: Examples
    held_out: Examples
    space: Space
    metric: str

    @property
    def greater_is_better(self) -> bool:
        """Which way the metric points."""
        return self.metric not in self.pipeline.lower_is_better

    @property
    def flat(self) -> dict[str, Scalar]:
        """The default settings by dotted name."""
        return flatten(to_dict(self.config))

    def identity(self) -> dict[str, Any]:
        """Return what a resumed study must share with the one that began."""
        searched = {f"search {name}": str(dimension) for name, dimension in self.space.items()}
        whole = {"domain": self.pipeline.domain, "preset": self.pipeline.kind} | origin(self.pipeline.start)
        return whole | searched | run_identity(self.config, self.train, self.held_out)

    def changed(self, settings: Mapping[str, Scalar]) -> Any:
        """Return the configuration with some settings changed."""
        return override(self.config, nested(settings))

    def try_out(self, settings: Mapping[str, Scalar], watch: Watch) -> Output:
        """Train with some settings changed; return the outputs on the held-out rows."""
        config = self.changed(settings)
        same = config.features == self.config.features
        features = self.features if same else self.pipeline.learn_features(self.train, config.features)
        return self.pipeline.try_out(config, features, (self.train, self.held_out), watch)

    def statistics(self, outputs: Output) -> dict[str, Statistic]:
        """Return the metrics of outputs on the held-out rows."""
        judge = self.pipeline.unfitted()
        judge.config_, judge.features_ = self.config, self.features
        found: dict[str, Statistic] = judge.statistics(outputs, self.held_out)
        return found

    def values(self, outputs: Output) -> dict[str, float]:
        """Return the metrics as numbers; TrainingError where the one that decides cannot be measured."""
        found = {name: value_of(statistic) for name, statistic in self.statistics(outputs).items()}
        if not math.isfinite(found[self.metric]):
            raise NotMeasured(f"{self.metric} cannot be measured on the validation rows; give others with --valid")
        return found


def prepare(pipeline: Pipeline, rows: Rows, search: Search) -> Job:
    """Check everything and learn the default's features, so that bad data are found before anything is written."""
    config, (train, held_out) = pipeline.resolve(), rows
    if held_out is None:
        raise WrongUsage("tune: no rows are held out to compare trials on; give --valid a share or a path")
    space = dict(_classical(pipeline, config) if pipeline.kind == "linear" else pipeline.search_space)
    if config.train.budget is not None:
        for name in ("train.epochs", "train.max_tokens"):
            space.pop(name, None)  # the number of steps comes from the budget
    features = pipeline.learn_features(train, config.features)
    judge = pipeline.unfitted()
    judge.features_ = features  # which metric decides hangs on the labels
    return Job(
        pipeline=pipeline,
        config=config,
        space=fit_space(with_searches(space, search.space, config), config),
        features=features,
        train=train,
        held_out=held_out,
        metric=config.train.metric or judge.main_metric,
    )


def _classical(pipeline: Pipeline, config: Any) -> Space:
    """Return what is searched of the classical model that the settings name."""
    if not pipeline.classical:
        raise Unsupported("tune: the preset linear is the classical baseline, with nothing to search; choose another")
    if config.classical.model not in pipeline.classical:
        names = ", ".join(pipeline.classical)
        raise WrongUsage(f"tune: the preset linear is several models; name one by --set classical.model=… ({names})")
    return pipeline.classical[config.classical.model].space
