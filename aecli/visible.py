"""Text that somebody else wrote, such as a file's name, as a terminal may show it."""

import re

UNSEEN = re.compile(  # controls, C1 too; what turns the direction of writing; halves of characters
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """The text with each character that would steer a terminal as ?; lines and tabs stay."""
    return UNSEEN.sub("?", text)


def in_a_line(text: str) -> str:
    """As visible, in one line."""
    return re.sub(r"[\n\t]", "?", visible(text))
