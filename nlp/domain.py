"""The card of the text domain; everything named here is imported late."""

from ..core.domains import Domain

DOMAIN = Domain(
    name="nlp",
    summary="Text classification.",
    pipeline="fourfold.nlp.pipeline:TextClassifier",
    cases="fourfold.nlp.benchmark:CASES",
    input="text",
    label="label",
    pretrain="pretrain.epochs=10",
)
