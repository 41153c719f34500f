"""What Hydra, OmegaConf and PyYAML raise, put into words for the user."""

import re
import traceback
from pathlib import Path

import yaml
from hydra.errors import (
    ConfigCompositionException,
    MissingConfigException,
    OverrideParseException,
    SearchPathException,
)
from omegaconf.errors import (
    InterpolationResolutionError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from aecli import typed
from aecli.console import catalog, mistakes
from aecli.errors import BadRequest

COMPOSITION = (ConfigCompositionException, SearchPathException, OmegaConfBaseException)


def explain(error: Exception, command: str, overrides: list[str]) -> BadRequest | None:
    """The mistake in the request behind an exception, None if it is no such mistake."""
    if isinstance(error, OverrideParseException):
        return _unreadable(error.override)
    if isinstance(error, MissingConfigException):
        return _missing_option(error, overrides)
    if isinstance(error, yaml.MarkedYAMLError):
        return _broken_yaml(error)
    if isinstance(error, MissingMandatoryValue):
        return BadRequest(f"{error.full_key} needs a value\ngive one: {error.full_key}=VALUE")
    if isinstance(error, InterpolationResolutionError):
        return BadRequest(f"{error.full_key}: {_first_line(error)}")
    if isinstance(error, COMPOSITION):
        return _composition(error, command, overrides)
    if isinstance(error, ValueError | TypeError) and _while_choosing(error):
        return _choice_that_is_no_name(overrides)
    return None


def _composition(error: Exception, command: str, overrides: list[str]) -> BadRequest:
    text = str(error)
    if match := re.search(r"Could not override '([^']+)'", text):
        key = match[1]
        if (where := re.match(r"In '([^']+)'", text)) and where[1] != command:
            return BadRequest(f"configs/{where[1]}.yaml overrides '{key}', which nothing provides")
        inner = getattr(error.__cause__, "full_key", None) or ""  # of model={latent_dimm:3}
        key = inner if inner.startswith(f"{key}.") else key
        return mistakes.unknown_key(key, command, overrides)
    if match := re.search(r"Ambiguous value for argument '([^=]+)=(.*)'", text):
        key, value = match.groups()
        return BadRequest(
            f"{key} has several values: {value}\n"
            f"one run for each: aecli {command} -m {key}={value}; one list: '{key}=[{value}]'"
        )
    if match := re.search(r"Sweep parameters '(.*)' requires", text):
        return BadRequest(f"{match[1]} is a sweep\none run for each value: add -m")
    if match := re.search(r"Multiple values for (\S+?)\.? ", text):
        return BadRequest(f"{match[1]} is chosen already\nto replace it: {match[1]}=OPTION")
    if match := re.search(r"Could not delete from config\. '([^']+)'", text):
        return mistakes.unknown_key(match[1], command, overrides)
    reason = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else None
    lines = [_first_line(e) for e in (error, reason) if e is not None and str(e)]
    return BadRequest(": ".join(lines))


def _missing_option(error: MissingConfigException, overrides: list[str]) -> BadRequest:
    group, _, name = (error.missing_cfg_file or "").removesuffix(".yaml").rpartition("/")
    if group not in catalog.groups():
        return BadRequest(_first_line(error))
    problem = mistakes.unknown_choice(group, name)
    if any(o.lstrip("+").split("=")[0].split("@")[0] == group for o in overrides):
        return problem
    return BadRequest(f"{_who_names(group, name)}: {problem}")


def _who_names(group: str, name: str) -> str:
    """The YAML whose defaults list asks for an option that does not exist."""
    files = [option.file for g in catalog.groups() for option in catalog.options(g)]
    last = group.rpartition("/")[2]  # model/prior is prior in the list of a model
    pattern = re.compile(rf"^\s*- .*\b{last}(@\S+)?:\s*{name}\b", re.MULTILINE)
    for file in files:
        if pattern.search(file.read_text(encoding="utf-8", errors="replace")):
            return str(file)
    return "in the defaults list"


def _choice_that_is_no_name(overrides: list[str]) -> BadRequest:
    """noise=null, model=3."""
    groups = catalog.groups()
    for override in overrides:
        key, _, value = override.partition("=")
        if key in groups and re.fullmatch(r"null|true|false|[-+.\d]+(e[-+]?\d+)?", value.lower()):
            return mistakes.unknown_choice(key, value)
    return BadRequest("a group takes the name of an option, such as model=vae")


def _while_choosing(error: Exception) -> bool:
    """Whether Hydra met something else than a name where it reads the names of options."""
    *_, last = traceback.extract_tb(error.__traceback__)
    return Path(last.filename).name == "defaults_list.py"


def _unreadable(override: str) -> BadRequest:
    key, _, value = override.partition("=")
    hint = f"special characters need quotes, twice for the shell: {typed.setting(key, value)}"
    if value[:1] in ("[", "{", "'", '"'):
        hint = "is a bracket or a quote left open? the shell needs quotes of its own around it"
    return BadRequest(f"cannot read the value in {override}\n{hint}")


def _broken_yaml(error: yaml.MarkedYAMLError) -> BadRequest:
    mark = error.problem_mark or error.context_mark
    assert mark is not None  # PyYAML says where, of whatever it met in a text
    file = Path(mark.name)
    if file.is_relative_to(Path.cwd()):
        file = file.relative_to(Path.cwd())
    bracket = error.context_mark if "flow" in (error.context or "") else None
    opened = f" (the bracket opened in line {bracket.line + 1})" if bracket else ""
    problem = error.problem or error.context
    return BadRequest(f"{file}:{mark.line + 1}: not valid YAML: {problem}{opened}")


def _first_line(error: object) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")
