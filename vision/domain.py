"""The card of the image domain; everything named here is imported late."""

from ..core.domains import Domain

DOMAIN = Domain(
    name="vision",
    summary="Image classification.",
    pipeline="fourfold.vision.pipeline:ImageClassifier",
    cases="fourfold.vision.benchmark:CASES",
    input="path",
    label="label",
    backbones=True,
)
