"""What Keras's own optimizers and callbacks take: types and ranges that Keras does not check."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Steps = Annotated[int, Field(ge=1, lt=2**31)]
Name = Annotated[str, Field(max_length=100, pattern=r"^\w+$")]


def of(target: str) -> Callable | None:
    """The annotated arguments of a class of Keras's, None where it is none of these."""
    kinds = {"keras.optimizers.": _optimizer, "keras.callbacks.": _callback}
    return next((found for start, found in kinds.items() if target.startswith(start)), None)


def _optimizer(
    learning_rate: Positive,
    momentum: Share,
    nesterov: bool,
    rho: Share,
    centered: bool,
    beta_1: Share,
    beta_2: Share,
    amsgrad: bool,
    epsilon: Positive,
    weight_decay: NotNegative | None,
    clipnorm: Positive | None,
    clipvalue: Positive | None,
    global_clipnorm: Positive | None,
    use_ema: bool,
    ema_momentum: Annotated[float, Field(ge=0, le=1)],
    ema_overwrite_frequency: Steps | None,
    loss_scale_factor: Positive | None,
    gradient_accumulation_steps: Annotated[int, Field(ge=2, lt=2**31)] | None,
    name: Name | None,
    # Adafactor
    beta_2_decay: float,
    epsilon_1: Positive,
    epsilon_2: Positive,
    clip_threshold: Positive,
    relative_step: bool,
    # Adagrad, Ftrl
    initial_accumulator_value: NotNegative,
    learning_rate_power: Annotated[float, Field(le=0)],
    l1_regularization_strength: NotNegative,
    l2_regularization_strength: NotNegative,
    l2_shrinkage_regularization_strength: NotNegative,
    beta: NotNegative,
    # Muon
    adam_beta_1: Share,
    adam_beta_2: Share,
    adam_weight_decay: NotNegative | None,
    exclude_layers: list[str] | None,
    exclude_embeddings: bool,
    muon_a: float,
    muon_b: float,
    muon_c: float,
    adam_lr_ratio: Positive,
    ns_steps: Annotated[int, Field(ge=0, le=100)],
    rms_rate: Positive | None,
    # ScheduleFreeAdamW
    warmup_steps: Count,
): ...


def _callback(
    monitor: str,
    min_delta: NotNegative,
    patience: Count,
    verbose: Literal[0, 1],
    mode: Literal["auto", "min", "max"],
    baseline: float | None,
    restore_best_weights: bool,
    start_from_epoch: Count,
    factor: Share,
    cooldown: Count,
    min_lr: NotNegative,
    raise_error: bool,
): ...
