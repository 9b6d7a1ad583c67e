"""What MLflow and the databases behind it take as names and values (mlflow/utils/validation.py)."""

from __future__ import annotations

import re

PARAM_LENGTH, TAG_LENGTH = 6000, 8000
RUN_NAME_LENGTH = 250  # PostgreSQL refuses more, SQLite does not
DATASET_NAME_LENGTH, DATASET_SOURCE_LENGTH = 500, 60_000
ENTRIES_PER_BATCH = 100  # parameters or tags
METRICS_PER_BATCH = 800  # with as many of both others as fit, within 1,000 entries
_KEY_LENGTH = 250
_CUT = " … (cut)"


def key(name: str) -> str:
    """A name that MLflow takes: letters, digits and `_ - . : /` or a space; a path without `..` or double slashes."""
    plain = re.sub(r"[^\w\-. :/]", "_", name)
    return re.sub(r"/+|\.{2,}", lambda match: match[0][0], plain).strip("/. ")[:_KEY_LENGTH] or "_"


def shorten(text: str, length: int) -> str:
    """At most `length` characters, a cut marked; what no database stores (NUL, half of a surrogate pair) replaced."""
    plain = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    return plain if len(plain) <= length else plain[: length - len(_CUT)] + _CUT
