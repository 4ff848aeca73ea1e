"""A fifth domain from another distribution: short series of numbers, written as text, put into classes."""

from fourfold.core.domains import Domain

DOMAIN = Domain(
    name="tones",
    summary="Series classification.",
    pipeline="tones.pipeline:SeriesClassifier",
    cases="tones.pipeline:CASES",
    input="series",
    label="label",
)
