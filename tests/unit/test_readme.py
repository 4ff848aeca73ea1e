"""The README's commands and snippets run as they stand, on small generated data."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from console import fourfold
from domain_data import clicks, images, texts, write_csv, write_sounds
from PIL import Image

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"<!-- test: (\w+) -->\n```(\w*)\n(.*?)```", re.DOTALL)


def reviews(folder: Path) -> None:
    for seed, name in enumerate(("reviews.csv", "more.csv")):
        write_csv(folder / name, ["text", "label"], zip(*texts(80, seed), strict=True))


def pictures(folder: Path) -> None:
    names = {"digit 0": "none", "digit 1": "one", "digit 2": "three"}
    for number, (pixels, label) in enumerate(zip(*images(90, 0), strict=True)):
        place = folder / "pictures" / names[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{number}.png")
    first = min((folder / "pictures" / "three").iterdir())
    first.rename(first.with_name("0.png"))


def click_log(folder: Path) -> None:
    frame, labels = clicks(120, 0)
    frame.assign(clicked=labels).to_csv(folder / "clicks.csv", index=False)


def clips(folder: Path) -> None:
    (folder / "clips").mkdir()
    table = write_sounds(folder / "clips", 40, 0)
    rows = [row.split(",") for row in table.read_text().splitlines()[1:]]
    write_csv(folder / "clips.csv", ["audio", "text"], [(f"clips/{name}", text) for name, text in rows])


PREPARE = {"nlp": reviews, "tune": reviews, "vision": pictures, "recsys": click_log, "speech": clips}


@pytest.mark.parametrize("domain", sorted(PREPARE))
def test_what_the_readme_shows_works(domain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    PREPARE[domain](tmp_path)
    blocks = [(kind, text) for name, kind, text in BLOCK.findall((ROOT / "README.md").read_text()) if name == domain]
    assert [kind for kind, _ in blocks] == [*[""] * (2 if domain == "nlp" else 1), "python"]
    for kind, text in blocks:
        if kind == "python":
            exec(compile(text, "README.md", "exec"), {})
            continue
        for line in text.splitlines():
            done = fourfold(*shlex.split(line)[1:])
            assert done.code == 0, (line, done.err)
