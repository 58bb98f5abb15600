"""How many values a JSON text has, counted before it is parsed: a byte of text can become a hundred of memory."""

import re

_SEPARATORS = (b",", b"[", b"{")
"""One of them stands before every value but that of a key, and the only one in a text."""
# Up to and with the next separator that is in no string. Possessive and anchored: nothing is looked at twice.
_NEXT = re.compile(rb'(?:[^",\[{]++|"(?:[^"\\]++|\\.)*+"?)*+[,\[{]', re.DOTALL)


def end_of_values(text: bytes | bytearray, most: int) -> int | None:
    """Return where a JSON text has so many separators of values that the rest is too much; None if it has fewer."""
    # Those in strings too: this takes a thousandth of the time, and nearly always it is enough.
    if sum(map(text.count, _SEPARATORS)) <= most:
        return None
    end = 0
    for _ in range(most + 1):
        following = _NEXT.match(text, end)
        if following is None:
            return None
        end = following.end()
    return end
