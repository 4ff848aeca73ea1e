"""What can be wrong with data."""

from .kinds import DataError


class BadRow(DataError):
    """A row cannot be used: a cell, a text, a picture or a recording in it."""

    code = "data.row"
    cause = "A cell is empty or of another kind than its column, or the file that it names cannot be used."
    fix = "Mend or remove the row that the message names; `fourfold DOMAIN check DATA` lists more than the first."


class NoSuchFile(DataError):
    """A file is not there, or may not be opened."""

    code = "data.missing"
    cause = "The path is misspelt, relative to another folder, or its permissions forbid reading."
    fix = "Correct the path; those in a table are relative to the table."


class WrongFormat(DataError):
    """A file, or what came through a pipe, is not of a format that is read."""

    code = "data.format"
    cause = "Its name has another ending, or its content is not what its name says."
    fix = "Convert it to one of the formats that the message names."


class WrongEncoding(DataError):
    """A file holds bytes that are no text."""

    code = "data.encoding"
    cause = "It was saved in a rare encoding, in two encodings at once, or was damaged on its way."
    fix = "Save it as UTF-8; the message names the first line that is wrong."


class DamagedFile(DataError):
    """A file of data is damaged."""

    code = "data.damaged"
    cause = "A download or a copy ended early, or the disk gave other bytes back."
    fix = "Copy or download it again, or leave it out."


class TooLarge(DataError):
    """Data are larger, longer or nested deeper than they may be."""

    code = "data.too-large"
    cause = "A small file unpacks to a huge one, a recording is very long, or a text exceeds the model's length."
    fix = "Cut it, unpack it yourself, or raise the limit that the message names."


class WrongColumns(DataError):
    """A column is missing, there twice, or not of the kind that is needed."""

    code = "data.columns"
    cause = "The table has other names than were asked for, or than the model was trained on."
    fix = "Name the columns with `--input` and `--label`, or rename them in the table."


class MalformedTable(DataError):
    """A row of a table has more cells than the header, or a quote is not closed."""

    code = "data.table"
    cause = "A cell that holds the separator, a quote or a line break is not quoted."
    fix = 'Quote such cells as RFC 4180 says: `"` around the cell, `""` for a quote inside.'


class WrongArray(DataError):
    """An array has another shape or other values than are taken."""

    code = "data.array"
    cause = "Channels, rows and sides stand in another order, or values were normalised before."
    fix = "Give the shape and the range that the message names."


class NoRows(DataError):
    """There are no data."""

    code = "data.empty"
    cause = "The file is empty or has a header alone, a list has no entry, or nothing came through a pipe."
    fix = "Give at least one row; look at what should have written them."


class TooFewRows(DataError):
    """There are too few rows to do what is asked."""

    code = "data.too-few"
    cause = "Rows shall be held out to measure on, and one side of the split would have none."
    fix = "Give more rows, or a file of its own to measure on."


class NothingUsable(DataError):
    """There are rows, but none that can be learned from or answered."""

    code = "data.nothing-usable"
    cause = "All of them fail for one reason: texts and recordings are paired wrongly, or no file in an archive opens."
    fix = "Look at the first; what mends it mends most."


class WrongLabel(DataError):
    """A label is none that the task or the model knows."""

    code = "data.label"
    cause = "A class is misspelt or was not in the training rows, or a number is no number."
    fix = "Mend the label or remove the row; for new classes, train again."


class NoLabels(DataError):
    """There are no labels, where learning or measuring needs them."""

    code = "data.no-labels"
    cause = "Inputs were given without labels, or their column is empty."
    fix = "Give a label for each row."


class OneClass(DataError):
    """All labels are the same."""

    code = "data.one-class"
    cause = "The file was cut off before the second class began, or another column was taken as the label."
    fix = "Give rows of two classes or more, and name the column with `--label`."


class Contradiction(DataError):
    """Most rows contradict other rows."""

    code = "data.contradiction"
    cause = "The same input stands there again with another label: no model can learn both."
    fix = "Settle which label is right, or give the inputs what tells the rows apart."


class Overlap(DataError):
    """The rows to measure on are those that were trained on."""

    code = "data.overlap"
    cause = "One file was given twice, or a copy of it: what is measured so says nothing of new data."
    fix = "Give other rows, or a share, as `--test 0.2`."


class CountsDiffer(DataError):
    """There are more inputs than labels, or fewer."""

    code = "data.counts"
    cause = "Rows were filtered out of one list and not of the other."
    fix = "Give one label for each input, in the same order."


class MixedFiles(DataError):
    """Several files that shall be one table do not fit together."""

    code = "data.mixed"
    cause = "They are of several formats, or have other columns than the first."
    fix = "Give files of one form, or read them one by one."


class NoSuchPart(DataError):
    """A data set has no such split, or has several and none was named."""

    code = "data.part"
    cause = "The part behind the colon, as in `folder:train`, is missing, misspelt or not there."
    fix = "Name one of those in the message."


class NotFetched(DataError):
    """A data set of the Hub, torchvision or torchaudio, or data behind a URL could not be had."""

    code = "data.download"
    cause = "The name or the split is misspelt, or the network or the disk refused."
    fix = "Check the name, the network and the disk; a folder on the disk needs none of them."


class NoRoom(DataError):
    """What is kept between runs could not be written or read back."""

    code = "data.room"
    cause = "The disk of the cache or of the temporary folder is full or failing."
    fix = "Make room, or name another folder in `FOURFOLD_CACHE`."


class WrongFolder(DataError):
    """A folder is not laid out as a data set."""

    code = "data.folder"
    cause = "It holds none of the files that are looked for, or they lie a level deeper."
    fix = "Give the folder whose subfolders are the classes; the guide of the domain shows the forms that are read."
