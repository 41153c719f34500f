"""What of a callback belongs to the training state."""

from typing import Any, ClassVar


class Remembered:
    """A mix-in: `remembered` names the attributes that a resumed training needs back.

    Any callback with get_state() -> what JSON can hold, and set_state(state) takes part in resume.
    """

    remembered: ClassVar[tuple[str, ...]] = ()

    def get_state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.remembered}

    def set_state(self, state: dict[str, Any]) -> None:
        for name in self.remembered:
            setattr(self, name, state[name])
