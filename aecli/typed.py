"""Commands and settings as the user types them: quoted for Hydra's grammar, then for the shell."""

import re
import shlex
from typing import Any

PLAIN = re.compile(r"[A-Za-z_./][\w./-]*", re.ASCII)  # a text that Hydra reads without quotes
NOT_TEXT = re.compile(r"null|true|false|nan|inf|[\d._]*(e[\d_]*)?", re.IGNORECASE)  # were it bare


def command(name: str, /, *words: str, **settings: Any) -> str:
    """`aecli NAME WORD ... KEY=VALUE ...`, to be pasted into a shell.

    words: overrides and options as Hydra takes them; settings: values yet to be quoted for it.
    """
    words = (*words, *(override(key, value) for key, value in settings.items()))
    return " ".join(["aecli", name, *map(word, words)])


def setting(key: str, value: Any) -> str:
    """`KEY=VALUE`, to be pasted behind a command in a shell."""
    return word(override(key, value))


def elsewhere(root: Any) -> dict[str, str]:
    """The setting without which a command would look in outputs/, or write there, not in root."""
    return {} if str(root) == "outputs" else {"outputs": str(root)}


def override(key: str, value: Any) -> str:
    """`KEY=VALUE` as Hydra takes it."""
    return f"{key}={_value(value)}"


def quoted(text: str) -> str:
    """The text in quotes of Hydra's grammar, whatever is in it."""
    doubled = re.sub(r"\\+(?='|$)", lambda match: match[0] * 2, text)
    return "'" + doubled.replace("'", "\\'") + "'"


def stated(overrides: list[str]) -> dict[str, str]:
    """{key: value} of overrides as they were typed, a text without its quotes."""
    pairs = (override.partition("=") for override in overrides)
    return {key: _unquoted(value) for key, _, value in pairs}


def _unquoted(text: str) -> str:
    """The text that `quoted` was given; also of double quotes."""
    if len(text) < 2 or text[0] not in "'\"" or text[-1] != text[0]:
        return text
    inner = text[1:-1]
    return re.sub(rf"(\\+)(?={text[0]}|$)", lambda match: match[0][: len(match[0]) // 2], inner)


def word(text: str) -> str:
    """The text as one word of a shell."""
    safe = shlex.quote(text)
    if safe != text and "'" in text and not set(text) & set('"$`\\!'):
        return f'"{text}"'  # for the reader: shlex would close and open its quotes
    return safe


def _value(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_value, value))}]"
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    return text if PLAIN.fullmatch(text) and not NOT_TEXT.fullmatch(text) else quoted(text)
