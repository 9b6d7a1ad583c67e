"""Limits on names and values in MLflow and its databases (mlflow/utils/validation.py)."""

from __future__ import annotations

import re

PARAM_LENGTH, TAG_LENGTH = 6000, 8000
RUN_NAME_LENGTH = 250  # enforced by PostgreSQL, not by SQLite
DATASET_NAME_LENGTH, DATASET_SOURCE_LENGTH = 500, 60_000
ENTRIES_PER_BATCH = 100  # parameters or tags
METRICS_PER_BATCH = 800  # leaves room for both others within 1,000 entries
_KEY_LENGTH = 250
_CUT = " … (cut)"


def key(name: str) -> str:
    """A name that MLflow accepts: letters, digits, spaces and `_ - . : /`, without `..` or double slashes."""
    plain = re.sub(r"[^\w\-. :/]", "_", name)
    return re.sub(r"/+|\.{2,}", lambda match: match[0][0], plain).strip("/. ")[:_KEY_LENGTH] or "_"


def shorten(text: str, length: int) -> str:
    """Cut a text to `length` characters and mark the cut; replace NUL and lone surrogates, which databases refuse."""
    plain = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    return plain if len(plain) <= length else plain[: length - len(_CUT)] + _CUT
