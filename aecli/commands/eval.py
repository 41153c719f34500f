"""aecli eval: a run's figures of merit on a split, beside what any model must beat."""

import sys

from omegaconf import DictConfig

from aecli import build, runs
from aecli.errors import BadRequest
from aecli.files import as_json, write_json, write_text
from aecli.io import request
from aecli.metrics import card_tables
from aecli.metrics.card import Card, filled

CARDS = ("basic", "full")


def main(cfg: DictConfig) -> None:
    """The command: tables (or JSON) on stdout, metrics.json in the run's eval/<time>/."""
    if cfg.split not in ("train", "val", "test"):
        raise BadRequest(f"split must be train, val or test; got {cfg.split!r}")
    if cfg.card not in CARDS:
        raise BadRequest(f"card must be {' or '.join(CARDS)}; got {cfg.card!r}")
    _metrics(cfg)
    run = request.opened(cfg)
    run.splits  # noqa: B018  (bad data is refused before TensorFlow's seconds)
    request.wake(run)
    card = card_of(run, cfg)
    values, report = _values(card, cfg), card_tables.Report(run, card)
    folder = run.new_eval_folder()
    write_json(folder / "metrics.json", values)
    if cfg.card == "full":
        write_text(folder / "card.md", report.markdown())
    for name, reason in card.failed.items():
        print(f"warning: metric {name} failed: {reason}", file=sys.stderr)
    if cfg.json:
        print(as_json(values))
        return
    report.show(with_sections=cfg.card == "full")
    print(f"written to {folder}/metrics.json", file=sys.stderr)


def evaluate(run: runs.Run, cfg: DictConfig) -> dict:
    """{metric: value, ..., "baselines": {name: {metric: value}}, "split": ...}.

    With card=full, that and all of Card.whole.
    """
    return _values(card_of(run, cfg), cfg)


def card_of(run: runs.Run, cfg: DictConfig) -> Card:
    """The card of the metrics in cfg; with card=full one that fails costs no other."""
    from aecli.metrics.base import Evaluation

    metrics = build.components(_metrics(cfg), "metrics")
    return filled(Evaluation(run, cfg.split), metrics, strict=cfg.card != "full")


def _metrics(cfg: DictConfig) -> dict:
    """Their nodes, with the sampler that is asked for. Raises BadRequest where none takes one."""
    nodes = build.plain(cfg.get("metrics") or {})
    if request.sampler(cfg) is None:
        return nodes
    takers = [node for node in nodes.values() if isinstance(node, dict) and "sampler" in node]
    if not takers:
        raise BadRequest("sampler is for new images: no metric here makes any\nadd: card=full")
    for node in takers:
        node["sampler"] = build.plain(cfg.sampler)
    return nodes


def _values(card: Card, cfg: DictConfig) -> dict:
    return card.whole() if cfg.card == "full" else card.figures()
