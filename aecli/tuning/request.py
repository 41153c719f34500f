"""The words after `aecli tune`: what is searched, what is fixed, and how."""

import dataclasses
import re

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig

from aecli.console import catalog, options, root_keys, searchpath
from aecli.console.arguments import Arguments
from aecli.console.compose import VERSION_BASE, composed
from aecli.errors import BadRequest
from aecli.tuning import engine, space
from aecli.tuning.space import Param

SETTINGS = ("metric", "sampler", "pruner", "sampler_seed")  # of a study: they stay
COMMAND = (*SETTINGS, "n_trials", "study", "save", "n_jobs", "gpus", "outputs")  # not a training's
NOT_HERE = ("resume", "sweep", "seeds", "replace", "dry_run", "name")


@dataclasses.dataclass(frozen=True)
class Request:
    """settings: every key of the command. stated: those that were typed."""

    settings: DictConfig
    stated: set[str]
    fixed: list[str]
    params: list[Param]
    config_dir: str | None

    @property
    def study(self) -> str | None:
        return None if self.settings.study is None else str(self.settings.study)

    @property
    def outputs(self) -> str:
        return str(self.settings.outputs)

    @property
    def searches(self) -> bool:
        """Whether it says what is to be trained, as it need not to go on with a study."""
        return bool(self.params or self.fixed)


def read(arguments: Arguments) -> Request:
    """Raises BadRequest, or what Hydra raises for words that are none of its grammar."""
    config_dir = arguments.config_dir
    if others := arguments.without(options.CONFIG_DIR).options:
        option = next(iter(others))
        raise BadRequest(
            f"aecli tune does not take {option}: it searches by itself\n"
            f"one training's config: aecli train ... --cfg job"
        )
    typed = [(override.partition("=")[0], override) for override in arguments.overrides]
    for key, _ in typed:
        if key in NOT_HERE or key.lstrip("+~").startswith("hydra"):
            raise BadRequest(f"aecli tune does not take {key}\nto go on with a study: study=PATH")
    own = [override for key, override in typed if key in COMMAND]
    rest = [override for key, override in typed if key not in COMMAND]
    params = _params(rest, config_dir)
    keys = [override.partition("=")[0] for override in rest]
    searched = {param.key for param in params}
    if twice := sorted(key for key in searched if keys.count(key) > 1):
        raise BadRequest(f"{twice[0]} is given twice: state all of its values at once")
    fixed = [override for override in rest if override.partition("=")[0] not in searched]
    by_hand = {key: one for key, one in typed if key in COMMAND and key in catalog.groups()}
    settings = composed("tune", [o for o in own if o not in by_hand.values()], config_dir).config
    for key, override in by_hand.items():  # Hydra would look for an option of that group
        settings[key] = override.partition("=")[2]
    _check(settings)
    stated = {key for key, _ in typed if key in COMMAND}
    return Request(settings, stated, fixed, params, config_dir)


def _params(overrides: list[str], config_dir: str | None) -> list[Param]:
    searchpath.register(config_dir)
    with initialize_config_dir(str(catalog.package_configs()), version_base=VERSION_BASE):
        parser = OverridesParser.create(GlobalHydra.instance().config_loader())
        parsed = [space.parse(one, catalog.groups()) for one in parser.parse_overrides(overrides)]
    return [param for param in parsed if param is not None]


def _check(settings: DictConfig) -> None:
    root_keys.check(settings)
    for key, least in (("n_trials", 1), ("sampler_seed", 0)):
        if type(settings[key]) is not int or settings[key] < least:
            raise BadRequest(
                f"{key} must be a whole number of {least} or more; got {settings[key]!r}"
            )
    for key, known in (("sampler", engine.SAMPLERS), ("pruner", engine.PRUNERS)):
        if settings[key] not in known:
            raise BadRequest(f"{key} must be {' or '.join(known)}; got {settings[key]!r}")
    for key, example in (("metric", "val_loss"), ("save", "mine")):
        value = settings[key]
        named = isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w-]*", value, re.ASCII)
        if not named and (key, value) != ("save", None):
            raise BadRequest(f"{key} must be a name, as {key}={example}; got {value!r}")
