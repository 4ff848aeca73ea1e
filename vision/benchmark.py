"""The image cases: scikit-learn's digits, which are real and ship with it, and CIFAR-10 where the data lies."""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..core.batch import Examples
from ..core.benchmark import Case, Peer, Split, data_root, fold
from ..core.config import override
from .pipeline import ImageClassifier


def _digits(seed: int) -> Split:
    """1,797 handwritten digits of 8 × 8 pixels (Alpaydin and Kaynak, 1998); seeds 0 to 4 are the five folds."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return fold(ImageClassifier().read(digits.images, digits.target), seed)


def _cifar10(seed: int) -> Split:
    """CIFAR-10 (Krizhevsky, 2009), the official split, JPEG-encoded."""
    return Split(_archive("train"), _archive("test"))


def _archive(name: str) -> Examples:
    """Read `NAME.tar.xz` with paths NAME/class/number.jpg, in the order of the paths."""
    root = data_root()
    assert root is not None, "a case that needs data runs only where it is"
    with tarfile.open(root / "vision" / "cifar10" / f"{name}.tar.xz", "r:xz") as archive:
        found = {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}  # type: ignore[union-attr]
    paths = sorted(found)
    examples = ImageClassifier().read([found[path] for path in paths], [path.split("/")[-2] for path in paths])
    return examples


def _hymenoptera(seed: int) -> Split:
    """Ants and bees: 245 photographs for training, 153 for the test (the set of PyTorch's tutorial)."""
    root = data_root()
    assert root is not None, "a case that needs data runs only where it is"
    reader = ImageClassifier(config=override(ImageClassifier().resolve(), {"features": {"size": 224}}))
    train, test = (reader.read(root / "vision" / "hymenoptera_256" / part) for part in ("train", "val"))
    return Split(train, test)


CASES = (
    Case(name="digits", about="handwritten digits of 8 × 8 pixels", load=_digits),
    Case(name="cifar10", about="CIFAR-10, the official split", load=_cifar10, needs="vision/cifar10"),
    Case(name="hymenoptera", about="ants and bees, 245 photographs", load=_hymenoptera, needs="vision/hymenoptera_256"),
)


def _peer(work: str, case: str) -> Peer:
    return Peer(f"timm and Hugging Face, {work}", case, (sys.executable, "-m", "fourfold.vision.peers", work, case))


PEERS = tuple(
    _peer(work, case) for case in ("cifar10", "hymenoptera") for work in ("training", "augmentation", "prediction")
)

_SHADES = " ░▒▓█"


def show(model: ImageClassifier, folder: Path) -> Iterator[str]:
    """Yield a few digits of the test fold as drawings, with what is said of each below."""
    test = _digits(0).test
    assert test.labels is not None
    few = test.take(np.arange(0, len(test), len(test) // 4)[:4])
    answers = model(few)
    drawings = [drawn(image) for image in few.inputs[:]]
    for line in zip(*drawings, strict=True):
        yield "   ".join(line)
    said = [f"a {answer.label} ({answer.probability:.0%})" for answer in answers]
    yield "   ".join(text.ljust(len(drawings[0][0])) for text in said)


def drawn(image: Any) -> list[str]:
    """Return an image (S, S, C) as lines of two characters a pixel, its brightest pixel full.

    >>> drawn(np.array([[[0], [255]]], np.uint8))
    ['  ██']
    """
    grey = np.asarray(image, np.float32).mean(axis=2)
    steps = np.rint(grey / max(float(grey.max()), 1e-6) * (len(_SHADES) - 1)).astype(int)
    return ["".join(2 * _SHADES[step] for step in row) for row in steps]
