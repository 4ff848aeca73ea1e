"""The card of the speech domain; everything named here is imported late."""

from ..core.domains import Domain

DOMAIN = Domain(
    name="speech",
    summary="Speech recognition.",
    pipeline="fourfold.speech.pipeline:SpeechRecognizer",
    cases="fourfold.speech.benchmark:CASES",
    input="audio",
    label="text",
    answering="decoding",
    stream="fourfold.speech.console:stream",
    commands=("fourfold.speech.cli:language", "fourfold.speech.cli:align", "fourfold.speech.cli:synthesize"),
)
