"""What a worker beside the chief does: it trains along and writes nothing."""

import dataclasses

from aecli.fit import callbacks
from aecli.fit.plan import Plan
from aecli.training.signals import Signals
from aecli.training.state import State


def follow(plan: Plan, signals: Signals, state: State | None = None) -> None:
    """The whole training. Raises RunFailed where another worker is gone, Interrupted.

    Of the callbacks those take part that act on the training; those that want a folder write.
    """
    training = callbacks.of_follower(plan, signals)
    if state is not None:  # what it remembers of the chief's other callbacks is for the chief
        mine = {k: v for k, v in state.callbacks.items() if k == "clock" or k in training}
        state = dataclasses.replace(state, callbacks=mine)
    else:
        plan.begin()
    with signals.deferred(), plan.trainer.guarded("latest"):
        plan.trainer.fit(plan.model, plan.optimizers, plan.feed, plan.images, training, state)
