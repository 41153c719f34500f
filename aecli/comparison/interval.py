"""The mean over repetitions, and how sure it is."""

import dataclasses
import math
import statistics

from scipy.special import stdtrit

LEVEL = 0.95


@dataclasses.dataclass(frozen=True)
class Summary:
    """mean of n values; half: half the width of the mean's 95 % interval, None where n < 2."""

    mean: float | None
    half: float | None
    n: int


def summary(values: list[float]) -> Summary:
    """Mean and interval of independent values, such as one metric of runs with different seeds.

    half = t * s / sqrt(n), with s the standard deviation over n - 1 and t the 97.5 % quantile of
    Student's distribution with n - 1 degrees of freedom (Student 1908): the values are taken for
    normal. t is 12.7 for two values, 4.3 for three, 2.8 for five.
    """
    n = len(values)
    if n < 2:
        return Summary(values[0] if values else None, None, n)
    t = float(stdtrit(n - 1, 0.5 + LEVEL / 2))
    return Summary(statistics.fmean(values), t * statistics.stdev(values) / math.sqrt(n), n)
