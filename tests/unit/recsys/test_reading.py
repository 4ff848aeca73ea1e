"""Click tables of every form: files, folders, patterns, logs without a header, and what stays on the disk."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fourfold.core.config import override
from fourfold.core.errors import ArtifactError, ConfigError, DataError
from fourfold.core.tables import Scan, blocks_of
from fourfold.recsys.config import PRESETS
from fourfold.recsys.data import ClickFeatures, ClickFeaturesConfig, checked, divided, read
from fourfold.recsys.data.formats import CRITEO, form_of
from fourfold.recsys.pipeline import ClickPredictor

CONFIG = ClickFeaturesConfig(min_count=1, field_dropout=0.0)
RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "site": RANDOM.choice(["north", "south", 'a "quoted", one'], 300),
        "user_id": RANDOM.integers(0, 40, 300),
        "price": RANDOM.normal(size=300).round(3),
        "label": RANDOM.integers(0, 2, 300),
    }
)


@pytest.fixture(params=[False, True], ids=["in memory", "on the disk"])
def on_disk(request: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> bool:
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    if request.param:
        for name, value in (("recsys.data.reading.ABOVE", 0), ("recsys.data.reading._CELLS", 0)):
            monkeypatch.setattr(f"fourfold.{name}", value)
        monkeypatch.setattr("fourfold.core.tables.scan.BLOCK_ROWS", 64)
        monkeypatch.setattr("fourfold.core.tables.scan._BLOCK_BYTES", 1 << 12)
        monkeypatch.setattr("fourfold.recsys.data.features._MAPPED_ABOVE", 0)
    return bool(request.param)


def write(folder: Path, name: str, frame: pd.DataFrame = FRAME) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    else:
        frame.to_csv(path, index=False, sep="\t" if name.endswith(".tsv") else ",", quoting=None)
    return path


def halves(folder: Path, *names: str) -> None:
    for name, part in zip(names, (FRAME[:130], FRAME[130:]), strict=True):
        write(folder, name, part)


def encoded(data: Any) -> tuple[list[str], list[list[int]], list[float]]:
    examples = checked(read(data), CONFIG)
    features = ClickFeatures.fit(examples, CONFIG)
    source = features.source(examples)
    return features.names, source.ids.tolist(), source.labels.tolist()


@pytest.mark.parametrize("most", [0, 500, 10_000])
def test_what_was_seen_while_learning_is_encoded_as_what_was_not(
    most: int, on_disk: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fourfold.recsys.data.seen._MOST", most)
    examples = read(write(tmp_path, "one.csv"))
    features = ClickFeatures.fit(examples, CONFIG)
    assert bool(features.seen.blocks) == (most > 0)
    seen, unseen = (features.source(examples).table for _ in range(2))
    assert not features.seen.blocks and np.array_equal(seen, unseen)
    features = ClickFeatures.fit(examples, CONFIG)
    del examples
    assert not features.seen.blocks, "gone with the table"


def test_every_form_is_encoded_alike(on_disk: bool, tmp_path: Path) -> None:
    plain = FRAME.assign(site=FRAME["site"].str.replace('"', ""))  # a TSV has no quotes
    expected = encoded(FRAME)
    for name in ("one.csv", "one.csv.gz", "one.parquet"):
        path = write(tmp_path, name)
        assert isinstance(read(path).inputs, Scan) == on_disk
        assert encoded(path) == expected
    assert encoded(write(tmp_path, "one.tsv", plain)) == encoded(plain)
    for kind in ("csv", "parquet"):
        halves(tmp_path / kind, f"0.{kind}", f"1.{kind}")
        assert encoded(tmp_path / kind) == encoded(str(tmp_path / kind / f"*.{kind}")) == expected
        assert encoded([tmp_path / kind / f"0.{kind}", tmp_path / kind / f"1.{kind}"]) == expected


def test_folders_name_a_column(on_disk: bool, tmp_path: Path) -> None:
    halves(tmp_path / "days", "day=1/a.parquet", "day=2/a.parquet")
    (tmp_path / "days" / "_SUCCESS").write_text("")
    examples = read(tmp_path / "days")
    days = pd.concat(list(blocks_of(examples.inputs, ["day"])))["day"].astype(int)
    assert days.tolist() == [1] * 130 + [2] * 170 and examples.name == "days"
    halves(tmp_path / "price=2", "day=1/a.parquet", "day=2/a.parquet")
    assert len(read(tmp_path / "price=2")) == 300, "folders above the one that is given name nothing"
    write(tmp_path / "twice", "price=1/a.parquet")
    with pytest.raises(DataError, match=r"^a\.parquet: column 'price' is in the files and names their folders; rename"):
        read(tmp_path / "twice")


def test_rows_on_the_disk_are_taken_by_a_mask_or_in_order(on_disk: bool, tmp_path: Path) -> None:
    examples = read(write(tmp_path, "one.parquet"))
    rows = np.array([3, 70, 71, 299])
    mask = np.isin(np.arange(300), rows)
    again = examples.take(mask).take(np.array([1, 3]))
    for found, wanted in ((examples.take(rows), rows), (examples.take(mask), rows), (again, rows[[1, 3]])):
        table = found.inputs.frame() if on_disk else found.inputs
        assert table["price"].tolist() == FRAME["price"][wanted].tolist() and len(found) == len(wanted)
        assert found.labels is not None and found.labels.astype(int).tolist() == FRAME["label"][wanted].tolist()
        last = len(wanted) - 1
        assert found.place(last).endswith(str(wanted[-1] + 1))
    if on_disk:
        assert examples.inputs.frame([70, 3])["price"].tolist() == FRAME["price"][[70, 3]].tolist()
        with pytest.raises(ValueError, match="taken in their order"):
            examples.take(rows[::-1])


def test_cells_that_cannot_be_read_are_errors_of_their_rows(on_disk: bool, tmp_path: Path) -> None:
    frame = FRAME.astype({"price": object})
    frame.loc[200, "price"], frame.loc[201, "price"] = "cheap", "inf"
    frame.loc[250, "label"] = 7
    errors = checked(read(write(tmp_path, "one.csv", frame)), CONFIG).errors
    assert errors == {
        200: "column 'price': 'cheap' is not a number; mend it or leave it empty",
        201: "column 'price': 'inf' is infinite; mend it or leave it empty",
        250: errors[250],
    }
    assert errors[250].startswith("'7' is a third label beside '") and errors[250].endswith("such as 0 and 1")


def test_criteo_logs(on_disk: bool, tmp_path: Path) -> None:
    lines = ["0\t1\t-1\t" + "\t" * 11 + "68fd1e64" + "\t" * 25, "1\t\t3\t" + "\t" * 11 + "287e684f" + "\t" * 25] * 60
    path = tmp_path / "day_0"
    path.write_text("\n".join(lines) + "\n")
    examples = read(path)
    table = examples.inputs.frame() if on_disk else examples.inputs
    assert tuple(table.columns) == CRITEO[1:] and len(table) == 120
    assert examples.labels is not None and examples.labels.astype(int)[:3].tolist() == [0, 1, 0]
    assert table["I2"].tolist()[:2] == ["-1", "3"] and table["C1"].tolist()[:2] == ["68fd1e64", "287e684f"]
    path.write_text("\n".join(line[2:] for line in lines))
    unlabelled = read(path)
    assert unlabelled.labels is None and list(unlabelled.inputs.columns) == list(CRITEO[1:])


def test_libffm_and_libsvm_logs(on_disk: bool, tmp_path: Path) -> None:
    ffm = [f"{row % 2} 0:{row % 3}:1 1:9:{row / 10 + 0.1:.1f}" for row in range(40)]
    (tmp_path / "a.ffm").write_text("\n".join(ffm))
    (tmp_path / "a.svm").write_text("\n".join(line.replace(" 0:", " ").replace(" 1:9", " 9") for line in ffm))
    for name in ("a.ffm", "a.svm"):
        examples = read(tmp_path / name)
        table = examples.inputs.frame() if on_disk else examples.inputs
        assert table["field1"].tolist()[:4] == ["0", "1", "2", "0"]
        assert table["field2 value"].tolist()[:2] == ["0.1", "0.2"] and set(table["field2"]) == {"9"}
        assert examples.labels is not None and examples.labels.astype(int).tolist() == [0, 1] * 20


def test_lines_of_different_length(on_disk: bool, tmp_path: Path) -> None:
    (tmp_path / "b.ffm").write_text("1 0:1:1 1:2:0.5\n0 1:3:1 \n+1 2:7:4 0:9:1\n0\n")
    (tmp_path / "b.svm").write_text("1 3:1 12:0.5\n0 12:1\n")
    examples = read(tmp_path / "b.ffm")
    table = examples.inputs.frame() if on_disk else examples.inputs
    assert examples.labels is not None and examples.labels.astype(int).tolist() == [1, 0, 1, 0]
    columns = {name: [cell if isinstance(cell, str) else None for cell in table[name]] for name in table.columns}
    assert columns == {
        "field0": ["1", None, "9", None], "field0 value": ["1", None, "1", None],
        "field1": ["2", "3", None, None], "field1 value": ["0.5", "1", None, None],
        "field2": [None, None, "7", None], "field2 value": [None, None, "4", None],
    }  # fmt: skip
    found = read(tmp_path / "b.svm").inputs
    table = found.frame() if on_disk else found
    assert list(table.columns) == ["feature3", "feature12"] and table["feature12"].tolist() == ["0.5", "1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 0:1:1 1:2:1\n0 0:1\n0 x\n", r"^'x' is no pair of two or three numbers joined by ':'$"),
        ("1 0:1:1 1:2:1\n0 0:1:1 0:2:1 1:1:1\n", r"^'0 0:1:1 0:2:1 1:1:1': 0 stands there twice; a line has one"),
        (
            "1 0:1\n0 " + " ".join(f"{number}:1" for number in range(2001)),
            r"^b\.svm: lines of different length, of 2,001 features; of more than 2,000 give each line as many pairs",
        ),
    ],
)
def test_lines_that_are_no_rows(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "b.svm").write_text(text)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "b.svm")


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("label,user,item", None),
        ("1\t2\t3", None),
        ("", None),
        ("1 2 3", None),
        ("0 1:0.5 7:1", "libsvm"),
        ("-1 1:1:0.5", "libffm"),
        ("\t".join(["1", *["5"] * 13, *["0a1b2c3d"] * 26]), "criteo"),
        ("\t".join(["1", *["5"] * 13, *["word"] * 26]), None),
    ],
)
def test_forms_are_known_by_their_first_line(line: str, form: str | None) -> None:
    assert form_of(line) == form


def test_a_folder_may_be_divided(tmp_path: Path) -> None:
    for name in ("train.csv", "valid.csv", "test.csv"):
        write(tmp_path, name)
    parts = divided(tmp_path)
    assert parts == {part: tmp_path / f"{part}.csv" for part in ("test", "train", "valid")}
    assert divided(tmp_path / "train.csv") is None and divided(FRAME) is None
    (tmp_path / "valid.csv").rename(tmp_path / "part.csv")
    (tmp_path / "test.csv").unlink()
    assert divided(tmp_path) is None, "training rows alone are no division"


def test_what_cannot_be_read_is_said(on_disk: bool, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty: no files in this folder that are tables; give CSV, TSV or Parquet"):
        read(tmp_path / "empty")
    with pytest.raises(DataError, match=r"\*\.parquet: no file is called so; check the pattern$"):
        read(str(tmp_path / "*.parquet"))
    write(tmp_path / "mixed", "a.csv")
    write(tmp_path / "mixed", "b.parquet")
    with pytest.raises(DataError, match=r"^mixed: files of several kinds \(\.csv, \.parquet\); give files of one$"):
        read(tmp_path / "mixed")
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text('{"a": 1, "label": 0}\n')
    with pytest.raises(DataError) as error:
        read([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])
    assert str(error.value) == "2 files: 2 files of the kind .jsonl; give one, or CSV, TSV or Parquet files"
    write(tmp_path / "apart", "a.csv")
    write(tmp_path / "apart", "b.csv", FRAME.drop(columns="site"))
    with pytest.raises(DataError, match=r"^b\.csv: its columns are not those of a\.csv; give files of one form$"):
        read(tmp_path / "apart")
    (tmp_path / "bad.csv").write_text("a,b,label\n1,2,0\n3,4,5,1\n")
    with pytest.raises(DataError, match=r"^bad\.csv:3: 4 cells where the header has 3; quote cells that hold ','$"):
        read(tmp_path / "bad.csv")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match=r"^bad\.parquet: not a Parquet file \("):
        read(tmp_path / "bad.parquet")
    frame = FRAME.astype({"label": object})
    frame.loc[200, "label"] = None
    with pytest.raises(DataError, match=r"one\.csv.*202|one\.csv row 201: column 'label' is empty"):
        read(write(tmp_path, "one.csv", frame))


def test_a_file_that_is_not_small_is_read_alike(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FOURFOLD_CACHE", str(tmp_path / "cache"))
    cells = FRAME.assign(note=["two\nlines, “quoted”"] * 2 + [""] * 298)
    files = [write(tmp_path, "rows.csv", cells), write(tmp_path, "rows.csv.gz", cells)]
    files += [write(tmp_path, "rows.tsv", FRAME.assign(site="north"))]
    (tmp_path / "gaps.csv").write_text("a,b,label\n1,x,0\n\n  \n3,y,1\n")  # Arrow takes a line of blanks for a row
    (tmp_path / "chinese.csv").write_bytes("名,b,label\n上海市民,x,0\n北京人,y,1\n".encode("gb18030"))
    files += [tmp_path / "gaps.csv", tmp_path / "chinese.csv"]
    slow = [(read(path), encoded(path)) for path in files]
    monkeypatch.setattr("fourfold.recsys.data.reading._SMALL", 0)
    for path, (expected, arrays) in zip(files, slow, strict=True):
        found = read(path)
        assert (found.encoding, found.notes, len(found)) == (expected.encoding, expected.notes, len(expected))
        assert [found.place(row) for row in range(len(found))] == [expected.place(row) for row in range(len(found))]
        assert encoded(path) == arrays
    assert isinstance(read(files[0]).inputs["site"].dtype, pd.ArrowDtype)
    (tmp_path / "bad.csv").write_text("a,b,label\n1,2,0\n3,4,5,1\n")
    with pytest.raises(DataError, match=r"^bad\.csv:3: 4 cells where the header has 3; quote cells that hold ','$"):
        read(tmp_path / "bad.csv")


QUICK = {"train": {"epochs": 1, "batch_rows": 64}, "features": {"min_count": 1}}


def quick() -> ClickPredictor:
    return ClickPredictor("tiny", config=override(PRESETS["tiny"](), QUICK))


def test_a_table_is_trained_on_measured_and_answered_wherever_it_lies(
    on_disk: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    times = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(300), unit="h")
    frame = FRAME.assign(
        when=times,
        big_id=np.where(np.arange(300) % 7 == 0, None, 2**60 + np.arange(300) % 3),
        tags=[["x"] * (row % 3) for row in range(300)],
    )
    train = write(tmp_path, "train.parquet", frame.astype({"big_id": "Int64"}).sample(frac=1, random_state=0))
    sets = {"features": {"several": ["tags"], "group": "user_id"}, "train": {"metric": "gauc"}}
    config = override(override(PRESETS["tiny"](), QUICK), sets)
    model = ClickPredictor("tiny", config=config).fit(train, out=tmp_path / "run")
    assert model.features_.names == ["site", "user_id", "big_id", "price", "when"]
    assert [len(field.values) for field in model.features_.fields[:3]] == [3, 40, 3]  # type: ignore[union-attr]
    found = model.evaluate(train)
    assert {"gauc", "ndcg_at_10"} <= found.metrics.keys() and len(found.mistakes) > 0
    assert any("site=" in mistake.shown for mistake in found.mistakes)
    with pytest.raises(ArtifactError, match="holds a run"):
        ClickPredictor("tiny", config=config).fit(train, out=tmp_path / "run")
    again = ClickPredictor("tiny", config=config).fit(train, out=tmp_path / "run", resume=True)
    assert again.evaluate(train).metrics["roc_auc"].value == pytest.approx(found.metrics["roc_auc"].value)
    answers = [answer.probability for answer in model(train)]
    monkeypatch.undo()
    in_memory = ClickPredictor.load(tmp_path / "run")
    np.testing.assert_allclose([answer.probability for answer in in_memory(train)], answers, atol=1e-6)
    assert len(model.top(train, 2, by="site")) == 6
    with pytest.raises(ConfigError, match=r"^by: the answers have a 'row' of their own; rename the column$"):
        model.top(train, 2, by="row")


def test_an_index_that_pandas_kept_is_no_field(on_disk: bool, tmp_path: Path) -> None:
    path = write(tmp_path, "one.parquet", FRAME.sample(frac=1, random_state=1))
    assert list(read(path).inputs.columns) == ["site", "user_id", "price"]


def test_the_latest_rows_and_whole_groups_can_be_held_out(on_disk: bool, tmp_path: Path) -> None:
    frame = FRAME.assign(when=np.arange(300) // 10)
    path = write(tmp_path, "one.csv", frame)

    def held_out(**features: str) -> pd.DataFrame:
        config = override(PRESETS["tiny"](), QUICK | {"features": features})
        _, valid, _ = ClickPredictor("tiny", config=config)._rows(path, None, None, None, None, 0)
        assert valid is not None
        found = valid.inputs.frame() if on_disk else valid.inputs
        return found.astype(str)

    assert sorted(set(held_out(split="time", time="when")["when"])) == ["27", "28", "29"]
    users = held_out(split="group", group="user_id")["user_id"].value_counts()
    whole = frame["user_id"].astype(str).value_counts()
    assert 20 <= users.sum() <= 60 and all(whole[user] == count for user, count in users.items())
    with pytest.raises(ConfigError, match=r"^features: one\.csv has no column 'wen'; did you mean 'when'\?$"):
        held_out(split="time", time="wen")


def test_logs_of_pairs_say_the_same_of_a_row_in_any_file(on_disk: bool, tmp_path: Path) -> None:
    lines = [f"{row % 2} 0:{row % 3}:1 1:9:{1 if row % 4 else row / 10}" for row in range(200)]
    (tmp_path / "all.ffm").write_text("\n".join(lines))
    (tmp_path / "one.ffm").write_text(lines[1])
    model = quick().fit(tmp_path / "all.ffm")
    assert model.features_.names == ["field1", "field2 value"]
    (alone,) = model(tmp_path / "one.ffm")
    assert alone.probability == pytest.approx(model(tmp_path / "all.ffm")[1].probability, abs=1e-6)


def test_a_parquet_file_that_is_damaged_behind_its_end_is_refused(on_disk: bool, tmp_path: Path) -> None:
    """It alone is named; and texts that are none are damage, too."""
    write(tmp_path / "d", "a.parquet")
    path = write(tmp_path / "d", "b.parquet")
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(1000) + content[1004:])
    with pytest.raises(DataError) as error:
        list(blocks_of(read(tmp_path / "d").inputs))
    assert str(error.value) == (
        "b.parquet: row 1 or later: cannot be read (Couldn't deserialize thrift: TProtocolException: Invalid data); "
        "copy or write the file again"
    )
    path = tmp_path / "plain.parquet"
    FRAME.assign(site="a site").to_parquet(path, compression=None, use_dictionary=False)
    path.write_bytes(path.read_bytes().replace(b"a site", b"a \xff\xfete"))
    with pytest.raises(DataError, match=r"^plain\.parquet: row 1 or later: cannot be read \(.*Invalid UTF8 sequence"):
        list(blocks_of(read(path).inputs))


def test_parquet_files_of_other_columns_are_refused(on_disk: bool, tmp_path: Path) -> None:
    write(tmp_path / "d", "a.parquet")
    write(tmp_path / "d", "b.parquet", FRAME.assign(extra=1))
    with pytest.raises(DataError, match=r"^b\.parquet: column 'extra' is not in all files \(a\.parquet …\)"):
        read(tmp_path / "d")
    write(tmp_path / "c", "a.parquet")
    write(tmp_path / "c", "b.parquet", FRAME.assign(price=True))
    with pytest.raises(DataError) as error:
        read(tmp_path / "c")
    assert str(error.value) == (
        "a.parquet and others: Unable to merge: Field price has incompatible types: double vs bool; give files of "
        "one form"
    )
    times = pd.Series(np.full(300, 10**11)).astype("datetime64[s]")
    write(tmp_path / "t", "a.parquet", FRAME.assign(when=pd.Timestamp("2026-01-01").as_unit("ns")))
    write(tmp_path / "t", "b.parquet", FRAME.assign(when=times))
    with pytest.raises(DataError) as error:
        list(blocks_of(read(tmp_path / "t").inputs))
    assert str(error.value) == (
        "b.parquet: column 'when': Casting from timestamp[ms] to timestamp[ns] would result in out of bounds "
        "timestamp: 100000000000000; write the files again, the column in all of one type"
    )
    write(tmp_path / "e", "a.parquet", FRAME.assign(price=1))
    write(tmp_path / "e", "b.parquet")
    table = pd.concat(list(blocks_of(read(tmp_path / "e").inputs)))
    assert table["price"].tolist() == [1] * 300 + FRAME["price"].tolist()
