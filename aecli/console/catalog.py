"""The config tree seen as files: commands, groups, options and their descriptions.

The folders are the registry. Standard library only, so that `aecli --help` stays quick.
"""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

MARKED = r"#\s*@{}\s+(\S+)\s*$"


def package_configs() -> Path:
    """aecli/configs in an installed wheel, ../configs beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def user_configs() -> Path | None:
    """./configs of the working directory: the user's own options (None inside the checkout)."""
    folder = Path.cwd() / "configs"
    if not folder.is_dir() or folder.samefile(package_configs()):
        return None
    return folder


def commands() -> dict[str, Path]:
    """{command word: its YAML}, train and eval first; _NAME.yaml is shared, not a command."""
    first = ["eval", "train"]
    files = package_configs().glob("[!_]*.yaml")
    files = sorted(files, key=lambda f: (-first.index(f.stem) if f.stem in first else 1, f.stem))
    return {file.stem: file for file in files}


def groups() -> list[str]:
    """The config groups: folders with at least one option."""
    root = package_configs()
    folders = {file.parent.relative_to(root).as_posix() for file in root.glob("*/**/*.yaml")}
    return sorted(group for group in folders if not group.startswith("hydra"))


def is_name(text: str) -> bool:
    """Whether an option or a group may be called so: one part of a path, which leads nowhere."""
    return re.fullmatch(r"\w[\w .+-]*", text) is not None


@dataclass(frozen=True)
class Option:
    """One choice of a group."""

    name: str
    file: Path
    yours: bool  # from ./configs or --config-dir, not from the package

    @property
    def description(self) -> str:
        return description(self.file)

    @property
    def family(self) -> str | None:
        """What it is a kind of, as the line `# @family NAME` at its head says; None: says none."""
        return self._marked("family")

    @property
    def partner(self) -> str | None:
        """The option of another group that it goes with alone, as the line `# @with WORD` says."""
        return self._marked("with")

    @property
    def also(self) -> list[str]:
        """What others call it, as the line `# @also WORD ...` at its head says."""
        lines = [line for line in head(self.file) if line.startswith("# @also ")]
        return [word for line in lines for word in line.split()[2:]]

    @property
    def in_card(self) -> str | None:
        """The word that card=full adds for it, key=value, as the line `# @card WORD` says."""
        return self._marked("card")

    def _marked(self, name: str) -> str | None:
        found = (re.match(MARKED.format(name), line) for line in head(self.file))
        return next((match[1] for match in found if match), None)


def options(group: str, config_dir: str | None = None) -> list[Option]:
    """The options of a group; on a clash of names the package's own comes first, as in Hydra."""
    found: dict[str, Option] = {}
    package = package_configs()
    for root in (package, user_configs(), Path(config_dir) if config_dir else None):
        if root is None:
            continue
        for file in sorted((root / group).glob("*.yaml")):
            if file.is_file() and is_name(file.stem):  # a pipe would never end
                found.setdefault(file.stem, Option(file.stem, file, yours=root != package))
    return sorted(found.values(), key=lambda option: option.name)


def shadowed(group: str) -> list[Path]:
    """The user's files that never take effect: the package has another option of that name."""
    mine, package = user_configs(), package_configs()
    files = sorted((mine / group).glob("*.yaml")) if mine else []
    pairs = [(file, package / group / file.name) for file in files]
    return [f for f, own in pairs if own.exists() and own.read_bytes() != f.read_bytes()]


def head(file: Path) -> list[str]:
    """The lines of the comment block at the top of a YAML."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return list(itertools.takewhile(lambda line: line.startswith("#"), lines))


def comment_lines(file: Path) -> list[str]:
    """The comment block at the top of a YAML, without `# ` and without lines as `# @package`."""
    lines = [line for line in head(file) if not re.match(r"#\s*@\w", line)]
    return [line.removeprefix("#").removeprefix(" ").rstrip() for line in lines]


def description(file: Path) -> str:
    """The first comment line of a YAML."""
    return next((line for line in comment_lines(file) if line), "")


def everyday(file: Path) -> dict[str, str]:
    """{KEY or KEY=EXAMPLE: what it is} of the lines `# @everyday KEY  TEXT` at a command's head."""
    lines = [line.split(maxsplit=3) for line in head(file) if line.startswith("# @everyday ")]
    return {words: text for _, _, words, text in lines}


def key_comments(file: Path) -> dict[str, str]:
    """{dotted key: comment} of the `key: value  # comment` lines of a YAML."""
    comments: dict[str, str] = {}
    keys: list[tuple[int, str]] = []  # (indentation, key) of the line and of what it is inside
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        match = re.match(r"( *)'?(\w+)'?:(?:.*?\s#\s+(.+))?", line)
        if match:
            indent = len(match[1])
            keys = [*((i, key) for i, key in keys if i < indent), (indent, match[2])]
            if match[3]:
                comments[".".join(key for _, key in keys)] = match[3].strip()
    return comments
