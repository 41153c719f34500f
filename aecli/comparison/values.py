"""Values of a config: flattened, and as a reader sees them."""

import json
from typing import Any

ABSENT = "-"  # a key that a run's config does not have


def flatten(tree: dict, prefix: str = "") -> dict[str, Any]:
    """{"model": {"beta": 1}} -> {"model.beta": 1}; a list is one value, and so is {}."""
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            leaves |= flatten(value, f"{prefix}{name}.")
        else:
            leaves[f"{prefix}{name}"] = value
    return leaves


def shown(value: Any) -> str:
    """As it would be typed: true, null, 0.001, [128, 64]. 1 and 1.0 are the same."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list):
        return f"[{', '.join(shown(inner) for inner in value)}]"
    return json.dumps(value)


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def in_order(values: list[Any]) -> list[Any]:
    """The distinct ones: numbers by size, then the others as they come."""
    distinct = list({shown(value): value for value in values}.values())
    numbers = sorted(value for value in distinct if is_number(value))
    return numbers + [value for value in distinct if not is_number(value)]
