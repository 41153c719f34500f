"""YAML of plain values: no tags, anchors or double keys, not deep, not large."""

import io
import math
import pathlib
import re
from typing import Annotated, Any

import yaml
from pydantic import Field
from yaml._yaml import CParser  # which yaml.cyaml has from here
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from aecli.component import check_arguments
from aecli.errors import BadRequest
from aecli.untrusted.bounded import read_text

MAX_BYTES = 100_000  # a composed config has 3,000
MAX_DEPTH = 20  # a composed config has 4
MAX_TEXT = 4096  # characters of one value: the longest path that Linux takes
MAX_INT = 2**63
MAX_FLOAT = 1e38  # what follows is computed in float32


def _config(
    seed: Annotated[int, Field(ge=0, lt=2**31)],
    model: dict,
    network: dict,
    loss: dict,
    dataset: dict,
    noise: dict,
    trainer: dict,
    optimizer: dict,
    schedule: dict,
    callbacks: dict | None,
    metrics: dict | None,
    figures: dict | None,
): ...


def _trainer(threads: Annotated[int, Field(ge=1, le=1024)] | None): ...


class _Quick(Composer, CParser, SafeConstructor, Resolver):
    """As yaml.SafeLoader, ten times as quick: libyaml reads, Python composes node by node."""

    def __init__(self, stream):
        CParser.__init__(self, stream)
        for base in (Composer, SafeConstructor, Resolver):
            base.__init__(self)


class PlainLoader(_Quick):
    """Refuses while it reads, before anything is built or expanded. Raises MarkedYAMLError."""

    _depth = 0

    def compose_node(self, parent, index):
        event: Any = self.peek_event()
        if event.anchor is not None:  # of an alias too
            raise _problem("anchors and aliases are not taken: write the value out", event)
        if getattr(event, "tag", None) is not None:
            raise _problem(f"tags such as {event.tag} are not taken", event)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _problem(f"nested deeper than {MAX_DEPTH}", event)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def compose_mapping_node(self, anchor):
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                raise _problem("a key must be plain text", key)
            if key.value in seen:
                raise _problem(f"found duplicate key {key.value}", key)
            seen.add(key.value)
        return node


def _problem(text: str, where: yaml.Event | yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=text, problem_mark=where.start_mark)


def check(text: str, name: str) -> None:
    """Raises MarkedYAMLError, its mark named `name`, for what PlainLoader does not take."""
    _loaded(text, name, build=False)


def read_config(path: pathlib.Path) -> dict[str, Any]:
    """The stored config of a run: nothing in it refers to anything. Raises BadRequest."""
    loaded = _parsed(read_text(path, MAX_BYTES), str(path))
    if not isinstance(loaded, dict) or "model" not in loaded:
        raise BadRequest(f"{path} is not the config of a run")
    _refuse_odd_values(loaded, f"{path}: ", "")
    check_arguments(_config, loaded, "config", path)
    check_arguments(_trainer, loaded.get("trainer", {}), "config.trainer", path)
    return loaded


def read_keys(path: pathlib.Path) -> dict[str, Any]:
    """A file of keys that need not be all of a config's. Raises BadRequest."""
    loaded = _parsed(read_text(path, MAX_BYTES), str(path))
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise BadRequest(f"{path} must have keys: values, as a run's .hydra/config.yaml has them")
    _refuse_odd_values(loaded, f"{path}: ", "")
    return loaded


def refuse_unreadable(text: str) -> None:
    """Raises BadRequest, which names the key, where read_config would not take this config."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise BadRequest(
            f"these settings take {len(text):,} characters; a run keeps {MAX_BYTES:,} at most"
        )
    loaded = _parsed(text, "the config")
    _refuse_odd_values(loaded, "", "")
    check_arguments(_config, loaded)
    check_arguments(_trainer, loaded["trainer"], "trainer")


def read_overrides(path: pathlib.Path) -> list[str]:
    """The stored overrides of a run, [] where there are none. Raises BadRequest."""
    if not path.exists():
        return []
    loaded = _parsed(read_text(path, MAX_BYTES), str(path))
    if not isinstance(loaded, list) or not all(isinstance(text, str) for text in loaded):
        raise BadRequest(f"{path} is not a list of overrides")
    return loaded


def _parsed(text: str, name: str) -> Any:
    """Raises BadRequest."""
    try:
        return _loaded(text, name)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        is_deep = "nesting depth" in str(error.problem)  # libyaml's own limit, reached first
        problem = f"nested deeper than {MAX_DEPTH}" if is_deep else error.problem
        raise BadRequest(f"{name}{line} is damaged: {problem}") from None
    except ValueError as error:  # a number of thousands of digits
        raise BadRequest(f"{name} is damaged: {error}") from None


def _loaded(text: str, name: str, build: bool = True) -> Any:
    stream = io.StringIO(text)
    stream.name = name
    try:
        loader = PlainLoader(stream)
        return loader.get_single_data() if build else loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        mark = yaml.Mark(name, error.position, line, 0, None, 0)
        raise yaml.MarkedYAMLError(problem="a control character", problem_mark=mark) from None


def _refuse_odd_values(value: Any, start: str, key: str) -> None:
    """start: of the text of a refusal, before the key."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_odd_values(name, start, key)
            _refuse_odd_values(inner, start, f"{key}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            _refuse_odd_values(inner, start, key)
    elif problem := _odd(value):
        raise BadRequest(f"{start}{key or 'a key'} {problem}")


def _odd(value: Any) -> str | None:
    """What is wrong with a scalar of a stored config."""
    if isinstance(value, str):
        if "${" in value:
            return "has ${...}; a stored config has values alone"
        if len(value) > MAX_TEXT or re.search(r"[^\t\n -~\xa0-\U0010ffff]", value):
            return "is longer than any text of ours, or has control characters"
    elif isinstance(value, int):
        return None if -MAX_INT < value < MAX_INT else "is too large a number"
    elif isinstance(value, float):
        if not math.isfinite(value):
            return "is no finite number"
        return None if abs(value) < MAX_FLOAT else "is too large a number"
    elif value is not None:
        return f"is a {type(value).__name__}, not text or a number"
    return None
