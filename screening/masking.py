"""Passwords in addresses: found and masked wherever a text is shown or written."""

from __future__ import annotations

import re

MASK = "***"
# A port is no password, as in http://host:5000/page@1; passwords may hold a slash or an at sign.
_IN_ADDRESS = re.compile(r"(?P<before>://[^\s/:@]*:)(?!\d+(?:/|$))(?P<password>[^\s'\"]+)(?=@)")
_IN_QUERY = re.compile(
    r"(?P<before>[?&][^\s=&]*(?:password|passwd|token|secret)[^\s=&]*=)(?P<password>[^\s&'\"]+)", re.I
)


def masked(text: str) -> str:
    """The text with the password of every address in it replaced by `***`."""
    for pattern in (_IN_ADDRESS, _IN_QUERY):
        text = pattern.sub(lambda found: found["before"] + MASK, text)
    return text


def has_password(text: str) -> bool:
    """Whether an address in the text holds a password."""
    return masked(text) != text
