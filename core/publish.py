"""Writes a fitted pipeline as the folder that is shipped: weights, features, metrics, report, model card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .artifact import Manifest, save_weights, write_manifest
from .config import to_dict
from .report import plain_json, shown

if TYPE_CHECKING:
    from .pipeline import Pipeline

LINEAR = "linear"
_CAUTION = "These rows also chose the weights; rows that took no part in training (`train --test`) judge more fairly."


def publish(pipeline: Pipeline, folder: Path) -> None:
    """Write everything, `config.json` last; the baseline lies in `baseline/` as a model of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    if pipeline.model_ is None:
        _publish_linear(pipeline, folder)
    else:
        save_weights(folder, pipeline.model_.state_dict())
        pipeline.save_more(folder)
        (folder / "baseline").mkdir(exist_ok=True)
        _publish_linear(pipeline, folder / "baseline")
        _write_all(pipeline, folder, pipeline.kind)


def _publish_linear(pipeline: Pipeline, folder: Path) -> None:
    pipeline.baseline_.save(folder)
    _write_all(pipeline, folder, LINEAR)


def _write_all(pipeline: Pipeline, folder: Path, kind: str) -> None:
    pipeline.features_.save(folder)
    evaluation = pipeline.evaluation_ if kind != LINEAR or pipeline.model_ is None else None
    if evaluation is not None:
        (folder / "metrics.json").write_text(plain_json(evaluation.to_dict()["metrics"]) + "\n", encoding="utf-8")
        evaluation.save(folder / "report.html")
    if kind != LINEAR and not (folder / "history.jsonl").exists():
        lines = "".join(json.dumps(row) + "\n" for row in pipeline.history_)
        (folder / "history.jsonl").write_text(lines, encoding="utf-8")
    (folder / "README.md").write_text(model_card(pipeline, kind), encoding="utf-8")
    learned: dict[str, Any] = {"columns": pipeline.columns_, "facts": pipeline.facts_}
    if kind != LINEAR or pipeline.model_ is None:
        blend = pipeline.blend_.to_dict() if pipeline.blend_ is not None else None
        learned |= {"blend": blend, "threshold": pipeline.threshold_}
    manifest = Manifest(domain=pipeline.domain, kind=kind, config=to_dict(pipeline.config_), learned=learned)
    write_manifest(folder, manifest)


def model_card(pipeline: Pipeline, kind: str) -> str:
    """Return the model's README: what it is, how good, and how to use it."""
    name = type(pipeline).__name__
    what = pipeline.baseline_.name if kind == LINEAR else f"a Transformer ({kind})"
    lines = [f"# {what}", "", f"A Fourfold model of the domain {pipeline.domain}."]
    evaluation = pipeline.evaluation_
    if evaluation is not None and (kind != LINEAR or pipeline.model_ is None):
        lines += ["", f"On {evaluation.rows:,} held-out rows of {evaluation.data}:", ""]
        for metric, found in evaluation.metrics.items():
            value, low, high = (shown(metric, end) for end in (found.value, found.low, found.high))
            lines.append(f"- {metric}: {value} (95 % interval {low} to {high})")
        lines += ["", evaluation.verdict(), "", _CAUTION]
    lines += [
        "", "```python", f"from fourfold.{pipeline.domain} import {name}", "", f'model = {name}.load("PATH")',
        "model.predict(…)", "```", "",
    ]  # fmt: skip
    return "\n".join(lines)
