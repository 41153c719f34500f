"""The words after `aecli COMMAND`, sorted into Hydra's options and its overrides."""

import os
import re
from dataclasses import dataclass, field, replace

from aecli.console import catalog, chosen_data, given_paths, mistakes, options, slips
from aecli.console.options import Option
from aecli.errors import BadRequest
from aecli.typed import quoted

POSITIONAL = {
    "list": "group",
    "reproduce": "reproduce",
    "study": "design",
}  # command: the key that a first bare word sets
SEPARATED = ("tune",)  # commands whose words may be divided by --, for the reader's sake
BESIDE = {"bench": "against"}  # command: the key for the words after --, a second setting
QUERIES = dict.fromkeys(("rm", "runs"), ("model", "dataset"))  # command: keys of its `where`
SEVERAL = {  # command: the key whose list all bare words make
    "compare": "paths",
    "copy": "words",
    "rm": "runs",
    "runs": "runs",
    "verify": "subjects",
}


@dataclass
class Arguments:
    """options: {an Option's name: its value, None for a switch}; overrides: ["model=vae", ...]."""

    command: str
    options: dict[str, str | None] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)

    def has(self, *asked: Option) -> bool:
        """Whether one of these options is given."""
        return any(option.name in self.options for option in asked)

    @property
    def config_dir(self) -> str | None:
        return self.options.get(options.CONFIG_DIR.name)

    def without(self, option: Option) -> "Arguments":
        """The same but for one option."""
        left = {name: value for name, value in self.options.items() if name != option.name}
        return replace(self, options=left)

    @property
    def is_sweep(self) -> bool:
        return self.has(options.MULTIRUN) or "hydra.mode=MULTIRUN" in self.overrides

    def as_sweep(self) -> "Arguments":
        """The same, for several runs."""
        return replace(self, options=self.options | {options.MULTIRUN.name: None})

    def argv(self) -> list[str]:
        """Options first: Hydra takes its overrides only as one block."""
        words = []
        for name, value in self.options.items():
            words += [name] if value is None else [f"{name}={value}"]
        return words + self.overrides


def parse(command: str, argv: list[str]) -> Arguments:
    """Sort the words; raises BadRequest for one that is neither an option nor an override."""
    if command in BESIDE and "--" in argv:
        return _with_another(command, argv)
    arguments = Arguments(command)
    is_suite = command == "bench" and argv[:1] == ["suite"]  # the bare words after it are rows
    unread, several, data, files = argv[is_suite:], [], [], []
    slips.refuse(argv)
    while unread:
        word = unread.pop(0)
        if word == "--" and command in SEPARATED:
            continue
        if word.startswith("-") and word != "-":
            _take_option(arguments, word, unread)
        elif command in SEVERAL and os.path.isdir(word):  # = may be in its name
            several.append(quoted(word))
        elif "=" in word or word.startswith("~"):
            arguments.overrides.append(_asked(command, word))
        elif is_suite:
            several.append(word)
        elif command in POSITIONAL and not arguments.overrides:
            arguments.overrides.append(f"{POSITIONAL[command]}={word}")
        elif command in SEVERAL:
            several.append(quoted(word))
        elif command == "train" and word.lower().endswith((".yaml", ".yml")):
            files.append(word)
        elif command in chosen_data.COMMANDS and chosen_data.is_path(word):
            data.append(word)
        elif (meant := given_paths.words_for(command, word, arguments.overrides)) is not None:
            arguments.overrides += meant
        else:
            raise mistakes.bare_word(word, command)
    if len(files) > 1:
        raise BadRequest(f"{files[0]} and {files[1]}: one file of keys to begin from")
    for word in files:
        from aecli.console import from_file

        stated = arguments.overrides
        arguments.overrides = from_file.words_of(word, stated, arguments.config_dir) + stated
    if len(data) > 1:
        raise BadRequest(
            f"{data[0]} and {data[1]}: one file or folder to learn from\n"
            f"a second part to test on is dataset.test_path={quoted(data[1])}"
        )
    for word in data:
        arguments.overrides += chosen_data.words_for(word, arguments.overrides)
    if is_suite:
        rows = several or [one.name for one in catalog.options("suite", arguments.config_dir)]
        arguments.overrides.append(f"suite=[{','.join(rows)}]")
    elif several:
        arguments.overrides.append(f"{SEVERAL[command]}=[{','.join(several)}]")
    _choose_dataset(arguments)
    given_paths.refuse(command, arguments.overrides)
    _choose_metrics(arguments)
    arguments.overrides += chosen_data.fitting(command, arguments.overrides, arguments.config_dir)
    modes = [option.name for option in options.MODES if arguments.has(option)]
    if len(modes) > 1:
        raise BadRequest(f"{' and '.join(modes)} do not go together: use one of them")
    _refuse_bad_keys(arguments)
    _refuse_additions(arguments)
    _refuse_two_choices(arguments)
    _refuse_options_as_keys(arguments)
    return arguments


def _with_another(command: str, argv: list[str]) -> Arguments:
    """A second setting is the first with other words; both are read alike."""
    place = argv.index("--")
    arguments, other = parse(command, argv[:place]), parse(command, argv[place + 1 :])
    if other.options or not other.overrides:
        raise BadRequest(
            f"after -- stand the keys of a second setting, and no options\n"
            f"aecli {command} -- trainer.jit_compile=false"
        )
    words = ",".join(quoted(word) for word in other.overrides)
    arguments.overrides.append(f"{BESIDE[command]}=[{words}]")
    return arguments


def _asked(command: str, word: str) -> str:
    """model=ae of a query, which Hydra would take for the choice of an option."""
    is_query = command in QUERIES and word.partition("=")[0] in QUERIES[command]
    return f"where.{word}" if is_query else word


def _choose_dataset(arguments: Arguments) -> None:
    """input=mnist chooses an option of dataset, where the command has both.

    A file or folder stays what it is, also one that is called as an option.
    """
    if not _has_key(arguments.command, "input") or not _has_key(arguments.command, "  - dataset"):
        return
    options = {option.name for option in catalog.options("dataset")}
    for i, override in enumerate(arguments.overrides):
        key, _, value = override.partition("=")
        if key == "input" and value in options and not os.path.exists(value):
            arguments.overrides[i] = f"dataset={value}"


def _choose_metrics(arguments: Arguments) -> None:
    """card=full takes every metric that there is, unless metrics=... states which.

    Each has the settings that its YAML states for a card, unless these are stated, too.
    """
    pairs = (override.lstrip("+").partition("=") for override in arguments.overrides)
    stated = {key: value for key, _, value in pairs}
    if "card=full" not in arguments.overrides or not _has_key(arguments.command, "card"):
        return
    options = catalog.options("metrics", arguments.config_dir)
    if "metrics" in stated:
        chosen = re.findall(r"\w+", stated["metrics"])
        options = [option for option in options if option.name in chosen]
    else:
        names = [option.name for option in options]
        arguments.overrides.append(f"metrics=[{','.join(names)}]")
    for option in options:
        word = f"metrics.{option.name}.{option.in_card}"
        if option.in_card is not None and word.partition("=")[0] not in stated:
            arguments.overrides.append(word)


def _take_option(arguments: Arguments, word: str, unread: list[str]) -> None:
    name, equals, value = word.partition("=")
    option = options.BY_WORD.get(name)
    if option is not None and option.takes is None and (not equals or value in option.choices):
        arguments.options[option.name] = value or None
    elif option is not None and option.takes is not None:
        if not equals:
            follows = unread and "=" not in unread[0] and not unread[0].startswith("-")
            is_left_out = option.default is not None and not follows
            value = option.default if is_left_out else unread.pop(0) if unread else ""
        if not value or (option.choices and value not in option.choices):
            what = " or ".join(option.choices) or "a value"
            raise BadRequest(f"{option.name} needs {what}; got {value or 'nothing'}")
        arguments.options[option.name] = value
    elif option is options.HELP:
        raise BadRequest(f"{word}: it is {name}, or {name}=all for every key")
    elif word == "--json" and _has_key(arguments.command, "json"):
        arguments.overrides.append("json=true")
    else:
        following = unread[0] if unread and not unread[0].startswith("-") else "VALUE"
        known = [*options.BY_WORD, "--json"]
        raise mistakes.unknown_option(name, value or following, arguments.command, known)


def _has_key(command: str, key: str) -> bool:
    text = catalog.commands()[command].read_text(encoding="utf-8")
    return re.search(rf"^{key}:", text, re.MULTILINE) is not None


def _refuse_bad_keys(arguments: Arguments) -> None:
    for override in arguments.overrides:
        key = override.partition("=")[0]
        if not re.fullmatch(r"[+~]*[A-Za-z_][\w/-]*(\.\w+)*(@[\w.]+)?", key, re.ASCII):
            raise BadRequest(
                f"'{key}' in {override} is not a key\n"
                "a key is names joined by dots, such as model.latent_dim"
            )


def _refuse_additions(arguments: Arguments) -> None:
    """`+key=value` would add a key that nobody reads: a typo would pass in silence.

    `+callbacks=tensorboard` is right: it adds an option to a group that takes a list.
    """
    groups = catalog.groups()
    for override in arguments.overrides:
        key, _, value = override.partition("=")
        name = key.lstrip("+")
        if key.startswith("+") and name not in groups and not name.startswith("hydra"):
            raise BadRequest(
                f"'{override}' would add a key that nothing reads\nwithout the plus: {name}={value}"
            )


def _refuse_two_choices(arguments: Arguments) -> None:
    chosen: dict[str, str] = {}
    groups = catalog.groups()
    for override in arguments.overrides:
        key = override.partition("=")[0]
        if key in groups and key in chosen:
            ending = f"\nfor a sweep over both: -m {key}=ONE,TWO" if chosen[key] != override else ""
            raise BadRequest(f"{key} is given twice: {chosen[key]} and {override}{ending}")
        chosen[key] = override


def _refuse_options_as_keys(arguments: Arguments) -> None:
    """model.prior=vamp would put a word where the option model/prior=vamp has keys."""
    groups = catalog.groups()
    for override in arguments.overrides:
        key, _, value = override.partition("=")
        group = key.lstrip("+").replace(".", "/")
        if "." in key and group in groups and not key.startswith("~") and value[:1] != "{":
            raise BadRequest(f"{key} is chosen as an option: {group}={value}")
