"""A run's figures of merit, as the config of aecli eval asks for them."""

from collections.abc import Callable
from typing import Any

from omegaconf import DictConfig

from aecli import build, runs
from aecli.datasets.splits import PARTS
from aecli.errors import BadRequest
from aecli.io import request
from aecli.metrics.card import Card, filled

CARDS = ("basic", "full")


def evaluate(run: runs.Run, cfg: DictConfig) -> dict:
    """{metric: value, ..., "baselines": {name: {metric: value}}, "split": ...}.

    With card=full, that and all of Card.whole.
    """
    return values_of(card_of(run, cfg), cfg)


def card_of(
    run: runs.Run, cfg: DictConfig, told: Callable[[str, float], None] | None = None
) -> Card:
    """The card of the metrics in cfg; with card=full one that fails costs no other.

    told: as filled tells it.
    """
    from aecli.metrics.base import Evaluation

    metrics = build.components(metrics_of(cfg), "metrics")
    return filled(Evaluation(run, cfg.split), metrics, strict=cfg.card != "full", told=told)


def metrics_of(cfg: DictConfig) -> dict[str, Any]:
    """Their nodes, with the sampler that is asked for.

    Raises BadRequest where none takes one, and for a split or card that there is not.
    """
    if cfg.split not in PARTS:
        raise BadRequest(f"split must be train, val or test; got {cfg.split!r}")
    if cfg.card not in CARDS:
        raise BadRequest(f"card must be {' or '.join(CARDS)}; got {cfg.card!r}")
    nodes = build.plain(cfg.get("metrics") or {})
    if request.sampler(cfg) is None:
        return nodes
    takers = [node for node in nodes.values() if isinstance(node, dict) and "sampler" in node]
    if not takers:
        raise BadRequest("sampler is for new images: no metric here makes any\nadd: card=full")
    for node in takers:
        node["sampler"] = build.plain(cfg.sampler)
    return nodes


def values_of(card: Card, cfg: DictConfig) -> dict:
    """What metrics.json has of a card."""
    return card.whole() if cfg.card == "full" else card.figures()
