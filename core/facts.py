"""Sizes and speed of a trained model: as numbers for programs, and in words for people."""

from __future__ import annotations

from typing import Any

from torch import nn

from .training import Outcome

_CORE = f"{__package__}.nn."


def training_facts(outcome: Outcome, model: nn.Module) -> dict[str, Any]:
    """Return what a run cost and what came of it."""
    return {
        "steps": outcome.state.step,
        "train_seconds": round(outcome.state.seconds, 2),
        "rows_per_second": round(outcome.rows_per_second, 1),
        "precision": outcome.settled.precision,
        "threads": outcome.settled.threads,
        "skipped_steps": outcome.state.skipped,
        "recoveries": outcome.state.recoveries,
        "parameters": sum(p.numel() for p in model.parameters()),
        "core_share": round(core_share(model), 4),
    }


def core_share(model: nn.Module) -> float:
    """Return the share of the parameters, embeddings aside, that live in classes of `core.nn`."""
    embeddings = {id(p) for module in model.modules() if isinstance(module, nn.Embedding) for p in module.parameters()}
    ours = (module for module in model.modules() if type(module).__module__.startswith(_CORE))
    core = {id(p) for module in ours for p in module.parameters()}
    sizes = {id(p): p.numel() for p in model.parameters() if id(p) not in embeddings}
    return sum(size for key, size in sizes.items() if key in core) / max(1, sum(sizes.values()))


def describe_facts(facts: dict[str, Any]) -> dict[str, str]:
    """Return the facts as a person reads them."""
    written = {
        "train_rows": ("training rows", "{:,}"),
        "fit_seconds": ("time of the whole fit", "{:.1f} s"),
        "train_seconds": ("training time", "{:.1f} s"),
        "rows_per_second": ("training speed", "{:,.0f} rows/s"),
        "baseline_seconds": ("baseline's training time", "{:.1f} s"),
        "head_seconds": ("time of fitting a head before", "{:.1f} s"),
        "steps": ("steps", "{:,}"),
        "skipped_steps": ("skipped steps", "{:,}"),
        "left_out": ("rows left out of training", "{:,}"),
        "parameters": ("parameters", "{:,}"),
        "core_share": ("share of them in the core, embeddings aside", "{:.0%}"),
        "precision": ("precision of training", "{}"),
        "answers_precision": ("precision of answers", "{}"),
        "threads": ("threads", "{}"),
    }
    return {words: form.format(facts[name]) for name, (words, form) in written.items() if name in facts}
