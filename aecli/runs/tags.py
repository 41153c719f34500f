"""Tags and a note of a run: words of the user's, in a small file of its folder."""

import dataclasses
import json
import pathlib
import re

from aecli.errors import BadRequest
from aecli.files import write_json
from aecli.untrusted.bounded import check_writable, read_text
from aecli.visible import in_a_line

NAME = "tags.json"
MAX_BYTES = 16_384
TAG = r"[^\W\d_][\w.+-]{0,49}"  # a letter first
MOST, LONGEST = 50, 500  # tags of a run; characters of a note


@dataclasses.dataclass(frozen=True)
class Tags:
    """tags: in the order in which they were given; note: one line, or ""."""

    tags: tuple[str, ...] = ()
    note: str = ""


def read(folder: pathlib.Path) -> Tags:
    """Those of a run; none where there is no such file, or one that is none of ours."""
    file = folder / NAME
    if not file.is_file():
        return Tags()
    try:
        stored = json.loads(read_text(file, MAX_BYTES))
        tags = tuple(tag for tag in stored["tags"] if re.fullmatch(TAG, tag))
        return Tags(tags[:MOST], in_a_line(str(stored["note"]))[:LONGEST])
    except (BadRequest, ValueError, KeyError, TypeError, RecursionError):
        return Tags()


def change(
    folder: pathlib.Path, tag: str | None = None, untag: str | None = None, note: str | None = None
) -> Tags:
    """Add a tag, take one away, or set the note; -> what the run has then. Raises BadRequest."""
    for one in filter(None, (tag, untag)):
        if not re.fullmatch(TAG, one):
            raise BadRequest(f"'{one}' is no tag: a letter, then letters, digits and . + - _")
    if note is not None and len(note) > LONGEST:
        raise BadRequest(f"a note has at most {LONGEST} characters; this has {len(note):,}")
    check_writable(folder)
    known = read(folder)
    tags = [one for one in known.tags if one not in (tag, untag)] + ([tag] if tag else [])
    if len(tags) > MOST:
        raise BadRequest(f"{folder} has {MOST} tags, as many as a run may have")
    made = Tags(tuple(tags), known.note if note is None else in_a_line(note.strip()))
    write_json(folder / NAME, dataclasses.asdict(made))
    return made
