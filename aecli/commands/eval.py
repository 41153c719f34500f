"""aecli eval: a run's figures of merit on a split, beside what any model must beat."""

import sys

from omegaconf import DictConfig

from aecli.files import as_json, write_json, write_text
from aecli.io import request
from aecli.metrics import card_tables, evaluating


def main(cfg: DictConfig) -> None:
    """The command: tables (or JSON) on stdout, metrics.json in the run's eval/<time>/."""
    evaluating.metrics_of(cfg)
    run = request.opened(cfg)
    run.splits  # noqa: B018  (bad data is refused before TensorFlow's seconds)
    request.wake(run)
    is_told = cfg.card == "full" and not cfg.json and not sys.stderr.isatty()
    card = evaluating.card_of(run, cfg, _tell if is_told else None)
    values, report = evaluating.values_of(card, cfg), card_tables.Report(run, card)
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


def _tell(name: str, seconds: float) -> None:
    """A line a part, where nobody sees a bar."""
    print(f"card   {name:<16} {seconds:5.1f}s", file=sys.stderr, flush=True)
