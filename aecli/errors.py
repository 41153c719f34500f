"""What can go wrong, by whose hand. The texts are one or two lines, written for the user."""


class BadRequest(ValueError):
    """The request cannot be carried out as stated: nothing was trained, exit code 2.

    The text says which key, what was given, what is allowed and what to type next.
    """


class NotApplicable(ValueError):
    """A figure or metric does not fit this model or data; the text says what it needs."""


class RunFailed(RuntimeError):
    """A run stopped for a reason that the user can act on: exit code 1."""
