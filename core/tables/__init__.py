"""Tables from files: each kind of file becomes a DataFrame whose rows know where they came from.

Values of text files stay the strings that they are ("NA", "007" and "1e5" are text until a domain says otherwise).
"""

from .decoding import read_text
from .readers import READERS, is_table, read_table
from .remote import local
from .scan import Scan, blocks_of, scan_parquet, scan_separated
from .separated import CSV, TSV, Dialect
from .sets import is_several, label_sets
from .streaming import ABOVE, row_lines
from .table import Table, is_frame
from .texts import Texts

__all__ = [
    "ABOVE",
    "CSV",
    "READERS",
    "TSV",
    "Dialect",
    "Scan",
    "Table",
    "Texts",
    "blocks_of",
    "is_frame",
    "is_several",
    "is_table",
    "label_sets",
    "local",
    "read_table",
    "read_text",
    "row_lines",
    "scan_parquet",
    "scan_separated",
]
