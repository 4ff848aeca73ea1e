"""Errors of data."""

from __future__ import annotations

import gzip
import io
import resource
import zipfile

import numpy as np
from PIL import Image

from .place import Act, Case, Place

HEADER = "text,label\n"


def _missing(place: Place) -> tuple[Act, str]:
    return ("nlp", "check", "no.csv"), "no.csv: no such file; check the path"


def _format(place: Place) -> tuple[Act, str]:
    place.write("data.doc", "what a word processor writes")
    return ("nlp", "check", "data.doc"), (
        "data.doc: unknown kind of file; name it .csv, .tsv, .jsonl, .json, .parquet (or one of these with .gz)"
    )


def _encoding(place: Place) -> tuple[Act, str]:
    place.write("nul.csv", f"{HEADER}fine,good\npo\0or,bad\n")
    return ("nlp", "check", "nul.csv"), "nul.csv:3: a NUL byte; the file is damaged, or UTF-16: save it as UTF-8"


def _damaged(place: Place) -> tuple[Act, str]:
    place.write("cut.csv.gz", gzip.compress(HEADER.encode() + b"fine,good\n" * 99)[:-20])
    return ("nlp", "check", "cut.csv.gz"), (
        "cut.csv.gz: damaged gzip file (Compressed file ended before the end-of-stream marker was reached); download "
        "or compress it again"
    )


def _too_large(place: Place) -> tuple[Act, str]:
    place.write("deep.jsonl", '{"text": ' + "[" * 100_000 + "]" * 100_000 + "}\n")
    return ("nlp", "check", "deep.jsonl"), (
        "deep.jsonl:1: JSON nested too deeply to be read; write one flat object a row"
    )


def _columns(place: Place) -> tuple[Act, str]:
    return ("nlp", "train", "data.csv", "--label", "lable"), "data.csv: no column 'lable'; did you mean 'label'?"


def _table(place: Place) -> tuple[Act, str]:
    place.write("wide.csv", f"{HEADER}fine,good\npoor, yes,bad\n")
    return ("nlp", "check", "wide.csv"), "wide.csv:3: 3 cells where the header has 2; quote cells that hold ','"


def _row(place: Place) -> tuple[Act, str]:
    place.write("hole.csv", f"{HEADER}fine,good\n,bad\n")
    return ("nlp", "train", "hole.csv"), "hole.csv:3: column 'text' is empty; fill it or remove the row"


def _array(place: Place) -> tuple[Act, str]:
    from fourfold.vision import ImageClassifier

    pixels = np.full((4, 8, 8), -1.0)
    message = "array: pixels below 0 or not finite; give them from 0 to 255, not normalised"
    return lambda: ImageClassifier().fit(pixels, ["a", "b"] * 2), message


def _empty(place: Place) -> tuple[Act, str]:
    place.write("empty.csv", HEADER)
    return ("nlp", "check", "empty.csv"), "empty.csv: the file has no rows; it needs a header and at least one row"


def _too_few(place: Place) -> tuple[Act, str]:
    place.write("two.csv", f"{HEADER}fine,good\npoor,bad\n")
    words = ("nlp", "train", "two.csv", "--test", "0.1")
    return words, "two.csv: too few rows to hold any out; give --test a file"


def _nothing_usable(place: Place) -> tuple[Act, str]:
    path = place.folder / "locked.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cat/a.png", _png())
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # where a ZIP says that it is encrypted
        content[content.index(mark) + offset] |= 1
    path.write_bytes(bytes(content))
    return ("vision", "check", "locked.zip"), (
        "locked.zip: nothing in it can be read; cat/a.png: encrypted; make the archive without a password"
    )


def _label(place: Place) -> tuple[Act, str]:
    place.write("new.csv", f"{HEADER}fine,good\npoor,middling\n")
    message = "new.csv:3: label 'middling' is not a class of the model; there is: bad, good"
    return ("nlp", "eval", place.run, "new.csv"), message


def _no_labels(place: Place) -> tuple[Act, str]:
    from fourfold.nlp import TextClassifier

    message = "texts: there are no labels; training and measuring need one for each row"
    return lambda: TextClassifier().fit(["fine", "poor"]), message


def _one_class(place: Place) -> tuple[Act, str]:
    place.write("one.csv", f"{HEADER}fine,good\nlovely,good\ngreat,good\n")
    message = "one.csv: only one class ('good'); training needs two or more"
    return ("nlp", "train", "one.csv", "--valid", "0"), message


def _contradiction(place: Place) -> tuple[Act, str]:
    place.write("both.csv", f"{HEADER}fine,good\nfine,bad\nfine,good\n")
    return ("nlp", "train", "both.csv", "--valid", "0"), (
        "both.csv: 3 of 3 rows have the text of another row but another label (both.csv:2, both.csv:3, both.csv:4); "
        "settle which is right"
    )


def _overlap(place: Place) -> tuple[Act, str]:
    place.write("copy.csv", (place.folder / "data.csv").read_bytes())
    return ("nlp", "train", "data.csv", "--test", "copy.csv"), (
        "copy.csv: holds the same texts as data.csv; give rows that are not trained on"
    )


def _counts(place: Place) -> tuple[Act, str]:
    from fourfold.nlp import TextClassifier

    return lambda: TextClassifier().fit(["fine", "poor"], ["good"]), "2 rows but 1 labels; give one a row"


def _mixed(place: Place) -> tuple[Act, str]:
    place.write("log-1.csv", "site,label\nnorth,1\n")
    place.write("log-2.tsv", "site\tlabel\nsouth\t0\n")
    return ("recsys", "check", "log-*"), "log-*: files of several kinds (.csv, .tsv); give files of one"


def _part(place: Place) -> tuple[Act, str]:
    with zipfile.ZipFile(place.folder / "pets.zip", "w") as archive:
        archive.writestr("train/cat/a.png", _png())
        archive.writestr("test/cat/a.png", _png())
    return ("vision", "check", "pets.zip:valid"), "pets.zip: no folder 'valid' in it; check the name"


def _download(place: Place) -> tuple[Act, str]:
    message = (
        "torchvision:MNIST:valid: cannot be had (it has the splits train and test, not valid); check the split and "
        "the network"
    )
    return ("vision", "check", "torchvision:MNIST:valid"), message


def _room(place: Place) -> tuple[Act, str]:
    """A limit on the size of files gives what a full disk gives."""
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    with zipfile.ZipFile(place.folder / "pets.zip", "w") as archive:
        archive.writestr("cat/a.png", _png(noise))
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def read() -> None:
        from fourfold.vision import ImageClassifier

        pipeline = ImageClassifier()
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, most))
        try:
            pipeline.check("pets.zip")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return read, "pets.zip: cannot be unpacked (File too large); make room, or check the path"


def _folder(place: Place) -> tuple[Act, str]:
    (place.folder / "pictures" / "cat").mkdir(parents=True)
    message = (
        "pictures/cat: no images; put some there (.bmp, .gif, .jpeg, .jpg, .pbm, .pgm, .png, .ppm, .tif, .tiff, .webp) "
        "or remove the folder"
    )
    return ("vision", "check", "pictures"), message


def _png(pixels: np.ndarray | None = None) -> bytes:
    written = io.BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8) if pixels is None else pixels).save(written, "PNG")
    return written.getvalue()


DATA: dict[str, Case] = {
    "data.missing": _missing,
    "data.format": _format,
    "data.encoding": _encoding,
    "data.damaged": _damaged,
    "data.too-large": _too_large,
    "data.columns": _columns,
    "data.table": _table,
    "data.row": _row,
    "data.array": _array,
    "data.empty": _empty,
    "data.too-few": _too_few,
    "data.nothing-usable": _nothing_usable,
    "data.label": _label,
    "data.no-labels": _no_labels,
    "data.one-class": _one_class,
    "data.contradiction": _contradiction,
    "data.overlap": _overlap,
    "data.counts": _counts,
    "data.mixed": _mixed,
    "data.part": _part,
    "data.download": _download,
    "data.room": _room,
    "data.folder": _folder,
}
