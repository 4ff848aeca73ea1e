"""From outputs to an `Evaluation`: metrics with intervals, the baseline beside them, what each branch brings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .batch import Examples
from .device import pick_device, pick_precision
from .facts import describe_facts
from .metrics import Interval, Statistic, difference, interval
from .report import Comparison, Evaluation
from .training import Output

if TYPE_CHECKING:
    from .answering import Branches
    from .pipeline import Pipeline


def measure(
    pipeline: Pipeline, examples: Examples, outputs: Output, branches: Branches, seconds: float = 0.0
) -> Evaluation:
    """Return the evaluation of `outputs`, made in `seconds` of what both branches say; 0 where nobody looked."""
    deep, wide = branches
    found = pipeline.statistics(outputs, examples)
    facts = pipeline.facts_ | ({} if pipeline.model_ is None else {"answers_precision": _precision(pipeline)})
    evaluation = Evaluation(
        domain=pipeline.domain, data=examples.name, rows=len(examples), model=model_name(pipeline),
        metrics={name: interval(statistic) for name, statistic in found.items()},
        greater_is_better=pipeline.main_metric not in pipeline.lower_is_better,
        baseline=None if pipeline.model_ is None else _beside(pipeline, examples, found, wide),
        history=tuple(pipeline.history_), facts=describe_facts(facts), seconds=seconds,
    )  # fmt: skip
    if wide is not None:
        evaluation = replace(evaluation, branches=_branches(pipeline, evaluation, deep, examples))
    return pipeline.describe(outputs, examples, evaluation)


def model_name(pipeline: Pipeline) -> str:
    """Return what a person calls the model."""
    if pipeline.model_ is None:
        return str(pipeline.baseline_.name)
    return f"{' + '.join([pipeline.deep_name, *([pipeline.wide_name] if pipeline.wide else [])])} ({pipeline.kind})"


def _precision(pipeline: Pipeline) -> str:
    """Return the name of the dtype that the Transformer answers in."""
    return str(pick_precision(pipeline.precision, pick_device(pipeline.device))).removeprefix("torch.")


def _beside(pipeline: Pipeline, examples: Examples, ours: dict[str, Statistic], outputs: Output | None) -> Comparison:
    """Measure the baseline on the same rows."""
    theirs = pipeline.statistics(pipeline.baseline_.outputs(examples) if outputs is None else outputs, examples)
    main = pipeline.main_metric
    return Comparison(
        name=pipeline.baseline_.name,
        metrics={name: interval(statistic) for name, statistic in theirs.items()},
        difference=difference(ours[main], theirs[main]),
        others={
            name: {metric: interval(found) for metric, found in pipeline.statistics(said, examples).items()}
            for name, said in pipeline.other_baselines(examples).items()
        },
    )


def _branches(
    pipeline: Pipeline, evaluation: Evaluation, deep: Output, examples: Examples
) -> dict[str, dict[str, Interval]]:
    """Say what each branch gives by itself."""
    assert evaluation.baseline is not None
    alone = {name: interval(found) for name, found in pipeline.statistics(deep, examples).items()}
    return {
        f"{pipeline.deep_name} alone": alone,
        f"{pipeline.wide_name} alone": evaluation.baseline.metrics,
        "both": evaluation.metrics,
    }
