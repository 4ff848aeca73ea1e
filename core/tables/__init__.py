"""Tables from files: each kind of file becomes a DataFrame whose rows know where they came from.

Values of text files stay the strings that they are ("NA", "007" and "1e5" are text until a domain says otherwise).
"""

from .decoding import read_text
from .readers import READERS, is_table, read_table
from .sets import is_several, label_sets
from .streaming import ABOVE
from .table import Table
from .texts import Texts

__all__ = ["ABOVE", "READERS", "Table", "Texts", "is_several", "is_table", "label_sets", "read_table", "read_text"]
