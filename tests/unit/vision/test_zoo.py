"""Data sets of torchvision: downloaded once, and whole or not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from torchvision import datasets

from fourfold.core.errors import DataError
from fourfold.vision.data import read


class Slow(datasets.vision.VisionDataset):
    """A data set of two images whose download may be broken off after the first; like others it looks at its folder
    alone."""

    downloads = 0
    broken_off = False
    missing: Exception = RuntimeError("Dataset not found. You can use download=True to download it")
    classes = ("dark", "light")

    def __init__(self, root: str, train: bool = True, download: bool = False):
        super().__init__(root)
        folder = Path(root) / "slow" / ("train" if train else "test")
        if download and not folder.is_dir():
            type(self).downloads += 1
            folder.mkdir(parents=True)
            for number in range(2):
                if number == 1 and self.broken_off:
                    raise KeyboardInterrupt
                Image.new("L", (9, 9), 255 * number).save(folder / f"{number}.png")
        if not folder.is_dir():
            raise self.missing
        self.files = sorted(folder.iterdir())

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, row: int) -> tuple[Image.Image, int]:
        return Image.open(self.files[row]), row


class Eager(Slow):
    """One that downloads unless it is told not to, as SEMEION."""

    def __init__(self, root: str, train: bool = True, download: bool = True):
        super().__init__(root, train, download)


class Unasked(Slow):
    """One that does not look whether it is there, as USPS."""

    missing = FileNotFoundError(2, "No such file or directory", "usps.bz2")


class Handed(Slow):
    """One that hands the choice of downloading on, as QMNIST."""

    def __init__(self, root: str, train: bool = True, **kwargs: bool):
        super().__init__(root, train, **kwargs)


class Captioned(Slow):
    """One whose labels are texts, as SBU's."""

    def __getitem__(self, row: int) -> Any:
        return super().__getitem__(row)[0], "a caption"


class Undivided(Slow):
    """One without splits, as SEMEION."""

    def __init__(self, root: str, download: bool = False):
        super().__init__(root, True, download)


@pytest.mark.parametrize("kind", [Slow, Eager, Unasked, Handed])
def test_a_download_that_was_broken_off_is_done_again(
    kind: type[Slow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets, "FakeData", kind)
    monkeypatch.setattr(kind, "downloads", 0)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(kind, "broken_off", True)
        read("torchvision:FakeData")
    for _ in range(2):
        for split in ("train", "test"):
            assert read(f"torchvision:FakeData:{split}").labels.tolist() == ["dark", "light"]
    assert kind.downloads == 3
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["kept-torchvision"]


def test_what_has_no_splits_is_no_test_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its training rows would be measured as if they were others."""
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets, "FakeData", Undivided)
    for name in ("torchvision:FakeData", "torchvision:FakeData:train"):
        assert read(name).labels.tolist() == ["dark", "light"]
    with pytest.raises(DataError) as refused:
        read("torchvision:FakeData:test")
    assert str(refused.value) == (
        "torchvision:FakeData:test: cannot be had (it has no splits, so no test); check the split and the network"
    )


def test_what_has_no_classes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets, "FakeData", Captioned)
    with pytest.raises(DataError) as refused:
        read("torchvision:FakeData")
    assert str(refused.value) == (
        "torchvision:FakeData: not a set of images with a class each; give another, such as torchvision:MNIST"
    )
