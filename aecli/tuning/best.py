"""The best trial as an experiment's YAML: what `aecli train experiment=NAME` runs."""

import contextlib
import os
import pathlib
from typing import Any

import yaml
from omegaconf import OmegaConf

from aecli import look
from aecli.console import catalog, subgroups
from aecli.console.compose import Composed, composed, declared
from aecli.errors import BadRequest
from aecli.files import cannot_write, write_text
from aecli.tuning.studies import Study

NOT_SETTINGS = ("outputs", "figures", *look.KEYS)  # where and what is written, not what is trained


class _ShortLists(yaml.SafeDumper):
    """Lists in one line: [128, 64]."""

    def represent_list(self, data: list) -> yaml.Node:
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


_ShortLists.add_representer(list, _ShortLists.represent_list)


def path_of(name: str) -> pathlib.Path:
    return pathlib.Path("configs", "experiment", f"{name}.yaml")


def check_free(name: str) -> None:
    """Raises BadRequest where there is an experiment of that name."""
    taken = {option.name: option.file for option in catalog.options("experiment")}
    if name in taken or path_of(name).exists():
        raise BadRequest(
            f"save={name}: there is an experiment of that name, {taken.get(name, path_of(name))}\n"
            "nothing is overwritten: take another name"
        )


def save(text: str, path: pathlib.Path) -> bool:
    """Write a file that must not be there yet; returns whether it was written."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp.yaml")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(temporary, text)
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return True


def experiment(study: Study, trial: Any, name: str) -> str:
    """The YAML, whole: options that are not the default ones, then the values that differ."""
    terms, point = study.terms, trial.params
    base = terms.base(point)
    wanted: Any = OmegaConf.to_container(terms.config(point))
    choices = {g: o for g, o in base.choices.items() if g != "experiment" and o is not None}
    usual = declared("train")
    usual |= {group: subgroups.default_of(group) for group in subgroups.inside(usual)}
    searched = {param.key for param in terms.params if param.is_group}
    shown = {g for g, option in choices.items() if g in searched or option != usual.get(g)}
    shown |= {
        g
        for g, option in _given(choices, shown).choices.items()
        if g in choices and option != choices[g]
    }
    given: Any = OmegaConf.to_container(_given(choices, shown).config)
    values = _differences(given, wanted)
    for key in (*NOT_SETTINGS, *(k for k in values if k not in wanted)):
        values.pop(key, None)
    defaults = [f"  - override /{g}: {_text(choices[g])}" for g in choices if g in shown]
    lines = [*_comments(study, trial, name), "defaults:", *defaults, "  - _self_", ""]
    return "\n".join(lines) + "\n" + yaml.dump(values, Dumper=_ShortLists, sort_keys=False)


def _given(choices: dict[str, Any], shown: set[str]) -> Composed:
    """What the options alone give."""
    return composed(
        "train", [f"{group}={_text(choices[group])}" for group in choices if group in shown]
    )


def _comments(study: Study, trial: Any, name: str) -> list[str]:
    searched = (f"#   {param.key}: {param}" for param in study.terms.params)
    trials = study.total
    return [
        "# @package _global_",
        f"# {study.terms.metric} {trial.value:.6g}, the best of {trials} trials of aecli tune",
        f"# command: aecli train experiment={name}",
        f"# from:    {study.trial_folder(trial.number)}, whose metric it gives again",
        "# searched:",
        *searched,
    ]


def _text(option: Any) -> str:
    return f"[{','.join(option)}]" if isinstance(option, list) else str(option)


def _differences(given: dict, wanted: dict) -> dict:
    """What to state on top of `given` for `wanted`; null where wanted has nothing."""
    found = {}
    for key in [*wanted, *(key for key in given if key not in wanted)]:
        before, now = given.get(key), wanted.get(key)
        if isinstance(before, dict) and isinstance(now, dict):
            if inner := _differences(before, now):
                found[key] = inner
        elif key not in given or before != now or type(before) is not type(now):
            found[key] = now
    return found
