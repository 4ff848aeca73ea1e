"""Encodings are told from the bytes: surely where they can be, and by real sentences where they cannot."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.core.tables import read_table
from fourfold.core.tables.encodings import Encoding, detect

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"), min_size=1, max_size=200)
WESTERN = [
    "Le café où nous déjeunâmes était fermé dès l’été, hélas.",
    "Über größere Straßen fährt man schöner; er weiß es längst.",
    "El niño pidió más azúcar; ¿cómo está usted, señor?",
    "På ön åt vi räksmörgåsar och gick sedan över ån.",
    "A ação começou amanhã? Não, já terminou às três.",
    "The hero’s “final” stand — 20 % over 30 °C, for £5 or €6…",
    "Perché no? È così che si fa, più o meno.",
    "an ASCII sentence with one caf\u00e9",
]
CHINESE = [
    "这部电影的导演非常出色，演员的表演也很自然，值得一看。",
    "词汇阅读是关键 08年考研暑期英语复习全指南",
    "中国人民公安大学2012年硕士研究生目录及书目",
    "送餐很快，味道不错！",
    "体验2D巅峰 倚天屠龙记十大创新概览",
    "好",
    "The film 霸王别姬 is a classic, 值得一看",
    "「開放中文轉碼」這個網站提供繁體中文的轉換服務。",
]


@pytest.mark.parametrize("text", WESTERN)
def test_western_sentences(text: str) -> None:
    assert detect(text.encode("cp1252")) == Encoding("Windows-1252", "cp1252")


@pytest.mark.parametrize("text", CHINESE)
def test_chinese_sentences(text: str) -> None:
    assert detect(text.encode("gb18030")) == Encoding("GB18030", "gb18030")


@pytest.mark.parametrize("text", [*WESTERN, *CHINESE])
@pytest.mark.parametrize(("codec", "name"), [("utf-16-le", "UTF-16 LE"), ("utf-16-be", "UTF-16 BE")])
def test_utf_16_without_a_mark(text: str, codec: str, name: str) -> None:
    """A table has ASCII in it: the header, the delimiters, the ends of lines."""
    found = detect(f"text,label\n{text},1\n".encode(codec))
    assert found is not None and found.name == name


@settings(max_examples=200)
@given(st.lists(TEXT, min_size=1, max_size=20), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.booleans())
def test_what_is_sure_is_read_back(texts: list[str], codec: str, packed: bool) -> None:
    import gzip
    import json

    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    raw = lines.encode(codec)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("t.jsonl.gz" if packed else "t.jsonl")
        path.write_bytes(gzip.compress(raw) if packed else raw)
        table = read_table(path)
    assert table.strings("text") == texts
    name = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with BOM", "utf-16": "UTF-16 LE"}[codec]
    assert table.encoding == name
    assert table.notes == ((f"{path.name}: read as UTF-16 LE",) if codec == "utf-16" else ())


@settings(max_examples=100)
@given(st.lists(st.sampled_from(CHINESE[:5]), min_size=1, max_size=30), st.lists(st.sampled_from(WESTERN), max_size=30))
def test_a_mixture_is_read_as_it_was_written(chinese: list[str], western: list[str]) -> None:
    """Any file of Chinese sentences with ASCII ones among them is GB18030, any of Western ones Windows-1252."""
    plain = [text.encode("ascii", "ignore").decode() for text in western]
    for codec, texts in (("gb18030", [*chinese, *plain]), ("cp1252", western or WESTERN)):
        raw = "\n".join(["text\tlabel", *(f"{text}\t1" for text in texts)]).encode(codec)
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "t.tsv").write_bytes(raw)
            table = read_table(Path(folder) / "t.tsv")
        assert table.strings("text") == texts
        assert table.encoding == {"gb18030": "GB18030", "cp1252": "Windows-1252"}[codec]


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    found = detect(raw)
    assert found is None or found == detect(raw)
    if found is not None and found.name in ("UTF-8", "Windows-1252"):
        raw.decode(found.codec)


@pytest.mark.parametrize(
    "raw",
    [
        "привет, это не то".encode("cp1251"),
        "привет, это не то".encode("koi8-r"),
        b"plain \x81 and broken",
        b"a,b\n" * 40 + b"x\0,1\n",
        b"ab\0\0cd\0\0",
        bytes(range(256)),
    ],
)
def test_what_is_none_of_them(raw: bytes) -> None:
    assert detect(raw) is None


def test_ascii_is_utf_8() -> None:
    found = detect(b"plain")
    assert found is not None and found.name == "UTF-8" and detect(b"") == found
