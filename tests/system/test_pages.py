"""The commands and snippets of the README and the guides run as they stand, on small generated data."""

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


PREPARE = {
    "nlp": reviews,
    "tune": reviews,
    "prototype": reviews,
    "vision": pictures,
    "recsys": click_log,
    "speech": clips,
}
PAGES = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if BLOCK.search(path.read_text())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_works(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    for prepare in {PREPARE[name] for name, _, _ in blocks}:
        prepare(tmp_path)
    for _, kind, text in blocks:
        if kind == "python":
            run_snippet(text, page.name)
            continue
        for line in text.splitlines():
            done = fourfold(*shlex.split(line)[1:])
            assert done.code == 0, (line, done.err)


def run_snippet(text: str, page: str) -> None:
    """Run a snippet; where it makes a web application, ask this for an answer."""
    names: dict[str, object] = {"__name__": "snippet"}
    exec(compile(text, page, "exec", dont_inherit=True), names)
    if "app" in names:
        from fastapi.testclient import TestClient

        with TestClient(names["app"]) as client:
            assert client.get("/classify", params={"text": "a fine film"}).json()["label"] in ("good", "bad")


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), (page.name, link)
