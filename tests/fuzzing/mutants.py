"""Damage as it happens: flipped and lost bytes, spliced files, changed numbers and words, look-alikes, deep nesting."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

_NUMBER = re.compile(rb"-?\d+\.?\d*")
_WORD = re.compile(rb"[A-Za-z_][\w.-]*")
_LOOK_ALIKES = {
    "-": "−–—﹣－",
    "a": "а",
    "e": "е",
    "o": "оΟ０",
    "C": "С",
    "O": "ОΟ",
    "0": "０Ο",
    "1": "１l",
    "2": "２²",
    "3": "３³",
    ".": "．٫·",
    ",": "，‚",
    " ": "\u00a0\u3000\t",
    "_": "＿",
    "=": "＝",
    "'": "’‘",
    '"': "“”",
}
_WORDS = rb"""
? . * nan inf -0 1e400 0.3333333 0.333 0.67 1/3 99999999999 ' " ; # loop_ data_ save_ global_ LOOP_ Va D Fe,Co H2O
(Fe1) 7Li Fe3+ X T F Direct Cartesian S null true NaN Infinity [ ] { } {"a": -1 1.5 :1 :2 :H :R dum ! (5)
_atom_site_occupancy _atom_site_type_symbol"""
_TOKENS = (*_WORDS.split(), b"\n;\n", b"\r", b"\r\n", b"\x00", b"\xef\xbb\xbf", b"data_global\n", b" Z", b"P 1",
           b"F m -3 m", b"1.0 2.0 3.0")  # fmt: skip

Mutation = Callable[[Random, bytes, bytes], bytes]


def _place(random: Random, data: bytes) -> int:
    return random.randrange(len(data) + 1)


def _flip_bits(random: Random, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _overwrite(random: Random, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 3))):
        if changed:
            changed[random.randrange(len(changed))] = random.choice(b" 0123456789.-+eE_abcXYZ'\"\n,;()#?[]{}:")
    return bytes(changed)


def _truncate(random: Random, data: bytes, _: bytes) -> bytes:
    return data[: _place(random, data)]


def _lose(random: Random, data: bytes, _: bytes) -> bytes:
    start = _place(random, data)
    return data[:start] + data[start + random.choice((1, 1, 2, 8, 40, 200)) :]


def _repeat(random: Random, data: bytes, _: bytes) -> bytes:
    start = _place(random, data)
    piece = data[start : start + random.choice((1, 3, 20, 100))]
    return data[:start] + piece * random.choice((2, 2, 3, 50)) + data[start + len(piece) :]


def _insert(random: Random, data: bytes, _: bytes) -> bytes:
    start = _place(random, data)
    return data[:start] + random.choice(_TOKENS) + data[start:]


def _change_number(random: Random, data: bytes, _: bytes) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data
    match = random.choice(found)
    text = match[0]
    new = random.choice(
        (
            b"-" + text,
            text.lstrip(b"-"),
            text[:-1],
            text + b"5",
            text.replace(b".", b","),
            text.replace(b".", b""),
            text[: text.find(b".") + 3] if b"." in text else text + b".0",
            text + b"(3)",
            text + b"d0",
            text + b"e1",
            b"." + text,
            random.choice(_TOKENS),
            b"%.3f" % random.uniform(-1, 1),
        )
    )
    return data[: match.start()] + new + data[match.end() :]


def _change_digit(random: Random, data: bytes, _: bytes) -> bytes:
    places = [index for index, byte in enumerate(data) if 48 <= byte <= 57]
    if not places:
        return data
    place = random.choice(places)
    return data[:place] + random.choice(b"0123456789").to_bytes() + data[place + 1 :]


def _change_case(random: Random, data: bytes, _: bytes) -> bytes:
    found = list(_WORD.finditer(data))
    if not found:
        return data
    name = random.choice(found)[0]
    return data.replace(name, random.choice((name.upper(), name.lower(), name.title())))


def _space(random: Random, data: bytes, _: bytes) -> bytes:
    places = [index for index, byte in enumerate(data) if byte in b" \n\t"]
    if not places:
        return data
    place = random.choice(places)
    return data[:place] + random.choice((b" ", b"\t", b"   ", b"\n", b" # said\n", b"\n# said\n")) + data[place:]


def _change_word(random: Random, data: bytes, _: bytes) -> bytes:
    found = list(_WORD.finditer(data))
    if not found:
        return data
    match = random.choice(found)
    other = random.choice(found)[0]
    text = match[0]
    new = random.choice((text.upper(), text.lower(), text.title(), text[:-1], other, b"'" + text + b"'", text + b"1",
                         text.replace(b"_", b"."), b"", random.choice(_TOKENS)))  # fmt: skip
    return data[: match.start()] + new + data[match.end() :]


def _change_lines(random: Random, data: bytes, _: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if len(lines) < 2:
        return data
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    kind = random.randrange(5)
    if kind == 0:
        lines[first], lines[second] = lines[second], lines[first]
    elif kind == 1:
        lines.insert(second, lines[first])
    elif kind == 2:
        del lines[first]
    elif kind == 3:
        lines.insert(first, b"\n")
    else:
        lines[first] = lines[first].rstrip(b"\r\n")  # two lines become one
    return b"".join(lines)


def _look_alike(random: Random, data: bytes, _: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    places = [index for index, character in enumerate(text) if character in _LOOK_ALIKES]
    if not places:
        return data
    place = random.choice(places)
    return (text[:place] + random.choice(_LOOK_ALIKES[text[place]]) + text[place + 1 :]).encode("utf-8", "replace")


def _line_ends(random: Random, data: bytes, _: bytes) -> bytes:
    plain = data.replace(b"\r\n", b"\n")
    return random.choice((b"", b"\xef\xbb\xbf")) + plain.replace(
        b"\n", random.choice((b"\r", b"\r\n", b"\n\n", b" \n"))
    )


def _concatenate(random: Random, data: bytes, other: bytes) -> bytes:
    return data + random.choice((b"", b"\n", b" ", b"\n\n")) + other


def _splice(random: Random, data: bytes, other: bytes) -> bytes:
    return data[: _place(random, data)] + other[_place(random, other) :]


def _nest(random: Random, data: bytes, _: bytes) -> bytes:
    opening = random.choice((b"[", b'{"a":', b"(", b"{"))
    return opening * random.choice((1, 2, 1000, 100_000)) + data


MUTATIONS: tuple[Mutation, ...] = (
    _flip_bits, _overwrite, _truncate, _lose, _repeat, _insert, _insert, _change_number, _change_number, _change_number,
    _change_digit, _change_digit, _change_digit, _change_digit, _change_case, _change_case, _space, _space,
    _change_word, _change_word, _change_lines, _change_lines, _look_alike, _line_ends, _concatenate, _splice, _nest,
)  # fmt: skip


def mutate(random: Random, data: bytes, other: bytes) -> bytes:
    """One to three kinds of damage; other: the file of which a part may be spliced in."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        data = random.choice(MUTATIONS)(random, data, other)
    return data
