"""The page: what it says, what it leaves out, and that nothing in the data can act in it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from fourfold.core.metrics import Bin, Interval
from fourfold.core.report import Comparison, Confusion, Evaluation, Mistake, Table
from fourfold.core.report.page import render

HOSTILE = "</style></title><script>alert('1')</script><img src=\"https://evil.example/x.png\" onerror='x'>&amp;"
VOID = {"meta", "br"}
NAN = float("nan")


def evaluation(name: str = "cat", model: str = "tiny", classes: int = 3) -> Evaluation:
    labels = tuple(f"{name} {number}" for number in range(classes))
    counts = tuple(tuple(40 if row == column else 7 for column in range(classes)) for row in range(classes))
    rows = [{"step": step, "loss": 2.0 / step, "lr": 0.001} for step in range(1, 1001)]
    checks = [{"step": 500 * turn, f"valid_{name}": 0.5, "valid_accuracy": 0.6 + turn / 10} for turn in (1, 2)]
    return Evaluation(
        domain="nlp",
        data=name,
        rows=1824,
        model=model,
        metrics={"accuracy": Interval(0.9118, 0.898, 0.925), name: Interval(0.2841, 0.25, 0.32)},
        greater_is_better=True,
        baseline=Comparison(
            name=f"linear {name}",
            metrics={"accuracy": Interval(0.8843, 0.869, 0.899)},
            difference=Interval(0.0275, 0.0159, 0.0394),
        ),
        tables=(Table(title=name, columns=(name, "f1"), rows=((name, 0.98765), (name, NAN))),),
        confusion=Confusion(labels=labels, counts=counts),
        reliability=(Bin(0.6, 0.5, 40), Bin(0.9, 0.95, 160)),
        mistakes=(Mistake(place=name, truth=name, prediction="", score=0.998, shown=name),),
        history=(*rows, *checks),
        facts={name: name, "size": "7.4 MB"},
    )


EMPTY = Evaluation(domain="nlp", data="", rows=0, model="tiny", metrics={}, greater_is_better=True)


class Page(HTMLParser):
    """What a browser makes of the page: elements, attributes and text; raises where tags do not match."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


def headings(html: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", html)


def test_it_says_the_verdict_first_and_then_the_numbers() -> None:
    page = Page(render(evaluation()))
    words = [evaluation().verdict(), "91.2 %", "89.8 % to 92.5 %", "0.2841", "0.2500 to 0.3200", "88.4 %"]
    places = [page.text.index(word) for word in words[:2]]
    assert places == sorted(places)
    for word in [*words, "1,824 rows", "+2.8 points", "0.988", "7.4 MB", "score 0.998"]:
        assert word in page.text
    assert "best 80.0 % at step 1,000" in page.text
    assert "expected calibration error 6.0 points" in page.text


def test_the_order_of_the_sections() -> None:
    found = headings(render(evaluation(name="Classes")))
    assert found == [
        "Beside the baseline",
        "Learning curves",
        "Confusion",
        "Classes",
        "Calibration",
        "Worst mistakes",
        "Sizes and speed",
    ]


def test_hostile_text_stays_text() -> None:
    plain, page = Page(render(evaluation())), Page(render(evaluation(HOSTILE, HOSTILE)))
    assert page.tags == plain.tags
    assert {name for name, _ in page.attributes} == {name for name, _ in plain.attributes}
    assert page.text.count(HOSTILE) >= 10


@pytest.mark.parametrize("html", [render(evaluation(HOSTILE)), render(EMPTY)], ids=["hostile", "empty"])
def test_nothing_is_loaded(html: str) -> None:
    page = Page(html)
    assert not page.tags & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "audio",
        "video",
        "use",
        "a",
    }
    assert not {"src", "href", "srcset", "xlink:href", "action", "data"} & {name for name, _ in page.attributes}
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in html
    assert "http:" not in render(evaluation())
    assert "https:" not in render(evaluation())


def test_control_and_direction_characters_are_written_out() -> None:
    html = render(evaluation("a\0b\x1b[31m\u202ec\x85d\tend\udc80"))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", html)
    assert r"a\x00b\x1b[31m\u202ec\x85d\tend\udc80" in html
    html.encode("utf-8")


def test_line_ends_are_marked_and_empty_text_is_named() -> None:
    html = render(evaluation("one\ntwo"))
    assert "one↵\ntwo" in html
    assert '<dd class="wrong"><i class="empty">empty</i></dd>' in html


def test_long_text_is_clamped_and_cut() -> None:
    base = evaluation()
    short, long = (replace(base.mistakes[0], shown="x" * length) for length in (280, 5000))
    html = render(replace(base, mistakes=(short, long)))
    assert html.count("<details>") == 1
    assert "x" * 4000 + "… and 1,000 characters more" in html


def test_an_empty_evaluation_has_a_verdict_and_no_sections() -> None:
    html = render(EMPTY)
    assert headings(html) == []
    assert "No classical baseline was measured beside tiny." in html
    assert "0 rows" in html


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        (0.01, 0.03, "Better than the baseline"),
        (-0.03, -0.01, "The baseline is better"),
        (-0.1, 0.1, "Not clearly better"),
    ],
)
def test_the_status_says_what_the_interval_says(low: float, high: float, status: str) -> None:
    base = evaluation()
    assert base.baseline is not None
    difference = Interval((low + high) / 2, low, high)
    html = render(replace(base, baseline=replace(base.baseline, difference=difference)))
    assert f'<p class="status">{status}</p>' in html


@pytest.mark.parametrize(
    ("ours", "status"), [(1.0, "Neither beats saying nothing"), (0.98, "Better than the baseline")]
)
def test_two_that_say_nothing_right_are_not_told_apart(ours: float, status: str) -> None:
    base = Comparison(name="templates", metrics={"wer": Interval(1.4, 1.3, 1.5)}, difference=Interval(0.4, 0.3, 0.5))
    heard = replace(EMPTY, metrics={"wer": Interval(ours, ours, ours)}, greater_is_better=False, baseline=base)
    html = render(heard)
    assert f'<p class="status">{status}</p>' in html
    assert ("Ship neither: " in html) == (ours == 1.0)


def test_what_is_no_number_is_a_dash() -> None:
    base = evaluation()
    unknown = Interval(NAN, NAN, NAN)
    other = Comparison(name="linear", metrics={"accuracy": unknown}, difference=unknown)
    html = render(replace(base, metrics={"accuracy": unknown}, baseline=other))
    assert '<p class="status">No verdict</p>' in html
    assert '<p class="big">–</p>' in html
    assert 'class="strip"' not in html
    assert "nan" not in html


@pytest.mark.parametrize(
    ("classes", "cells", "pairs"), [(12, 144, False), (13, 169, True), (40, 1600, True), (41, 0, True)]
)
def test_the_confusion_of_many_classes(classes: int, cells: int, pairs: bool) -> None:
    html = render(evaluation(classes=classes))
    assert len(re.findall(r'<td class="(?:hit|miss)', html)) == cells
    assert ("said instead" in html) is pairs
