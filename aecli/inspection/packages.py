"""The packages that aecli needs, and those of its extras, as installed."""

import shutil
from importlib import metadata

from packaging.requirements import Requirement

Found = tuple[str, str, str, bool]  # name, text, remedy, whether aecli cannot work like this
FOR_WORK_ON_IT = "dev"  # an extra that nobody lacks
PROGRAMS = {"diagram": ("dot", "Graphviz")}  # extra: what it needs beside packages
SHOWN_LACKING = 4  # names
SHOWN = ("tensorflow", "keras", "hydra-core", "omegaconf", "numpy", "matplotlib", "scikit-learn")


def required() -> list[Found]:
    """The versions of what is always needed; a line more for each that is amiss."""
    needed = [one for one in _requirements() if "extra" not in str(one.marker or "")]
    wrong = [(one, _wrong(one)) for one in needed]
    versions = [f"{name} {installed}" for name in SHOWN if (installed := _installed(name))]
    found: list[Found] = [("packages", ", ".join(versions), "", False)]
    found += [
        ("packages", f"{one.name}: {text}", f"pip install '{one.name}{one.specifier}'", True)
        for one, text in wrong
        if text
    ]
    return found


def extras() -> list[Found]:
    """Which extras are there, and the line that installs each of the others."""
    try:
        names = metadata.metadata("aecli").get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:
        return []
    there, found = [], []
    for extra in names:
        needed = _in_full([one for one in _requirements() if _is_of(one, extra)])
        lacking = [one.name for one in needed if _wrong(one)]
        program, bringing = PROGRAMS.get(extra, ("", ""))
        if extra == FOR_WORK_ON_IT or not needed:
            continue
        if lacking:
            line = f"pip install 'aecli[{extra}]'"
            found.append(("extras", f"{extra} lacks {_some(lacking)}", line, False))
        elif program and shutil.which(program) is None:
            line = f"install {bringing}, as the system's package"
            found.append(("extras", f"{extra} lacks the program {program}", line, False))
        else:
            there.append(extra)
    return [("extras", ", ".join(there) or "none", "", False), *found]


def _requirements() -> list[Requirement]:
    try:
        return [Requirement(text) for text in metadata.requires("aecli") or []]
    except metadata.PackageNotFoundError:  # run from a folder that was never installed
        return []


def _in_full(needed: list[Requirement]) -> list[Requirement]:
    """And what the extras of these ask for: tensorflow may be there without its and-cuda."""
    there = [one for one in needed if one.extras and _installed(one.name)]
    own = [(one, Requirement(text)) for one in there for text in metadata.requires(one.name) or []]
    return needed + [inner for one, inner in own if any(_is_of(inner, e) for e in one.extras)]


def _some(names: list[str]) -> str:
    rest = len(names) - SHOWN_LACKING
    return ", ".join(names[:SHOWN_LACKING]) + (f" and {rest} more" if rest > 0 else "")


def _is_of(one: Requirement, extra: str) -> bool:
    marker = one.marker
    return marker is not None and "extra" in str(marker) and marker.evaluate({"extra": extra})


def _installed(name: str) -> str:
    """Its version, "" where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _wrong(one: Requirement) -> str:
    """What is amiss with a requirement, "" where it is met."""
    version = _installed(one.name)
    if not version:
        return "not installed"
    if not one.specifier.contains(version, prereleases=True):
        return f"{version}, and {one.specifier} is needed"
    return ""
