"""The letters that a vocabulary has room for."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

IDEOGRAPHS = (
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002b73f\U0002b740-\U0002b81f"
    "\U0002b920-\U0002ceaf\U0002f800-\U0002fa1f"
)
"""The ranges of Chinese characters that BERT's normaliser puts spaces around."""
_IDEOGRAPH = re.compile(f"[{IDEOGRAPHS}]")


@dataclass(frozen=True)
class Alphabet:
    """The letters that are kept, and those that become [UNK]."""

    kept: tuple[str, ...]
    dropped: frozenset[str]

    @classmethod
    def fit(cls, texts: Iterable[str], least: int, room: int, cost: Callable[[str], int]) -> Alphabet:
        """Keep the commonest letters whose `cost`s fit into `room`; rarer ones than `least` go, ASCII excepted.

        >>> Alphabet.fit(["a cat", "a tab", "好"], least=2, room=3, cost=lambda letter: 1).kept
        ('a', 'b', 't')
        """
        counts = Counter(letter for text in texts for letter in text if not letter.isspace())
        kept = []
        for letter, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            if (count >= least or letter.isascii()) and cost(letter) <= room:
                kept.append(letter)
                room -= cost(letter)
        return cls(tuple(sorted(kept)), frozenset(counts.keys() - set(kept)))

    def only(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield the texts with spaces in the place of dropped letters, so that no trainer numbers these."""
        blank = str.maketrans(dict.fromkeys(self.dropped, " "))
        return (text.translate(blank) for text in texts)


def stands_alone(letter: str) -> bool:
    """Say whether a letter is a word of its own to BERT's rules: a Chinese character or a punctuation mark.

    >>> [stands_alone(letter) for letter in "好!、aé"]
    [True, True, True, False, False]
    """
    if letter.isascii():
        return not letter.isalnum()
    # The tokenizer's own table of punctuation is of an older Unicode: to it, marks from U+2E43 on continue words.
    mark = unicodedata.category(letter)[0] == "P" and (letter < "\u2e43" or "\u3000" <= letter < "\U00010000")
    return mark or _IDEOGRAPH.match(letter) is not None
