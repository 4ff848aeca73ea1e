"""Files that are no tables, and what is said of them."""

from __future__ import annotations

import gzip

QUOTES = "broken quoting; close the quote, or double quotes inside a quoted cell"
WIDE = "3 cells where the header has 2; quote cells that hold ','"
SHORT = "1 cell where the header has 2; give each row all its cells"
PACKED = gzip.compress(b"a,b\n" + b"x,1\n" * 50)
EMPTY = "it needs a header and at least one row"
BINARY = "a binary file, not text; give a table as .csv, .tsv, .jsonl, .json, .parquet"
NUL = "a NUL byte; the file is damaged, or UTF-16: save it as UTF-8"
KNOWN, SAVE = "UTF-8, UTF-16, GB18030 or Windows-1252 text", "save the file as UTF-8"
NOT_JSON = "not JSON (Expecting value: line 1 column 7 (char 6)); write one object a line"
AGAIN = "download or compress it again"

# what is wrong -> the file's name, its bytes, and what the message says after the name
CASES: dict[str, tuple[str, bytes, str]] = {
    "no bytes": ("t.csv", b"", f": the file is empty; {EMPTY}"),
    "only blank lines": ("t.csv", b"\n \n\n", f": the file is empty; {EMPTY}"),
    "a header alone": ("t.tsv", b"a\tb\n", f": the file has no rows; {EMPTY}"),
    "no objects": ("t.jsonl", b"\n\n", f": the file has no rows; {EMPTY}"),
    "an image": ("t.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\1\2\3", f": {BINARY}"),
    "UTF-32": ("t.csv", "a,b\nx,1\n".encode("utf-32"), f":1: {NUL}"),
    "half of UTF-16": (
        "t.csv",
        "a,b\nx,1\n".encode("utf-16")[:-1],
        ":2: not UTF-16 LE text (byte 0x0a), as what is before it; save the file as UTF-8",
    ),
    "a NUL in UTF-16": ("t.csv", "a,b\nx\0,1\n".encode("utf-16"), f":2: {NUL}"),
    "a NUL": (
        "t.csv",
        b"a,b\n" + b"x,1\n" * 9 + b"y\0,2\n",
        f":11: {NUL}",
    ),
    "Cyrillic of another encoding": (
        "t.csv",
        "a,b\nx,1\nпривет мир,2\n".encode("cp1251"),
        f":3: not {KNOWN} (byte 0xef); {SAVE}",
    ),
    "what no encoding has": ("t.csv", b"a,b\nx,1\n\x81 y,2\n", f":3: not {KNOWN} (byte 0x81); {SAVE}"),
    "GB18030 with a broken end": (
        "t.csv",
        b"a,b\n" + "这是一部很好看的电影,1\n".encode("gb18030") * 200_000 + b"\xff,1\n",
        f":200002: not GB18030 text (byte 0xff), as what is before it; {SAVE}",
    ),
    "a wide row": ("t.csv", b"a,b\nx,1\n\nhello, you,2\n", f":4: {WIDE}"),
    "a wide first row": ("t.csv", b"a,b\nhello, you,1\ny,2\n", f":2: {WIDE}"),
    "wide rows only": ("t.csv", b"a,b\nhello, you,1\nhi, me,2\n", f":2: {WIDE}"),
    "commas at the end": ("t.csv", b"a,b\nx,1,\ny,2,\n", f":2: {WIDE}"),
    "a wide row after a newline in a cell": ("t.csv", b'a,b\n"x\n\ny",1\n1,2,3\n', f":5: {WIDE}"),
    "a wide row of a TSV": (
        "t.tsv",
        b"a\tb\nx\ty\tz\n",
        ":2: 3 cells where the header has 2; a cell cannot hold a tab",
    ),
    "a short row": ("t.csv", b"a,b\nx,\ny\n", f":3: {SHORT}"),
    "a short first row": ("t.csv", b"a,b\nx\ny,1\n", f":2: {SHORT}"),
    "a short row of a TSV": ("t.tsv", b'a\tb\nx\ty\n\n"z\n', f":4: {SHORT}"),
    "an open quote": ("t.csv", b'a,b\nx,1\n\n"y,2\nz,3\n', f":4: {QUOTES}"),
    "an open quote after a newline in a cell": ("t.csv", b'a,b\n"x\ny",1\n"y,2\nz,3\n', f":4: {QUOTES}"),
    "an open quote after odd breaks": ("t.csv", 'a,b\nx\u2028\x85\x0cx,1\n"y,2\nz\n'.encode(), f":3: {QUOTES}"),
    "a lone quote in quotes": ("t.csv", b'a,b\n"say "hi, you" now",2\n"z,3\n', f":2: {QUOTES}"),
    "no JSON": ("t.jsonl", b'{"a": 1}\n\n{"a": \n', f":3: {NOT_JSON}"),
    "no object": ("t.jsonl", b'{"a": 1}\n[1]\n', ":2: not a JSON object; write one object a line"),
    "half a character": (
        "t.jsonl",
        b'{"a": "x"}\n{"a": "\\ud800"}\n',
        ":2: half a character (a lone surrogate, \\ud800 to \\udfff); write the file again, as UTF-8",
    ),
    "too many columns": (
        "t.csv",
        b",".join(b"c%d" % column for column in range(100_002)) + b"\n",
        ": more than 100,000 columns; give rows, not columns, for what are many",
    ),
    "a gzip bomb": (
        "t.csv.gz",
        gzip.compress(b"a,b\n" + b"x,1\n" * (80 << 20), 9),
        ": unpacks to more than 200 times its size; unpack it yourself",
    ),
    "no gzip": ("t.csv.gz", b"a,b\n", f": damaged gzip file (Not a gzipped file (b'a,')); {AGAIN}"),
    "a cut gzip": (
        "t.csv.gz",
        PACKED[:-9],
        f": damaged gzip file (Compressed file ended before the end-of-stream marker was reached); {AGAIN}",
    ),
    "a spoiled gzip": (
        "t.csv.gz",
        PACKED[:10] + b"\xff" + PACKED[11:],
        f": damaged gzip file (Error -3 while decompressing data: invalid block type); {AGAIN}",
    ),
    "an unknown ending": (
        "t.xlsx",
        b"x",
        ": unknown kind of file; name it .csv, .tsv, .jsonl, .json, .parquet (or one of these with .gz)",
    ),
}
