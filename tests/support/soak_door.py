"""The door of jobs that start warm; one ends by SIGKILL at the moment that SOAK_KILL_JOBS states.

The server of a console process of the soak imports it in place of aecli.forked.
"""

import soak_moments

from aecli import forked

carried_out = forked.carry_out


def carry_out(folder: str, output: str, environment: dict[str, str]) -> int:
    moment = environment.pop("SOAK_KILL_JOBS", soak_moments.NEVER)
    soak_moments.install(soak_moments.drawn(moment, folder))
    return carried_out(folder, output, environment)


forked.carry_out = carry_out
