"""How transcripts are searched for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ...core.errors import BadValue, SettingsConflict

Search: TypeAlias = Literal["joint", "beam", "greedy", "attention", "onepass"]
SEARCHES = ("joint", "beam", "greedy", "attention", "onepass")


@dataclass(frozen=True, kw_only=True)
class DecodingConfig:
    """How transcripts are searched for; all of it may be set of a trained model, too.

    `search` is `greedy` (CTC's best path), `beam` (a beam of so many prefixes), `joint` (the beam's targets scored by
    the attention decoder, too, with the share `attention`), `attention` (a beam over what the decoder alone spells) or
    `onepass` (that beam, in which CTC has its share in the score of each prefix). These two divide scores by
    ((5 + units) / 6) to the power of `length`: more makes transcripts longer. `lm` is the ARPA file of
    a language model; `alpha` weighs it, `beta` is added for each word and `unknown` for each that it does not have.
    `alpha`, `beta` and `attention` of None are chosen on the held-out rows where there is a language model, else
    they are 0.5, 1 and 0.5. `nbest` alternatives and the `times` of words come with each answer where they are asked
    for. Recordings of more than `piece` seconds are cut at pauses.
    """

    search: Search = "joint"
    beam: int = 8
    lm: str | None = None
    alpha: float | None = None
    beta: float | None = None
    unknown: float = -5.0
    attention: float | None = None
    length: float = 0.0
    nbest: int = 1
    times: bool = False
    piece: float = 20.0

    def __post_init__(self) -> None:
        if self.search not in SEARCHES:
            raise BadValue(f"decoding.search ('{self.search}') must be one of {', '.join(SEARCHES)}")
        for name in ("beam", "nbest"):
            if getattr(self, name) < 1:
                raise BadValue(f"decoding.{name} ({getattr(self, name)}) must be 1 or above")
        if self.lm is not None and self.search not in ("joint", "beam"):
            raise SettingsConflict(
                f"decoding.lm: the search '{self.search}' takes no language model; set joint or beam, or "
                "decoding.lm=none"
            )
        if self.nbest > 1 and self.search == "greedy":
            raise SettingsConflict(
                "decoding.nbest: the search 'greedy' gives one transcript; set joint, beam or onepass"
            )
        if self.nbest > self.beam:
            raise SettingsConflict(f"decoding.nbest ({self.nbest}) must be at most decoding.beam ({self.beam})")
        if self.alpha is not None and self.alpha < 0:
            raise BadValue(f"decoding.alpha ({self.alpha}) must be 0 or above")
        if self.attention is not None and not 0 <= self.attention <= 1:
            raise BadValue(f"decoding.attention ({self.attention}) must lie in [0, 1]")
        if not 0 <= self.length <= 5:
            raise BadValue(f"decoding.length ({self.length}) must lie in [0, 5]")
        if self.piece < 1:
            raise BadValue(f"decoding.piece ({self.piece}) must be 1 second or more")
