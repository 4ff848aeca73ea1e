"""Modified Kneser-Ney by its formula, with dictionaries: the reference of the tests, for small texts alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

Gram = tuple[str, ...]
FALLBACK = (0.5, 1.0, 1.5)


class KneserNey:
    """P(word | context) of interpolated modified Kneser-Ney (Chen and Goodman, 1998), recursively."""

    def __init__(self, sentences: Sequence[Sequence[str]], order: int) -> None:
        padded = [("<s>", *sentence, "</s>") for sentence in sentences]
        self.words = sorted({word for sentence in padded for word in sentence} - {"<s>"} | {"<unk>"})
        raw = [
            Counter(gram for row in padded for gram in zip(*(row[k:] for k in range(n)), strict=False))
            for n in range(1, order + 1)
        ]
        self.counts: list[dict[Gram, int]] = []
        for n, grams in enumerate(raw, 1):
            before = defaultdict(set)
            for longer in raw[n] if n < order else ():
                before[longer[1:]].add(longer[0])
            self.counts.append(
                {
                    gram: count if n == order or gram[0] == "<s>" else len(before[gram])
                    for gram, count in grams.items()
                    if gram != ("<s>",)
                }
            )
        self.discounts = [discounts(list(counts.values())) for counts in self.counts]

    def probability(self, word: str, context: Gram) -> float:
        n = len(context)
        after = {gram[-1]: count for gram, count in self.counts[n].items() if gram[:-1] == context}
        shorter = self.probability(word, context[1:]) if context else 1 / len(self.words)
        if not after:
            return shorter
        taken = [self.discounts[n][min(count, 3) - 1] for count in after.values()]
        total = sum(after.values())
        count = after.get(word, 0)
        own = count - self.discounts[n][min(count, 3) - 1] if count else 0.0
        return own / total + sum(taken) / total * shorter


def discounts(counts: list[int]) -> tuple[float, float, float]:
    n1, n2, n3, n4 = (counts.count(times) for times in (1, 2, 3, 4))
    if min(n1, n2, n3, n4):
        y = n1 / (n1 + 2 * n2)
        found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        if min(found) >= 0 and max(found) > 0:
            return found
    return FALLBACK
