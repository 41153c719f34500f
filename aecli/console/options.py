"""The options beside overrides, each named once: all others ask Arguments by these names."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Option:
    """short: another spelling. takes: what follows it, None for a switch. choices: what it may be,
    of a switch only after a =.

    default: what stands for a value that is left out. about: its line in the help, "" for none.
    """

    name: str
    short: str = ""
    takes: str | None = None
    choices: tuple[str, ...] = ()
    default: str | None = None
    about: str = ""


HELP = Option("--help", "-h", choices=("all",))
MULTIRUN = Option(
    "--multirun",
    "-m",
    about="one run for each combination of values: model=ae,vae model.latent_dim=2,8",
)
CFG = Option(
    "--cfg", "-c", "job", ("job", "hydra", "all"), about="print the composed config and stop"
)
INFO = Option(
    "--info",
    "-i",
    "defaults",
    ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
    default="all",
    about="which YAML files it was composed from",
)
CONFIG_DIR = Option(
    "--config-dir", "-cd", "DIR", about="one more folder of YAML options (./configs is one already)"
)
PACKAGE = Option("--package", "-p", "PACKAGE")
RESOLVE = Option("--resolve")
HYDRA_HELP = Option("--hydra-help")
COMPLETION = Option("--shell-completion", "-sc")
ALL = (HELP, MULTIRUN, CFG, INFO, CONFIG_DIR, PACKAGE, RESOLVE, HYDRA_HELP, COMPLETION)
MODES = (MULTIRUN, CFG, INFO)  # one of them at a time
LOOKS = (CFG, INFO)  # nothing is trained
BY_WORD = {word: option for option in ALL for word in (option.name, option.short) if word}


def help_lines(more: dict[str, str]) -> str:
    """The options that have a line in the help, each in one; more: {option: its line}, as well."""
    lines = ["options:", *(f"  {words:19}  {about}" for words, about in more.items())]
    for option in ALL:
        if option.about:
            name = f"{option.short}, {option.name}" if option.takes is None else option.name
            words = f"{name} {option.takes}" if option.takes else name
            lines.append(f"  {words:19}  {option.about}")
    return "\n".join(lines) + "\n"
