"""The page holds every row, its command and its verdict, loads nothing, and shows it in a real browser."""

from __future__ import annotations

import html
import html.parser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from made_up_runs import ladder, results, row

from fourfold.core.benchmark.page import render
from fourfold.core.benchmark.page.plots import decades, front
from fourfold.core.benchmark.results import Results


class Page(html.parser.HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "input", "br", "line", "rect", "circle", "polyline", "polygon", "i"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        if tag != "i":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())

    def count(self, tag: str, **attributes: str) -> int:
        wanted = attributes.items()
        return sum(name == tag and wanted <= found.items() for name, found in self.tags)


@pytest.fixture
def made(tmp_path: Path) -> Results:
    """Two cases with three seeds, one of which has learning curves; a run that failed, a case passed over, a peer."""
    rows = [one for seed in range(3) for one in ladder(tmp_path, 0.5, 0.8, 0.95, seed=seed)]
    rows += ladder(tmp_path, 0.5, 0.9, 0.85, case="<b>tags</b>")
    rows += [
        row(tmp_path, model, kind, quality, share=share, train_rows=round(1000 * share))
        for share, quality in ((0.1, 0.7), (0.3, 0.75))
        for model, kind in (("svm", "classical"), ("tiny", "core"))
    ]
    rows.append({"domain": "nlp", "case": "toys", "model": "small", "label": "small", "seed": 0, "error": "killed"})
    rows.append({"domain": "vision", "case": "cifar10", "skipped": "FOURFOLD_DATA is not set"})
    rows.append(
        {"case": "toys", "model": "Other", "work": "training", "rows_per_second": 10.0, "ratio": 2.5, "low": 2.0,
         "high": 3.0, "cpu_ratio": 2.25}
    )  # fmt: skip
    return results(tmp_path, rows)


def test_it_says_how_much_weight_the_results_bear(tmp_path: Path) -> None:
    """As they are, whatever the preset would have had."""

    def said(tunes: dict[str, str | None], seeds: int = 2) -> str:
        rows = [
            one | {"tune": tunes.get(one["model"])}
            for seed in range(seeds)
            for one in ladder(tmp_path, 0.5, 0.8, 0.95, seed=seed)
        ]
        found = re.search('<p class="lead">(.*)</p>', render(results(tmp_path, rows)))
        return html.unescape(found[1]) if found else ""

    alone = "Intervals of one seed hold the test rows' chance, not the seed's."
    assert said({}, seeds=1) == f"1 seed, nothing tuned. {alone}"
    rows = [one for seed in range(3) for one in ladder(tmp_path, 0.5, 0.8, 0.95, seed=seed)]
    rows += ladder(tmp_path, 0.5, 0.8, 0.95, case="another")
    assert f"1 to 3 seeds, nothing tuned. {alone}" in html.unescape(render(results(tmp_path, rows)))
    assert said({"svm": "2m", "tiny": "2m"}) == "2 seeds, each rung tuned for up to 2m."
    assert said({"svm": "2m"}) == said({"svm": "2m", "tiny": "5m"}) == "2 seeds, not all tuned alike."


def test_everything_is_on_the_page(made: Results) -> None:
    page = Page(render(made))
    assert not page.open and page.count("article") == 2 and page.count("table", **{"class": "rungs"}) == 2
    for words in (
        "Ship tiny: accuracy", "Ship svm: accuracy", "killed", "FOURFOLD_DATA is not set", "a made-up one",
        "abc1234", "Learning curve", "2.50", "2.00 to 3.00", "Ranks over the cases", "one seed",
        "fourfold bench --case toys --model tiny --seeds 3", "estimated", "3 seeds", "toys of two colours",
    ):  # fmt: skip
        assert words in page.text, words
    assert page.text.count("fourfold bench --case") == 6, "each rung has its command"
    assert page.count("svg", role="img") == 7, "three plots a case, and a curve"


def test_a_pointer_that_rests_shows_the_row(made: Results) -> None:
    titles = re.findall("<title>(.*?)</title>", render(made))
    assert any(
        title.startswith("tiny: accuracy ") and "p50 0.50 ms" in title and "params 12k" in title for title in titles
    )


def test_names_are_escaped_and_nothing_is_loaded(made: Results) -> None:
    text = render(made)
    assert "<b>tags</b>" not in text and "&lt;b&gt;tags&lt;/b&gt;" in text
    page = Page(text)
    assert not page.count("script") and not page.count("img") and "http" not in text.replace("http-equiv", "")
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    links = [found["href"] for tag, found in page.tags if tag == "a"]
    assert links and all(link is not None and page.count("article", id=link[1:]) == 1 for link in links)


def test_nothing_measured_is_a_page_too(tmp_path: Path) -> None:
    page = Page(render(results(tmp_path, [{"domain": "nlp", "case": "imdb", "skipped": "no data"}])))
    assert "no data" in page.text and not page.count("article")


def test_a_value_that_is_none_is_a_dash(tmp_path: Path) -> None:
    rows = [*ladder(tmp_path, 0.5, 0.8, 0.9), row(tmp_path, "small", "core", 0.9, low=None, high=None)]
    assert "small" in Page(render(results(tmp_path, rows))).text


def test_the_front_is_what_nothing_beats() -> None:
    points = [(5.0, 0.9), (1.0, 0.5), (2.0, 0.45), (2.0, 0.7), (9.0, 0.9)]
    assert [points[place] for place in front(points)] == [(1.0, 0.5), (2.0, 0.7), (5.0, 0.9)]


def test_a_logarithmic_axis_has_round_values() -> None:
    assert decades(0.02, 20) == [0.1, 1.0, 10.0] and decades(30, 40) == []


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("needs a Chromium to look at the page")
    return found


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_shows_it(browser: str, made: Results, width: int, dark: bool, tmp_path: Path) -> None:
    """The page as the browser lays it out: a probe writes what it sees, since the page itself runs no script."""
    text = render(made)
    probe = """<script>window.addEventListener("load", () => {
        const seen = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility === "visible";
        const count = (query) => [...document.querySelectorAll(query)].filter(seen).length;
        const style = getComputedStyle(document.body);
        const told = [count("article"), count("table.rungs tbody tr"), count("svg[role=img]"), count("g.point .shape"),
            count(".ladder li .spot"), document.documentElement.scrollWidth <= innerWidth, style.backgroundColor];
        document.body.dataset.told = told.join("|");
    });</script>"""
    path = tmp_path / "page.html"
    unlocked = text.replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'")
    path.write_text(unlocked.replace("</body>", probe + "</body>"), encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += [f"--window-size={width},1600", *(["--blink-settings=preferredColorScheme=0"] if dark else [])]
    shot = tmp_path / "shot.png"
    done = subprocess.run(
        [*command, "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=120, check=False
    )
    told = re.search(r'data-told="([^"]*)"', done.stdout)
    assert told is not None, done.stderr
    articles, rungs, drawings, marks, spots, fits, background = told[1].split("|")
    assert (articles, rungs, drawings, spots) == ("2", "6", "7", "6") and int(marks) >= 2 * 3 * 2
    assert fits == "true", "nothing is wider than the screen but what scrolls by itself"
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 200) == dark
    subprocess.run([*command, f"--screenshot={shot}", path.as_uri()], capture_output=True, timeout=120, check=False)
    assert shot.stat().st_size > 20_000
