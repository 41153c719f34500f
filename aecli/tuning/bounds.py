"""Intervals and ranges of Hydra's grammar -> the fields of a Param."""

import math
from typing import Any

from aecli.errors import BadRequest

DECADES = 2  # an interval that spans so many is searched on a logarithmic scale
TAGS = {"log", "linear"}


def interval(key: str, sweep: Any, tags: set[str]) -> dict[str, Any]:
    """interval(a,b), int(interval(a,b)), tag(log,...), tag(linear,...)."""
    low, high = sweep.start, sweep.end
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise BadRequest(f"{key}: interval({low:g},{high:g}) has no numbers in it")
    if unknown := sorted(tags - TAGS) or (tags == TAGS and sorted(tags)):
        raise BadRequest(f"{key}: tag({', '.join(unknown)}, ...): it can be log or linear")
    if "log" in tags and low <= 0:
        raise BadRequest(f"{key}: a logarithmic interval begins above 0; got {low:g}")
    wide = low > 0 and high / low >= 10**DECADES * (1 - 1e-9)
    log = "log" in tags or (wide and "linear" not in tags)
    whole = type(low) is int and type(high) is int
    step = 1 if whole else None
    return {"kind": "int" if whole else "float", "low": low, "high": high, "step": step, "log": log}


def int_range(key: str, sweep: Any) -> dict[str, Any]:
    """range(2,33): 2, 3 ... 32, as in Python."""
    if sweep.step == 0 or not (values := range(sweep.start, sweep.stop, sweep.step)):
        raise BadRequest(f"{key}: range({sweep.start},{sweep.stop}) has no numbers in it")
    low, high = sorted((values[0], values[-1]))
    return {"kind": "int", "low": low, "high": high, "step": abs(sweep.step)}


def float_range(key: str, sweep: Any) -> dict[str, Any]:
    """range(0,1,0.25): 0, 0.25, 0.5, 0.75."""
    start, stop, step = float(sweep.start), float(sweep.stop), float(sweep.step)
    count = math.ceil((stop - start) / step - 1e-9) if step else 0
    if count < 1:
        raise BadRequest(f"{key}: range({start:g},{stop:g},{step:g}) has no numbers in it")
    low, high = sorted((start, start + (count - 1) * step))
    return {"kind": "float", "low": low, "high": high, "step": abs(step)}
