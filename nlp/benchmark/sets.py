"""Real text sets, as they lie in the folder that FOURFOLD_DATA names."""

from __future__ import annotations

import csv
import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...core.batch import Examples
from ...core.benchmark import Split, data_root, fold
from ..data import read


def ag_news(seed: int) -> Split:
    """AG News (Zhang, Zhao and LeCun, 2015): 10,000 training descriptions, the official test split."""
    folder = _folder("ag_news")
    names = (folder / "classes.txt").read_text(encoding="utf-8").split("\n")
    train = [row for row in _rows(folder / "train_10k_subset.tsv", "\t") if row[1] in names]
    test = [(f"{title} {text}", names[int(number) - 1]) for number, title, text in _rows(folder / "test.csv", ",")]
    return Split(_examples(train), _examples(test))


def thucnews(seed: int) -> Split:
    """THUCNews (Tsinghua University): Chinese headlines of ten classes, its development split for training."""
    folder = _folder("thucnews")
    return Split(_examples(_rows(folder / "dev.txt", "\t")), _examples(_rows(folder / "test.txt", "\t")))


def imdb(seed: int) -> Split:
    """IMDB (Maas et al., 2011): 25,000 film reviews for training and as many for the test."""
    found: dict[str, list[tuple[str, str]]] = {"train": [], "test": []}
    with tarfile.open(_folder("imdb") / "aclImdb_labelled_50k.tar.xz", "r:xz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".txt") else None
            if file is not None:
                split, label = Path(member.name).parts[-3:-1]
                found[split].append((file.read().decode("utf-8"), label))
    return Split(_examples(found["train"]), _examples(found["test"]))


def sst2(seed: int) -> Split:
    """SST-2 (Socher et al., 2013; GLUE): phrases of film reviews, the development split as test."""
    folder = _folder("glue") / "SST-2"
    train, dev = (list(_rows(folder / name, "\t"))[1:] for name in ("train.tsv", "dev.tsv"))
    return Split(_examples(train), _examples(dev))


def clinc150(seed: int) -> Split:
    """CLINC150 (Larson et al., 2019): questions of 150 intents, those in scope."""
    found = _clinc()
    return Split(_examples(found["train"]), _examples(found["test"]), _examples(found["val"]))


def clinc150_outside(seed: int) -> Examples:
    """Return the test questions of CLINC150 that are none of the 150 intents."""
    return read([text for text, _ in _clinc()["oos_test"]])


def waimai(seed: int) -> Split:
    """Waimai: Chinese reviews of delivered food, good or bad; fold `seed` of five."""
    rows = list(_rows(_folder("waimai_10k") / "waimai_10k.csv", ","))[1:]
    return fold(_examples([(text, label) for label, text in rows]), seed)


def sms_spam(seed: int) -> Split:
    """SMS Spam Collection (Almeida, Hidalgo and Yamakami, 2011); fold `seed` of five."""
    lines = (_folder("sms_spam") / "SMSSpamCollection").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t", 1) for line in lines]
    return fold(_examples([(text, label) for label, text in rows]), seed)


def _folder(name: str) -> Path:
    root = data_root()
    assert root is not None, "a case that needs data runs only where it is"
    return root / "nlp" / name


def _rows(path: Path, delimiter: str) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        if delimiter == "\t":
            yield from csv.reader(file, delimiter=delimiter, quoting=csv.QUOTE_NONE)
        else:
            yield from csv.reader(file, delimiter=delimiter)


def _clinc() -> Any:
    return json.loads((_folder("clinc150") / "data_full.json").read_text(encoding="utf-8"))


def _examples(rows: Any) -> Examples:
    pairs: Sequence[Sequence[str]] = list(rows)
    return read([row[0] for row in pairs], [row[1] for row in pairs])
