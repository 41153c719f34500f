"""Words that people type for a command, and which of ours does that. Standard library only."""

import difflib

from aecli.console import catalog

ELSEWHERE = {  # what other tools call it: what to type here
    "predict": "aecli reconstruct: images out; aecli encode: codes; aecli detect: anomalies",
    "resume": "aecli train resume=RUN, or resume=latest",
    "version": "aecli --version",
    "test": "aecli eval",
    "evaluate": "aecli eval",
    "validate": "aecli eval split=val",
    "score": "aecli detect: a score an example; aecli eval: figures of merit",
    "fit": "aecli train",
    "run": "aecli train",
    "new": "aecli train",
    "init": "aecli train",
    "sweep": "aecli train -m model=ae,vae",
    "search": "aecli tune",
    "hpo": "aecli tune",
    "sample": "aecli generate",
    "embed": "aecli encode",
    "transform": "aecli encode",
    "anomaly": "aecli detect",
    "anomalies": "aecli detect",
    "load": "run=PATH in any command; in Python aecli.load(PATH)",
    "open": "run=PATH in any command; in Python aecli.load(PATH)",
    "share": "aecli pack: a folder that can be given away",
    "publish": "aecli pack: a folder that can be given away",
    "upload": "aecli pack: a folder that can be uploaded",
    "push": "aecli pack: a folder that can be uploaded",
    "ls": "aecli runs: what has been trained; aecli list: what can be chosen",
    "show": "aecli report",
    "benchmark": "aecli bench",
    "models": "aecli list model",
    "datasets": "aecli list dataset",
}


def unknown(words: list[str]) -> str:
    """What to say of a first word that is no command, in a line or two.

    words: as they were typed, that one first.
    """
    word, following = words[0], words[1:2]
    if "=" in word or word.startswith("-"):
        return f"error: the command comes first: aecli train {word}"
    problem = f"error: unknown command '{word}'"
    known, name = catalog.commands(), word.lower().replace("_", "-")
    if name in ("plot", "plots"):
        figures = [one for one in known if one.startswith("plot-")]
        asked = following[0].lower().replace("_", "-") if following else ""
        near = difflib.get_close_matches(f"plot-{asked}", figures, n=1, cutoff=0.75)
        if asked and near:
            return f"{problem}\nhint:  aecli {near[0]}"
        first, *others = [figures[i : i + 5] for i in range(0, len(figures), 5)]
        rows = [f"hint:  one of {', '.join(first)}", *(f"       {', '.join(r)}" for r in others)]
        return "\n".join([problem, *rows])
    if name in ELSEWHERE:
        return f"{problem}\nhint:  {ELSEWHERE[name]}"
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    ending = f"did you mean '{near[0]}'?" if near else "aecli --help lists the commands"
    return f"{problem}: {ending}"
