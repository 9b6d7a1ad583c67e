"""A checksum tells whether what is read is what was written, whoever wrote the JSON."""

from __future__ import annotations

import json

import orjson
import pytest

from screening.checksums import CHECKSUM, checksum_fails, code_sha256, with_checksum

CONTENT = {"a": (1, 2.5), "b": {"c": "é", 3: None}, "nan": float("nan"), "sum": -0.1}


def test_a_change_is_noticed_in_either_dialect() -> None:
    for text in (
        json.dumps(with_checksum(CONTENT)),
        orjson.dumps(with_checksum(CONTENT), None, orjson.OPT_NON_STR_KEYS),
    ):
        read = json.loads(text)
        assert not checksum_fails(read)
        assert checksum_fails(read | {"sum": -0.2}) and checksum_fails(read | {"more": 1})
        assert checksum_fails(read | {CHECKSUM: "0" * 64})
    assert not checksum_fails(CONTENT), "what an earlier version wrote has none"


def test_the_code_of_other_modules_has_another_hash() -> None:
    assert len({code_sha256("graphs"), code_sha256("crystals/packed.py"), code_sha256("graphs", "networks")}) == 3
    with pytest.raises(FileNotFoundError):
        code_sha256("crystals/nowhere.py")
