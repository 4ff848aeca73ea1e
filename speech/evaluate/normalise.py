"""What is done to both texts, the transcript and what was heard, before they are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.errors import BadValue

AS_WRITTEN, BASIC = "none", "basic"
ABOUT = {
    AS_WRITTEN: "as they are written",
    BASIC: "in lower case, without punctuation and symbols (NFKC); characters without spaces",
}
"""How each way of comparing is told."""

_APOSTROPHES = dict.fromkeys(map(ord, "\u2019\u02bc\uff07"), "'")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
_WITHIN = re.compile(r"(?<=\w)'(?=\w)")
_KEPT = "\ue000"
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """How transcripts are compared, and what the report plays.

    `normalise` is "none", or "basic": NFKC, lower case, punctuation and symbols away, single spaces, and characters
    compared without spaces, as is usual for Chinese. The `play` worst utterances are heard on the page, at most 20 s of
    each: it then holds these recordings; 0 keeps all out.
    """

    normalise: str = AS_WRITTEN
    play: int = 10

    def __post_init__(self) -> None:
        if self.normalise not in ABOUT:
            raise BadValue(f"evaluation.normalise ('{self.normalise}') must be none or basic")
        if not 0 <= self.play <= 10:
            raise BadValue(f"evaluation.play ({self.play}) must be in 0 … 10: a page holds few recordings")


def normalised(text: str, how: str = BASIC) -> str:
    """Return a text as it is compared; a second time changes nothing.

    An apostrophe within a word is part of it. Close to the basic normaliser of Radford et al., "Robust speech
    recognition via large-scale weak supervision" (2022), which takes marks away, too, and so breaks Hindi and Thai.

    >>> normalised("“Don’t, Ｍr. Blake—STOP!”"), normalised("你好，世界。")
    ("don't mr blake stop", '你好 世界')
    """
    if how == AS_WRITTEN:
        return text
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES).translate(_INVISIBLE).replace(_KEPT, " "))
    text = unicodedata.normalize("NFKC", text.lower()).translate(_INVISIBLE)
    text = _WITHIN.sub(_KEPT, text)
    spoken = (" " if unicodedata.category(letter)[0] in "PS" else letter for letter in text)
    return " ".join("".join(spoken).replace(_KEPT, "'").split())


def characters_of(text: str, how: str) -> str:
    """Return the characters that are compared.

    >>> characters_of("nǐ hǎo", "none"), characters_of("nǐ hǎo", "basic")
    ('nǐ hǎo', 'nǐhǎo')
    """
    return text if how == AS_WRITTEN else text.replace(" ", "")


def is_unspaced(texts: Sequence[str]) -> bool:
    """Return whether most letters are of scripts that have no spaces between words: Chinese, Japanese, Thai, ….

    >>> is_unspaced(["你好 ok"]), is_unspaced(["hello", "世"])
    (False, False)
    >>> is_unspaced(["你好世界 ok"])
    True
    """
    letters = sum(map(str.isalpha, "".join(texts)))
    return 2 * len(_UNSPACED.findall("".join(texts))) > letters
