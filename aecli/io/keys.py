"""The settings of commands that a Python session states as well, checked alike."""

from typing import Annotated, Literal

from pydantic import Field

Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]
Position = Annotated[int, Field(ge=0)]


def interpolate(
    images: list[Position] | None,
    labels: list[int | str] | None,
    sentences: list[str] | None,
    path: Literal["linear", "spherical", "both"],
    steps: Annotated[int, Field(ge=2, le=1000, description="images, both ends included")],
    gif: bool,
): ...


def traverse(
    image: Annotated[int, Field(ge=0)] | None,
    n_dims: Annotated[int, Field(ge=1, le=50, description="code units")],
    span: Annotated[float, Field(gt=0, description="standard deviations")],
    steps: Annotated[int, Field(ge=2, le=25, description="images")],
    format: Literal["png", "svg", "pdf", "gif"],
): ...


def probe(
    train_images: Count | None,
    labels_per_class: list[Count],
    draws: Annotated[int, Field(ge=1, le=1000)],
    seed: Annotated[int, Field(ge=0, lt=2**32)],
): ...


def finetune(
    labels_per_class: Count | None,
    frozen_epochs: Annotated[int, Field(ge=0)],
    epochs: Count,
    batch_size: Count,
    steps_per_epoch: Annotated[int, Field(ge=0)],
    learning_rate: Rate,
    finetuning_rate: Rate,
    seed: Annotated[int, Field(ge=0, lt=2**31)],
): ...
