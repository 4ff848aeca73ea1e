"""Data sets of torchvision: downloaded once, and whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from torchvision import datasets

from fourfold.vision.data import read


class Slow(datasets.vision.VisionDataset):
    """A data set of two images whose download may be broken off after the first; like others it looks at its folder
    alone."""

    downloads = 0
    broken_off = False
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
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        self.files = sorted(folder.iterdir())

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, row: int) -> tuple[Image.Image, int]:
        return Image.open(self.files[row]), row


def test_a_download_that_was_broken_off_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets, "FakeData", Slow)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Slow, "broken_off", True)
        read("torchvision:FakeData")
    for _ in range(2):
        for split in ("train", "test"):
            assert read(f"torchvision:FakeData:{split}").labels.tolist() == ["dark", "light"]
    assert Slow.downloads == 3
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["kept-torchvision"]
