"""The card of the click domain; everything named here is imported late."""

from ..core.domains import Domain

DOMAIN = Domain(
    name="recsys",
    summary="Click-through-rate prediction.",
    pipeline="fourfold.recsys.pipeline:ClickPredictor",
    cases="fourfold.recsys.benchmark:CASES",
    input=None,
    label="label",
    ranks=True,
    commands=("fourfold.recsys.cli:simulate",),
)
