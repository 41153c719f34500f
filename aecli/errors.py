"""What can go wrong, by whose hand. The texts are one or two lines, written for the user."""


class BadRequest(ValueError):
    """The request cannot be carried out as stated: nothing was trained, exit code 2.

    Also for data, configs and checkpoints that are damaged or not ours. The text says which key
    or file, what was given, what is allowed and what to type next; whoever catches it may add to
    it, and rewrites nothing. key: of the setting that is refused, which the text goes on from, as
    in BadRequest("must be above 0; got -1", key="model.beta").
    """

    exit_code = 2

    def __init__(self, text: str, key: str = ""):
        super().__init__(f"{key} {text}" if key else text)
        self.text, self.key = text, key

    def moved(self, group: str, place: str) -> "BadRequest":
        """The same where a component of the group stands at `place` in the config, "" for its root.

        figures.n becomes figures.manifold.n, or n; of another group's keys nothing changes.
        """
        first, _, rest = self.key.partition(".")
        if first != group or not rest:
            return self
        return BadRequest(self.text, f"{place}.{rest}".lstrip("."))


class UnknownKeys(BadRequest):
    """A component has none of these keys, written in full, as model.beta."""

    def __init__(self, text: str, keys: list[str]):
        super().__init__(text)
        self.keys = keys


class NotApplicable(ValueError):
    """A figure or metric does not fit this model or data; the text says what it needs."""

    exit_code = 2


class OfOtherData(NotApplicable):
    """It fits no data of such a kind, whatever the model: not worth a word where nobody asked."""


class RunFailed(RuntimeError):
    """A run stopped for a reason that the user can act on: exit code 1."""

    exit_code = 1


class Diverged(RunFailed):
    """A loss is no longer finite: exit code 3."""

    exit_code = 3


class FolderBusy(RunFailed):
    """Another process trains in this run folder: exit code 4."""

    exit_code = 4


class CannotWrite(RunFailed):
    """The disk is full, or the place is read-only: exit code 5."""

    exit_code = 5


class Interrupted(BaseException):
    """A signal ended the run after its state was saved: exit code 128 + signum."""

    def __init__(self, signum: int, text: str = ""):
        super().__init__(text)
        self.signum = signum

    @property
    def exit_code(self) -> int:
        return 128 + self.signum
