"""The mutation run: which planted errors do the proofs notice?

python tests/support/mutate.py [--files GLOB ...] [--count N] [--seed N] [--processes N]

Each error is planted in a process of its own, which is forked before anything of aecli is
imported: it has the changed file alone. The proofs of the file's subject run first, then those of
any model on a small one of it, then the subjects whose proofs import it; the first red line, or
error, ends them. What is known to change nothing that a proof could see stands, with its reason,
in equivalent.yaml.
"""

import argparse
import ast
import functools
import importlib.machinery
import json
import multiprocessing
import os
import pathlib
import random
import time

import yaml
from mutants import Mutant, mutants

ROOT = pathlib.Path(__file__).resolve().parents[2]
EQUIVALENT = pathlib.Path(__file__).with_name("equivalent.yaml")
PLUMBING = {  # of aecli/models: no objective is stated there
    "__init__", "asked", "base", "batch", "draws", "in_keras", "measured", "on_arrays", "raw",
    "watched",
}  # fmt: skip
LIMIT = 240  # seconds a mutant: what then still runs, hangs
NOTICED, SURVIVED = "noticed", "SURVIVED"


def formula_files() -> list[str]:
    """Of the checkout: divergences.py, latents, losses, samplers, models, metrics with proofs."""
    package = ROOT / "aecli"
    found = [package / "divergences.py", *package.glob("latents/**/*.py")]
    found += [*package.glob("losses/*.py"), *package.glob("samplers/*.py")]
    found += [path for path in package.glob("models/*.py") if path.stem not in PLUMBING]
    proved = {path.stem for path in (package / "proofs" / "metrics").glob("*.py")}
    found += [path for path in package.glob("metrics/*.py") if path.stem in proved]
    found.remove(package / "samplers" / "kept.py")  # which reads and writes files
    return sorted(str(path.relative_to(ROOT)) for path in found if path.stem != "__init__")


# ---- which proofs look at a file -----------------------------------------------------------------


def plans(file: str) -> list[tuple[str, ...]]:
    """(subject,) or words of a choice, in the order in which they are tried."""
    path, everything = pathlib.Path(file), _subjects()
    room = path.parts[1].removesuffix(".py")
    own = [s for s in everything if s == f"{room}/{path.stem}" or (s.startswith(f"{room}/") and room
           == "divergences")]  # fmt: skip
    words: list[tuple[str, ...]] = []
    if room == "models":
        target = f"_target_: aecli.models.{path.stem}."
        folder = (ROOT / "configs" / "model").glob("*.yaml")
        words += [(f"model={yaml.stem}",) for yaml in folder if target in yaml.read_text()]
    elif room == "losses":
        words += [(f"loss={path.stem}",)] if _has("loss", path.stem) else []
    elif room == "latents" and len(path.parts) == 4:
        group = f"model/{path.parts[2].removesuffix('s')}"
        words += [("model=vae", f"{group}={path.stem}")] if _has(group, path.stem) else []
    module = ".".join(path.with_suffix("").parts)
    rest = [s for s in everything if s not in own and module in _imports(f"aecli/proofs/{s}.py")]
    rest.sort(key=lambda s: s.partition("/")[0] != room)
    return [*((s,) for s in own), *sorted(words), *((s,) for s in rest)]


def _subjects() -> list[str]:
    folder = ROOT / "aecli" / "proofs"
    found = [path.relative_to(folder).with_suffix("") for path in folder.glob("*/*.py")]
    return sorted(str(path) for path in found if path.name != "__init__")


def _has(group: str, option: str) -> bool:
    return (ROOT / "configs" / group / f"{option}.yaml").is_file()


@functools.cache
def _imports(file: str) -> set[str]:
    """The modules of aecli that a file imports, and those that these import."""
    found, unread = set(), [file]
    while unread:
        new = _imported(unread.pop()) - found
        found |= new
        unread += [f"{name.replace('.', '/')}.py" for name in new]
    return found


@functools.cache
def _imported(file: str) -> set[str]:
    """The modules of aecli that a file names."""
    nodes = [n for n in ast.walk(ast.parse((ROOT / file).read_text()))
             if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("aecli")]  # fmt: skip
    names = {node.module for node in nodes}
    names |= {f"{node.module}.{alias.name}" for node in nodes for alias in node.names}
    return {name for name in names if (ROOT / f"{name.replace('.', '/')}.py").is_file()}


# ---- one mutant ----------------------------------------------------------------------------------


def try_out(mutant: Mutant, todo: list[tuple[str, ...]], out) -> None:
    """In a child: (noticed or survived, by what)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    where, plain = str(ROOT / mutant.file), importlib.machinery.SourceFileLoader.get_code

    source = mutant.source(ast.parse((ROOT / mutant.file).read_text()))

    def get_code(loader, fullname):
        return compile(source, where, "exec") if loader.path == where else plain(loader, fullname)

    importlib.machinery.SourceFileLoader.get_code = get_code
    try:
        from aecli.console import quiet

        quiet.import_tensorflow_quietly(threads=1)
        from aecli.proofs import run

        for words in todo:
            group = (
                run.Group(words[0]) if "=" not in words[0] else run.Group(" ".join(words), words)
            )
            if red := next((o for o in run.outcomes_of(group) if not o.holds), None):
                out.send((NOTICED, f"{red.subject}: {red.what}{' !' if red.error else ''}"))
                return
        out.send((SURVIVED, ""))
    except BaseException as error:
        out.send((NOTICED, f"{type(error).__name__} at its import"))


def all_of(chosen: list[Mutant], processes: int):
    """(mutant, verdict, by what, seconds) of each, as they end."""
    forking, todo = multiprocessing.get_context("fork"), {m.file: plans(m.file) for m in chosen}
    waiting, running = list(chosen), {}
    while waiting or running:
        while waiting and len(running) < processes:
            mutant = waiting.pop(0)
            ours, theirs = forking.Pipe(duplex=False)
            child = forking.Process(target=try_out, args=(mutant, todo[mutant.file], theirs))
            child.start()
            theirs.close()
            running[child] = (mutant, ours, time.monotonic())
        for child, (mutant, pipe, start) in list(running.items()):
            seconds = time.monotonic() - start
            if child.is_alive() and seconds < LIMIT and not pipe.poll(0.05):
                continue
            try:
                verdict = pipe.recv() if pipe.poll() else (NOTICED, "hangs")
            except EOFError:
                verdict = NOTICED, "the process died"
            if child.is_alive():
                child.join(0.5)
                child.kill()
            child.join()
            del running[child]
            yield mutant, *verdict, seconds


def known() -> dict[tuple[str, str, str], str]:
    """{(file, line's text, change): why nothing can be noticed}"""
    entries = yaml.safe_load(EQUIVALENT.read_text()) or []
    return {(e["file"], e["text"], e["change"]): e["why"] for e in entries}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", nargs="*", default=["*"], help="globs, as aecli/models/*.py")
    parser.add_argument("--count", type=int, default=4, help="errors a file, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", help="where to write all that was found")
    given = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    chosen: list[Mutant] = []
    for file in formula_files():
        if any(pathlib.PurePath(file).match(glob) for glob in given.files):
            every = mutants(file, (ROOT / file).read_text())
            some = random.Random(f"{given.seed}{file}").sample(every, min(given.count, len(every)))
            chosen += sorted(some, key=lambda mutant: mutant.line)
    equivalent = known()
    planted = [m for m in chosen if (m.file, m.text, m.change) not in equivalent]
    print(
        f"{len(planted)} errors, and {len(chosen) - len(planted)} that change nothing", flush=True
    )
    import hydra  # noqa: F401  # once for all children, and nothing of aecli
    import keras  # noqa: F401
    import pydantic  # noqa: F401
    import scipy.stats  # noqa: F401
    import sklearn.datasets
    import sklearn.decomposition
    import sklearn.mixture  # noqa: F401

    found = []
    for mutant, verdict, by, seconds in all_of(planted, given.processes):
        told = {name: getattr(mutant, name) for name in ("file", "line", "text", "change")}
        found.append(told | {"verdict": verdict, "by": by, "seconds": seconds})
        print(f"{verdict} {mutant.file}:{mutant.line}  {mutant.change}  {seconds:.0f} s  {by}")
        print(f"         {mutant.text}", flush=True)
    killed = sum(one["verdict"] == NOTICED for one in found)
    share = 100 * killed / max(1, len(found))
    print(f"\nnoticed {killed} of {len(found)}, {share:.1f} %; survivors:")
    for one in found:
        if one["verdict"] == SURVIVED:
            print(f"- {one['file']}:{one['line']}  {one['change']}\n  {one['text']}")
    if given.json:
        pathlib.Path(given.json).write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
