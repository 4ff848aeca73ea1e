r"""ARPA files, the common form of n-gram models, plain or compressed by gzip.

A head `\data\` with the number of n-grams of each order, a part for each order with lines
`log10(probability) words log10(backing-off weight)`, and `\end\`. What stands before the head is ignored.
"""

from __future__ import annotations

import gzip
import itertools
import math
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

import numpy as np
import numpy.typing as npt

from ...core.errors import DamagedFile, NoSuchFile
from .model import BEGIN, END, UNKNOWN, LanguageModel
from .trie import Ints, Trie

_LONGEST, _HIGHEST = 1 << 16, 9
_LEAST = -100.0
"""log10 P(<unk>) where a file has none."""


def write_arpa(model: LanguageModel, path: str | Path) -> None:
    """Write a model; compressed where the name ends in .gz. Reading it again gives the same numbers."""
    path = Path(path)
    with path.open("wb") as file:
        if path.suffix != ".gz":
            file.writelines(_lines(model))
            return
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:  # the same bytes whenever it is written
            packed.writelines(_lines(model))


def _lines(model: LanguageModel) -> Iterator[bytes]:
    yield b"\\data\\\n"
    yield from (f"ngram {order}={count}\n".encode() for order, count in enumerate(model.counts, 1))
    keys, width = model.trie.keys, model.trie.width
    log_prob, backoff = model.log_prob.tolist(), model.backoff.tolist()
    texts: list[str] = []
    edges = (*model.levels, len(model.trie))
    for order, (start, end) in enumerate(itertools.pairwise(edges), 1):
        yield f"\n\\{order}-grams:\n".encode()
        parents, words = (part.tolist() for part in np.divmod(keys[start - 1 : end - 1], width))
        before, first = texts, model.levels[order - 2]
        texts = [
            f"{before[parent - first]} {model.words[word]}" if parent else model.words[word]
            for parent, word in zip(parents, words, strict=True)
        ]
        for node, text in enumerate(texts, start):
            weight = f"\t{backoff[node]:.9g}" if backoff[node] else ""
            yield f"{log_prob[node]:.9g}\t{text}{weight}\n".encode()
    yield b"\n\\end\\\n"


def read_arpa(path: str | Path) -> LanguageModel:
    """Read a model; raises DataError, with the line, for what is no ARPA file or a damaged one.

    N-grams of up to 9 words are read. A file without `<unk>` gets it, as the least probable word.
    """
    path = Path(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return _Reader(path, cast(BinaryIO, file)).read()
    except (FileNotFoundError, IsADirectoryError):
        raise NoSuchFile(f"{path}: no such language model; check the path") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DamagedFile(f"{path}: damaged ({error}); copy the file again") from None


@dataclass
class _Reader:
    """A file that is read line by line; `number` is that of the current one."""

    path: Path
    file: BinaryIO
    number: int = 0
    numbers: dict[bytes, int] = field(default_factory=dict)

    def read(self) -> LanguageModel:
        counts = self._head()
        words, log_prob, backoff = self._unigrams(counts[0])
        width = len(words)
        keys, levels, suffix = [np.arange(width)], [1], [np.zeros(1 + width, np.int64)]
        edge = 1 + width
        for order, count in enumerate(counts[1:], 2):
            trie = Trie(width, np.concatenate(keys))
            made, scores, weights = self._section(order, count, trie)
            links = _suffixes(trie, np.concatenate(suffix), made)
            keys.append(made)
            suffix.append(links)
            log_prob, backoff = np.concatenate([log_prob, scores]), np.concatenate([backoff, weights])
            levels.append(edge)
            edge += len(made)
        if self._next() != b"\\end\\":
            self._wrong("\\end\\ was expected here; the file is cut off or has more n-grams than its head says")
        whole = Trie(width, np.concatenate(keys))
        return LanguageModel(len(counts), tuple(words), whole, log_prob, backoff, np.concatenate(suffix), tuple(levels))

    def _head(self) -> list[int]:
        while (line := self._next(ended="no \\data\\ line: not an ARPA file")) != b"\\data\\":
            pass
        counts: list[int] = []
        while found := re.fullmatch(rb"ngram +([0-9]{1,4}) *= *([0-9]{1,18})", line := self._next()):
            if int(found[1]) != len(counts) + 1 or len(counts) == _HIGHEST:
                self._wrong(f"orders must be 1, 2, … up to {_HIGHEST}, one after the other")
            counts.append(int(found[2]))
        if not counts:
            self._wrong("ngram 1=COUNT was expected here")
        self._begins(line, 1)
        return counts

    def _unigrams(self, count: int) -> tuple[list[str], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        words: list[str] = []
        scores, weights = [0.0], [0.0]
        for _ in range(count):
            score, (word,), weight = self._gram(1)
            if word in self.numbers:
                self._wrong(f"the word '{_text(word)}' stands here twice")
            self.numbers[word] = len(words)
            try:
                words.append(word.decode("utf-8"))
            except UnicodeDecodeError:
                self._wrong("not UTF-8; convert the file")
            scores.append(score)
            weights.append(weight)
        for sign in (BEGIN, END):
            if sign.encode() not in self.numbers:
                self._wrong(f"the 1-grams lack {sign}, which every sentence needs")
        if UNKNOWN.encode() not in self.numbers:
            words.append(UNKNOWN)
            scores.append(_LEAST)
            weights.append(0.0)
        return words, np.array(scores, np.float32), np.array(weights, np.float32)

    def _section(
        self, order: int, count: int, shorter: Trie
    ) -> tuple[Ints, npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return keys, probabilities and weights of the n-grams of one order, sorted by key."""
        self._begins(self._next(), order)
        start = self.number
        ids: list[int] = []
        scores, weights, places = [], [], []
        for _ in range(count):
            score, words, weight = self._gram(order)
            try:
                ids.extend([self.numbers[word] for word in words])
            except KeyError as error:
                self._wrong(f"the word '{_text(error.args[0])}' is not among the 1-grams")
            scores.append(score)
            weights.append(weight)
            places.append(self.number)
        table = np.array(ids, dtype=np.int64).reshape(count, order)
        node = np.zeros(count, np.int64)
        for column in range(order - 1):
            node = np.where(node < 0, -1, shorter.find(np.maximum(node, 0), table[:, column]))
        for row in np.flatnonzero(node < 0)[:1]:
            self.number = places[row]
            self._wrong(f"its first {order - 1} words are not among the {order - 1}-grams")
        made = node * shorter.width + table[:, -1]
        by_key = np.argsort(made, kind="stable")
        made = made[by_key]
        for row in np.flatnonzero(made[1:] == made[:-1])[:1]:
            self.number = places[by_key[row + 1]]
            self._wrong("this n-gram stands here twice")
        assert start <= self.number
        return made, np.array(scores, np.float32)[by_key], np.array(weights, np.float32)[by_key]

    def _gram(self, order: int) -> tuple[float, list[bytes], float]:
        line = self._next()
        fields = line.split()
        if len(fields) not in (order + 1, order + 2):
            more = " (the head announces more n-grams)" if line.startswith(b"\\") else ""
            self._wrong(f"a {order}-gram has a number, {order} words and perhaps another number{more}")
        try:
            score, weight = float(fields[0]), float(fields[order + 1]) if len(fields) > order + 1 else 0.0
        except ValueError:
            self._wrong("what should be a logarithm is not a number")
        if not -math.inf < score <= 1e-4 or not math.isfinite(weight):
            self._wrong("the logarithm of a probability must be a finite number of at most 0")
        return min(score, 0.0), fields[1 : order + 1], weight

    def _begins(self, line: bytes, order: int) -> None:
        if line != f"\\{order}-grams:".encode():
            self._wrong(f"\\{order}-grams: was expected here")

    def _next(self, ended: str = "the file ends too soon; copy it again") -> bytes:
        """Return the next line that is not empty, without the space around it."""
        while line := self.file.readline(_LONGEST):
            self.number += 1
            if len(line) == _LONGEST:
                self._wrong(f"a line of more than {_LONGEST} bytes; this is no ARPA file")
            if line := line.strip():
                return line
        raise DamagedFile(f"{self.path}: {ended}")

    def _wrong(self, what: str) -> NoReturn:
        raise DamagedFile(f"{self.path}:{self.number}: {what}")


def _suffixes(trie: Trie, suffix: Ints, keys: Ints) -> Ints:
    """Return for new n-grams the node of the longest other one that each ends with (as Aho and Corasick, 1975)."""
    parents, words = np.divmod(keys, trie.width)
    node = suffix[parents]
    found = trie.find(node, words)
    while (missing := np.flatnonzero(found < 0)).size:
        node[missing] = suffix[node[missing]]
        found[missing] = trie.find(node[missing], words[missing])
    return found


def _text(word: bytes) -> str:
    return word.decode("utf-8", errors="replace")
