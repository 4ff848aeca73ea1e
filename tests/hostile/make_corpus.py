# ruff: noqa: E501 (tables of data)
"""Hostile files for every domain, made by seedless code: `cases()` lists them, `Case.make(folder)` writes one.

`python tests/hostile/make_corpus.py FOLDER` writes them all, but the dangerous ones. What is expected of each stands in
`expected.json`, by its name.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

Make = Callable[[Path], Path]


@dataclass(frozen=True)
class Case:
    """Data that the commands of a domain are given; `dangerous`: in a process of its own, with little memory."""

    name: str
    domain: str
    make: Make
    dangerous: bool = False


def cases() -> list[Case]:
    """Return all cases; names are unique."""
    found = [*_tables(), *_pictures(), *_sounds(), *_archives(), *_no_files(), *_dangers()]
    assert len({case.name for case in found}) == len(found)
    return found


def written(name: str, raw: bytes | str) -> Make:
    """Return what writes a file of that name."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        return folder / name

    return make


# Tables. HEAD and ROW are those of each domain; `{}` in a row is the cell that is spoiled.
HEADS = {"nlp": "text,label", "recsys": "site,device,age,label"}
GOOD = {"nlp": "a fine film,good\na poor film,bad\n", "recsys": "north,phone,30,1\nsouth,desk,40,0\n"}
CELL = {"nlp": "{},good\n", "recsys": "{},phone,30,1\n"}
LABEL = {"nlp": "a fine film,{}\n", "recsys": "north,phone,30,{}\n"}
FIRST = {"nlp": "text", "recsys": "site"}

CELLS = {
    "formula": "=cmd()|'/c calc'!A1", "plus formula": "+1+cmd()", "minus formula": "-2+3+cmd()", "at formula": "@SUM(1)",
    "tab formula": '"\t=1+1"', "script": "<script>alert(1)</script>", "escape": "\x1b[31mred\x1b[0m", "bell": "\a\b",
    "title escape": "\x1b]0;owned\x07", "C1 escape": "\x9b31m", "bidi": "\u202egnp.exe", "zero width": "\u200b\u200d",
    "line separator": "a\u2028b\u2029c", "NaN": "NaN", "infinity": "inf", "minus infinity": "-Infinity",
    "beyond 64 bits": "9" * 25, "400 digits": "9" * 400, "hex": "0x10", "huge exponent": "1e999", "null": "null",
    "path": "../../etc/passwd", "template": "{{7*7}}", "sql": "'; DROP TABLE x;--", "long word": "a" * 100_000,
    "combining": "e" + "\u0301" * 2_000, "private": "\ue000\uf8ff", "emoji": "👩‍👩‍👧‍👦" * 50, "spaces": "   ",
    "quotes": '"""""""" "', "newline": '"a\nb"', "carriage return": '"a\rb"', "byte-order mark": "\ufeffa",
    "percent": "%s%n%x", "backslashes": "\\\\\\x00\\u0000",
}  # fmt: skip


def _tables() -> Iterator[Case]:
    for domain, head in HEADS.items():
        good = GOOD[domain]
        plain = f"{head}\n{good}"
        for name, cell in CELLS.items():
            yield Case(f"{domain}/cell: {name}", domain, written("t.csv", plain + CELL[domain].format(cell)))
            if name not in ("long word", "combining"):
                yield Case(f"{domain}/label: {name}", domain, written("t.csv", plain + LABEL[domain].format(cell)))
        for name, (file, raw) in _files(head, good, FIRST[domain]).items():
            yield Case(f"{domain}/table: {name}", domain, written(file, raw))


def _files(head: str, good: str, first: str) -> dict[str, tuple[str, bytes | str]]:
    plain = f"{head}\n{good}"
    columns = head.split(",")
    rows = [dict(zip(columns, line.split(","), strict=True)) for line in good.splitlines()]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    packed = gzip.compress(plain.encode())
    deep = "[" * 50_000 + "]" * 50_000
    return {
        "empty": ("t.csv", b""), "blank": ("t.csv", " \n\n"), "header alone": ("t.csv", head + "\n"),
        "no newline": ("t.csv", plain.rstrip("\n")), "CRLF": ("t.csv", plain.replace("\n", "\r\n")),
        "CR alone": ("t.csv", plain.replace("\n", "\r")), "BOM": ("t.csv", "\ufeff" + plain),
        "two BOMs": ("t.csv", "\ufeff\ufeff" + plain), "UTF-16": ("t.csv", plain.encode("utf-16")),
        "UTF-16 BE": ("t.csv", plain.encode("utf-16-be")), "UTF-32": ("t.csv", plain.encode("utf-32")),
        "half of UTF-16": ("t.csv", plain.encode("utf-16")[:-1]), "UTF-7": ("t.csv", plain.encode("utf-7")),
        "Latin": ("t.csv", plain.replace("a", "é").encode("cp1252")), "wrong byte": ("t.csv", plain.encode() + b"\x81,1"),
        "overlong": ("t.csv", plain.encode() + b"\xc0\xaf,1\n"), "surrogate": ("t.csv", plain.encode() + b"\xed\xa0\x80,1"),
        "NUL": ("t.csv", plain + "a\0b"), "NULs alone": ("t.csv", b"\0" * 5_000), "NUL in header": ("t.csv", "\0" + plain),
        "binary": ("t.csv", bytes(range(256)) * 20), "PNG as CSV": ("t.csv", png()), "WAV as CSV": ("t.csv", wav()),
        "zip as CSV": ("t.csv", zipped({"a": b"b"})), "ELF": ("t.csv", b"\x7fELF\2\1\1" + bytes(500)),
        "open quote": ("t.csv", plain + '"never closed,1\n' + good), "open quote in header": ("t.csv", '"' + plain),
        "wide row": ("t.csv", plain + "1,2,3,4,5,6\n"), "short row": ("t.csv", plain + "1\n"),
        "duplicate columns": ("t.csv", f"{head},{first}\n" + good.replace("\n", ",x\n")),
        "unnamed columns": ("t.csv", "," * (len(columns) - 1) + "\n" + good), "empty column": ("t.csv", f"{head},\n" + good.replace("\n", ",\n")),
        "missing column": ("t.csv", plain.replace(first, "other", 1)), "other case": ("t.csv", plain.replace(first, first.upper(), 1)),
        "HTML column": ("t.csv", plain.replace(first, "<script>", 1)), "escape column": ("t.csv", plain.replace(first, "\x1b[31m", 1)),
        "semicolons": ("t.csv", plain.replace(",", ";")), "tabs as CSV": ("t.csv", plain.replace(",", "\t")),
        "commas as TSV": ("t.tsv", plain), "label leaks": ("t.csv", f"{head},copy\n" + "".join(f"{line},{line.rsplit(',', 1)[1]}\n" for line in good.splitlines())),
        "unknown ending": ("t.xlsx", plain), "no ending": ("t", plain), "gzip": ("t.csv.gz", packed),
        "cut gzip": ("t.csv.gz", packed[:-9]), "no gzip": ("t.csv.gz", plain), "gzip of nothing": ("t.csv.gz", gzip.compress(b"")),
        "gzip with an end": ("t.csv.gz", packed + b"more"), "spoiled gzip": ("t.csv.gz", packed[:12] + b"\xff\xff" + packed[14:]),
        "JSON lines": ("t.jsonl", lines), "broken JSON line": ("t.jsonl", lines + '{"a": \n'), "JSON line of a list": ("t.jsonl", lines + "[1]\n"),
        "deep JSON line": ("t.jsonl", lines + deep + "\n"), "deep JSON": ("t.json", deep), "deep object": ("t.json", '{"data":' * 50_000),
        "deep cell": ("t.jsonl", lines + json.dumps(rows[0]).replace(f'"{rows[0][first]}"', "[" * 200 + "]" * 200) + "\n"),
        "JSON list": ("t.json", json.dumps(rows)), "JSON number": ("t.json", "1"), "JSON null": ("t.json", "null"), "JSON data": ("t.json", json.dumps({"data": rows})),
        "JSON list of numbers": ("t.json", "[1, 2]"), "cut JSON": ("t.json", json.dumps(rows)[:-2]), "JSON of 9,999 digits": ("t.json", "[" + "9" * 9_999 + "]"),
        "JSON line of 9,999 digits": ("t.jsonl", lines + '{"a": ' + "9" * 9_999 + "}\n"), "NaN in JSON": ("t.jsonl", lines.replace(f'"{rows[0][first]}"', "NaN", 1)),
        "null in JSON": ("t.jsonl", lines.replace(f'"{rows[0][first]}"', "null", 1)), "number in JSON": ("t.jsonl", lines.replace(f'"{rows[0][first]}"', "1e400", 1)),
        "list in JSON": ("t.jsonl", lines.replace(f'"{rows[0][first]}"', "[1, [2]]", 1)), "object in JSON": ("t.jsonl", lines.replace(f'"{rows[0][first]}"', '{"a": 1}', 1)),
        "lone surrogate in JSON": ("t.jsonl", lines.replace(rows[0][first], "\\ud800", 1)), "NUL in JSON": ("t.jsonl", lines.replace(rows[0][first], "\\u0000", 1)),
        "JSON keys twice": ("t.jsonl", lines.replace("{", '{"label": "x", ', 1)), "JSON without keys": ("t.jsonl", "{}\n{}\n"),
        "no Parquet": ("t.parquet", plain), "empty Parquet": ("t.parquet", b""), "Parquet of marks": ("t.parquet", b"PAR1" + bytes(40) + b"PAR1"),
        "Parquet with a huge footer": ("t.parquet", b"PAR1" + bytes(8) + struct.pack("<I", 2**31 - 1) + b"PAR1"),
    }  # fmt: skip


# Pictures: each lies beside a good one in a table of paths.
def png(width: int = 8, height: int = 8, mode: str = "L", form: str = "PNG") -> bytes:
    file = io.BytesIO()
    shape = (height, width) if mode == "L" else (height, width, len(mode))
    Image.fromarray((np.arange(np.prod(shape)) % 251).astype(np.uint8).reshape(shape)).save(file, form)
    return file.getvalue()


def header_of_png(width: int, height: int, depth: int = 8, colour: int = 0, data: bytes = b"") -> bytes:
    """Return a PNG of a header that says what it is told to."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def _images() -> dict[str, bytes]:
    good = png(24, 24)
    found = {
        "nothing": b"", "text": b"hello, I am a text", "zeros": bytes(1_000), "WAV": wav(), "zip": zipped({"a.png": good}),
        "PNG mark alone": good[:8], "PNG and more": good + b"<?php system($_GET[0]) ?>", "PNG with a wrong sum": good[:40] + b"\xff" + good[41:],
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "HTML": b"<html><script>1</script></html>",
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n", "PDF": b"%PDF-1.4\n1 0 obj<</JS (app.alert(1))>>endobj",
        "0 x 0": header_of_png(0, 0), "0 x 8": header_of_png(0, 8), "1 x 1": png(1, 1), "1 x 5000": png(1, 5_000), "5000 x 1": png(5_000, 1),
        "50,000 x 50,000": header_of_png(50_000, 50_000), "2^31 - 1 wide": header_of_png(2**31 - 1, 1), "2^31 - 1 square": header_of_png(2**31 - 1, 2**31 - 1),
        "12,000 x 12,000": header_of_png(12_000, 12_000), "64 bits deep": header_of_png(8, 8, 64), "colour 9": header_of_png(8, 8, 8, 9),
        "no pixels": header_of_png(24, 24), "PPM of a huge header": b"P6 99999999 99999999 255\n" + bytes(10), "PPM below 0": b"P6 -1 -1 255\n" + bytes(10),
        "PGM of words": b"P2 2 2 255\na b c d", "GIF of a huge screen": b"GIF89a" + struct.pack("<HH", 65535, 65535) + bytes(3) + b";",
        "BMP of a huge header": b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 2**30, 2**30, 1, 24, 0, 0, 0, 0, 0, 0),
        "TIFF in a circle": b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<HHII", 256, 4, 1, 8) + struct.pack("<I", 8),
        "WebP of nothing": b"RIFF\x10\0\0\0WEBPVP8 \0\0\0\0", "JPEG mark alone": b"\xff\xd8\xff", "JPEG of a huge header": b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xd9",
    }  # fmt: skip
    for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        raw = png(24, 24, "RGB", form)
        found |= {f"{form} cut at {share}%": raw[: len(raw) * share // 100] for share in (2, 30, 95)}
    return found


def _pictures() -> Iterator[Case]:
    for name, raw in _images().items():
        yield Case(f"vision/image: {name}", "vision", _beside(raw, "x.png", png(), "good.png", "path"))
    for name, path in PATHS.items():
        yield Case(f"vision/path: {name}", "vision", _listed(path, png(), "good.png", "path"))


PATHS = {
    "absolute": "/etc/passwd", "above": f"{12 * '../'}etc/passwd", "device": "/dev/zero", "nowhere": "nowhere.png",
    "a folder": ".", "a URL": "http://localhost:1/x.png", "a file URL": "file:///etc/passwd", "long": "x" * 5_000,
    "escape": "\x1b[31mx.png", "formula": "=cmd().png", "pattern": "*.png", "home": "~/x.png", "pipe": "|id",
}  # fmt: skip


def _beside(raw: bytes, name: str, good: bytes, other: str, column: str) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(raw)
        return _listed(name, good, other, column)(folder)

    return make


def _listed(path: str, good: bytes, other: str, column: str) -> Make:
    def make(folder: Path) -> Path:
        (folder / other).write_bytes(good)
        (folder / "t.csv").write_text(f"{column}\n{other}\n{path}\n", encoding="utf-8")
        return folder / "t.csv"

    return make


# Sounds.
def wav(
    *, rate: int = 8000, channels: int = 1, bits: int = 16, kind: int = 1, size: int | None = None, data: bytes | None = None
) -> bytes:  # fmt: skip
    """Return a WAV with a header that says what it is told to."""
    data = np.tile(np.array([9, 300, -300], "<i2"), 1_500).tobytes() if data is None else data
    width = channels * bits // 8
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, kind, channels, rate, rate * width % 2**32, width % 2**16, bits)
    head = struct.pack("<4sI", b"data", len(data) if size is None else size)
    return b"RIFF" + struct.pack("<I", 28 + len(data)) + b"WAVE" + form + head + data


def _waves() -> dict[str, bytes]:
    good = wav()
    found = {
        "nothing": b"", "text": b"hello, I am a text", "zeros": bytes(1_000), "PNG": png(), "ID3 of a huge size": b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(90),
        "mark alone": good[:12], "half a header": good[:20], "header alone": good[:44], "half": good[:4_000], "one byte less": good[:-1], "more behind": good + b"LIST" + bytes(9),
        "no samples": wav(data=b""), "one sample": wav(data=b"\1\2"), "0 channels": wav(channels=0), "8 channels": wav(channels=8), "9 channels": wav(channels=9),
        "65,535 channels": wav(channels=65_535), "0 Hz": wav(rate=0), "1 Hz": wav(rate=1), "4 GHz": wav(rate=2**32 - 1), "size of 4 GB": wav(size=2**32 - 1),
        "size 0": wav(size=0), "size beyond the file": wav(size=10**6), "0 bits": wav(bits=0), "64 bits": wav(bits=64), "7 bits": wav(bits=7), "kind 0": wav(kind=0), "kind 65,535": wav(kind=65_535),
        "ADPCM": wav(kind=2, bits=4), "not a number": wav(kind=3, bits=32, data=np.full(4_000, np.nan, "<f4").tobytes()), "infinite": wav(kind=3, bits=32, data=np.full(4_000, np.inf, "<f4").tobytes()),
        "too loud": wav(kind=3, bits=32, data=np.full(4_000, 1e30, "<f4").tobytes()), "silence": wav(data=bytes(8_000)), "RF64": b"RF64" + good[4:], "RIFX": b"RIFX" + good[4:],
        "AIFF mark": b"FORM\0\0\0\x20AIFFCOMM", "AU of a huge header": b".snd" + struct.pack(">IIIII", 2**31, 2**31, 3, 8_000, 1), "Ogg mark": b"OggS" + bytes(50), "FLAC mark": b"fLaC" + bytes(40),
    }  # fmt: skip
    wave = (0.3 * np.sin(np.arange(4_000) * 0.3)).astype(np.float32)
    for form in ("FLAC", "OGG", "MP3"):
        file = io.BytesIO()
        soundfile.write(file, wave, 8_000, format=form)
        raw = file.getvalue()
        found |= {f"{form} cut at {share}%": raw[: len(raw) * share // 100] for share in (3, 40, 90)}
    return found


def _sounds() -> Iterator[Case]:
    for name, raw in _waves().items():
        yield Case(f"speech/sound: {name}", "speech", _beside(raw, "x.wav", wav(), "good.wav", "audio"))
    for name, path in PATHS.items():
        make = _listed(path.replace(".png", ".wav"), wav(), "good.wav", "audio")
        yield Case(f"speech/path: {name}", "speech", make)


# Archives.
def zipped(files: dict[str, bytes], **settings: Any) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = settings.get("mode", 0o644) << 16
            archive.writestr(info, raw)
    return file.getvalue()


def tarred(name: str, raw: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for one, body, what in (("a/good.png", png(), tarfile.REGTYPE), (name, raw, kind)):
            info = tarfile.TarInfo(one)
            info.size, info.type, info.linkname = len(body), what, link if what != tarfile.REGTYPE else ""
            archive.addfile(info, io.BytesIO(body))
    return file.getvalue()


def _archives() -> Iterator[Case]:
    good = {"a/good.png": png(), "b/good.png": png(9, 9)}
    slips = (
        "../x.png",
        "../../../../tmp/x.png",
        "/tmp/x.png",
        "a/../../x.png",
        "..\\x.png",
        "C:\\x.png",
        "a\\..\\..\\x.png",
    )
    files: dict[str, tuple[str, bytes]] = {
        f"zip slip {name}": ("t.zip", zipped(good | {name: png()})) for name in slips
    }
    files |= {f"tar slip {name}": ("t.tar", tarred(name, png())) for name in slips}
    whole = zipped(good)
    lies = bytearray(whole)
    place = lies.index(b"PK\1\2")
    lies[place + 24 : place + 28] = struct.pack("<I", 2**32 - 2)
    files |= {
        "zip": ("t.zip", whole), "cut zip": ("t.zip", whole[:-30]), "half a zip": ("t.zip", whole[: len(whole) // 2]), "empty zip": ("t.zip", b""),
        "text as zip": ("t.zip", b"hello"), "zip of nothing": ("t.zip", zipped({})), "zip of links": ("t.zip", zipped({"a/x.png": b"/etc/passwd"}, mode=0o120777)),
        "zip that lies about a size": ("t.zip", bytes(lies)), "zip with long names": ("t.zip", zipped(good | {"a/" + "x" * 5_000 + ".png": png()})),
        "zip with an escape": ("t.zip", zipped(good | {"a/\x1b[31m.png": b"no image"})), "zip with a file as folder": ("t.zip", zipped(good | {"a/good.png/x.png": png()})),
        "zip in a zip": ("t.zip", zipped({"a/x.zip": whole})), "spoiled zip": ("t.zip", whole[:50] + b"\xff" * 9 + whole[59:]), "tar as zip": ("t.zip", tarred("a/x.png", png())),
        "zip as tar": ("t.tar", whole), "empty tar": ("t.tar", b""), "cut tar": ("t.tar", tarred("a/x.png", png())[:700]), "text as tar": ("t.tar", b"hello" * 200),
        "tar with a link": ("t.tar", tarred("a/x.png", b"", tarfile.SYMTYPE, "/etc/passwd")), "tar with a hard link": ("t.tar", tarred("a/x.png", b"", tarfile.LNKTYPE, "/etc/passwd")),
        "tar with a device": ("t.tar", tarred("a/x.png", b"", tarfile.CHRTYPE)), "tar with a pipe": ("t.tar", tarred("a/x.png", b"", tarfile.FIFOTYPE)),
        "tgz that is none": ("t.tar.gz", tarred("a/x.png", png())), "cut tgz": ("t.tar.gz", gzip.compress(tarred("a/x.png", png()))[:-20]), "xz of nothing": ("t.tar.xz", b"\xfd7zXZ\0"),
    }  # fmt: skip
    for name, (file, raw) in files.items():
        yield Case(f"vision/archive: {name}", "vision", written(file, raw))


# What is no plain file.
def _no_files() -> Iterator[Case]:
    names = {"nlp": "t.csv", "recsys": "t.csv", "vision": "t.png", "speech": "t.wav"}

    def folder_of(name: str) -> Make:
        def make(folder: Path) -> Path:
            (folder / name).mkdir()
            return folder / name

        return make

    def link_to(name: str, target: str) -> Make:
        def make(folder: Path) -> Path:
            (folder / name).symlink_to(target)
            return folder / name

        return make

    for domain, name in names.items():
        yield Case(f"{domain}/no file: folder named {name}", domain, folder_of(name))
        yield Case(f"{domain}/no file: link in a circle", domain, link_to(name, name))
        yield Case(f"{domain}/no file: dangling link", domain, link_to(name, "/nowhere/at/all"))
        yield Case(f"{domain}/no file: link to /dev/null", domain, link_to(name, "/dev/null"))
        yield Case(f"{domain}/no file: link to /dev/zero", domain, link_to(name, "/dev/zero"), dangerous=True)
        yield Case(f"{domain}/no file: pipe", domain, _pipe(name), dangerous=True)
        yield Case(f"{domain}/no file: nowhere", domain, lambda folder, name=name: folder / name)
        yield Case(f"{domain}/no file: name too long", domain, lambda folder, name=name: folder / ("x" * 300 + name))


def _pipe(name: str) -> Make:
    def make(folder: Path) -> Path:
        os.mkfifo(folder / name)
        return folder / name

    return make


# What would take all memory or time.
def _dangers() -> Iterator[Case]:
    for domain, head in HEADS.items():
        for ending in ("csv", "json", "jsonl"):
            yield Case(f"{domain}/danger: bomb.{ending}.gz", domain, _bomb(f"t.{ending}.gz"), dangerous=True)
        yield Case(f"{domain}/danger: 10,000,000 columns", domain, _wide(head), dangerous=True)
    yield Case("vision/danger: bomb.png", "vision", _bomb_of_pixels, dangerous=True)
    yield Case("vision/danger: bomb.tar.gz", "vision", _bomb("t.tar.gz"), dangerous=True)
    yield Case("vision/danger: bomb.zip", "vision", _bomb_of_files, dangerous=True)


def _bomb(name: str) -> Make:
    """A gigabyte of spaces in a megabyte: a gzip file may have many parts."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(gzip.compress(b" " * (1 << 24)) * 64)
        return folder / name

    return make


def _wide(head: str) -> Make:
    def make(folder: Path) -> Path:
        with (folder / "t.csv").open("w", encoding="utf-8") as file:
            file.write(head)
            for start in range(0, 10_000_000, 100_000):
                file.write("".join(f",c{number}" for number in range(start, start + 100_000)))
            file.write("\n")
        return folder / "t.csv"

    return make


def _bomb_of_pixels(folder: Path) -> Path:
    rows = header_of_png(13_000, 13_000, data=bytes(13_001) * 13_000)
    return _beside(rows, "x.png", png(), "good.png", "path")(folder)


def _bomb_of_files(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a/x.png", "w", force_zip64=True) as file:
            for _ in range(40):
                file.write(bytes(1 << 23))
        archive.writestr("b/y.png", base64.b64decode(base64.b64encode(png())))
    return folder / "t.zip"


def main() -> None:
    """Write all files but the dangerous ones below a folder."""
    for number, case in enumerate(cases()):
        if not case.dangerous:
            folder = Path(sys.argv[1]) / f"{number:03d}"
            folder.mkdir(parents=True)
            case.make(folder)


if __name__ == "__main__":
    main()
