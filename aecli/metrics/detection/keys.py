"""The keys of a detection, checked before TensorFlow is needed."""

from typing import Annotated, Any, Literal

from pydantic import Field

from aecli.component import check_arguments
from aecli.errors import BadRequest


def _keys(
    score: Literal["reconstruction", "elbo", "mahalanobis", "distance"] | None,
    quantile: Annotated[float, Field(ge=0, le=1)] | None,
    contamination: Annotated[float, Field(gt=0, lt=1)] | None,
    normal: Annotated[
        Annotated[list[int | str], Field(min_length=1)] | None,
        Field(description="labels, as in normal=[0]"),
    ],
    keep: bool,
    features: Annotated[int, Field(ge=0, description="columns of a table")],
    seed: Annotated[int, Field(ge=0, lt=2**32)],
): ...


def check(values: dict[str, Any]) -> None:
    """Raises BadRequest for what no run could make right; other keys are passed over."""
    check_arguments(_keys, values)
    if values.get("quantile") is not None and values.get("contamination") is not None:
        raise BadRequest("quantile and contamination both set the threshold\nstate one of them")
