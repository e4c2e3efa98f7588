"""What the name of a file tells: its format, behind the suffixes of compression."""

from __future__ import annotations

from pathlib import Path

COMPRESSED = (".gz", ".bz2", ".xz", ".zip")
TABLES = (".csv", ".tsv", ".tab", ".txt", ".data", ".parquet", ".pq", ".feather", ".arrow", ".arff")
RECORDS = (".jsonl", ".ndjson", ".json")
KNOWN = (*TABLES, *RECORDS, ".npz")


def suffix_of(path: Path) -> str:
    """The suffix of the format, without that of compression: ``.csv`` for ``a.csv.gz``."""
    suffixes = [s.lower() for s in path.suffixes]
    while suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def stem_of(path: Path) -> str:
    """The file name without the suffixes of format and compression."""
    name = path.name
    while Path(name).suffix.lower() in (*COMPRESSED, *KNOWN):
        name = Path(name).stem
    return name
