"""Mistakes on the page: differences that are marked, pictures, sounds; nothing but these gets in."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.report import Difference, Evaluation, Mark, Media, Mistake
from fourfold.core.report.page import render

PNG, WAV = "data:image/png;base64,iVBORw0KGgo=", "data:audio/wav;base64,UklGRg=="

HOSTILE = "</style></title><script>alert('1')</script><img src=\"https://evil.example/x.png\" onerror='x'>&amp;"


def evaluation() -> Evaluation:
    return Evaluation(domain="speech", data="t", rows=1, model="m", metrics={}, greater_is_better=False)


class Page(HTMLParser):
    """The elements and the names of attributes that a browser finds."""

    def __init__(self, html: str):
        super().__init__()
        self.found: set[tuple[str, ...]] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add((tag, *(name for name, _ in attrs)))


def page(mistake: Mistake) -> str:
    return render(replace(evaluation(), mistakes=(mistake,)))


def differing(*pairs: tuple[str | None, str | None], joint: str = " ") -> Mistake:
    return Mistake(place="1", truth="t", prediction="p", score=1, difference=Difference.of(pairs, joint))


def said(html: str) -> list[str]:
    block = html[html.index('<dl class="said marked">') :]
    return [re.sub("<[^>]*>", "", text) for text in re.findall("<dd>(.*?)</dd>", block, re.S)[:2]]


def test_each_kind_of_change_is_marked_without_colour_too() -> None:
    html = page(differing(("the", "the"), ("cat", "hat"), ("sat", None), (None, "on")))
    assert said(html) == ["the cat sat", "the hat on"]
    assert '<del title="not said">sat</del>' in html
    assert '<ins title="only said">on</ins>' in html
    assert '<mark title="cat → hat">cat</mark>' in html and '<mark title="cat → hat">hat</mark>' in html
    assert "line-through" in html and 'ins::before { content: "+"; }' in html and "underline wavy" in html


words = st.one_of(st.none(), st.sampled_from(["a", "b", "<b>", "&", "世"]))


@settings(max_examples=30)
@given(st.lists(st.tuples(words, words).filter(lambda pair: pair != (None, None)), min_size=1, max_size=6))
def test_both_texts_can_be_read_off(pairs: list[tuple[str | None, str | None]]) -> None:
    truth, heard = ([token for token in side if token is not None] for side in zip(*pairs, strict=True))
    escaped = [
        " ".join(side).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for side in (truth, heard)
    ]
    assert said(page(differing(*pairs))) == [text or "empty" for text in escaped]


def test_characters_stand_close() -> None:
    assert said(page(differing(("世", "世"), ("界", "间"), joint=""))) == ["世界", "世间"]


def test_pictures_and_sounds_are_in_the_page_and_nothing_is_loaded() -> None:
    marks = (Mark(start=0.25, end=0.5, text="cat"),)
    media = (Media(kind="audio", uri=WAV, caption="heard"), Media(kind="image", uri=PNG, caption="seen", marks=marks))
    html = page(replace(differing(("a", "b")), media=media))
    assert f'<audio controls preload="metadata" src="{WAV}"' in html and f'<img src="{PNG}"' in html
    assert '<span style="left: 25.00%; width: 25.00%" title="cat">cat</span>' in html
    assert "default-src 'none'" in html and "media-src data:" in html
    assert all(one.startswith("data:") for one in re.findall(' src="([^"]*)"', html))


@pytest.mark.parametrize(
    "uri",
    ["https://evil.example/a.wav", 'data:audio/wav;base64,A" onplay="x', "data:text/html;base64,AAAA", "", WAV + "\n"],
)
@pytest.mark.parametrize("kind", ["audio", "image"])
def test_other_addresses_are_left_out(uri: str, kind: str) -> None:
    html = page(replace(differing(("a", "b")), media=(Media(kind=kind, uri=uri, caption="x"),)))  # type: ignore[arg-type]
    assert " src=" not in html


def test_hostile_words_and_captions_stay_text() -> None:
    def made(text: str) -> str:
        media = Media(kind="audio", uri=WAV, caption=text)
        return page(replace(differing((text, text + "x"), (text, None), (None, text)), media=(media,)))

    assert Page(made(HOSTILE)).found == Page(made("cat")).found


def test_plain_values_have_no_media_and_no_difference_that_nobody_looked_for() -> None:
    media = (Media(kind="audio", uri=WAV, caption="x"),)
    found = replace(
        evaluation(), mistakes=(replace(differing(("a", None)), media=media), replace(differing(), difference=None))
    ).to_dict()
    first, second = found["mistakes"]
    assert first["difference"] == {"changes": ({"kind": "missing", "truth": "a", "said": ""},), "joint": " "}
    assert "media" not in first and "image" not in first and "difference" not in second
