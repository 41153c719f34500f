"""A run in a line, and as the small table of a notebook."""

import html

from aecli import runs
from aecli.errors import BadRequest
from aecli.untrusted import tables

FIGURES = ("loss", "mse", "psnr", "token_accuracy")


def what(run: runs.Run) -> str:
    """vae on digits, done, 5 epochs"""
    epochs = run.status.get("epochs_done", 0)
    done = f"{epochs} epoch{'' if epochs == 1 else 's'}"
    return f"{run.title}, {runs.state_of(run.folder)}, {done}"


def table(run: runs.Run) -> str:
    """HTML, every value escaped."""
    rows = {"run": str(run.folder), "what": what(run)} | _figures(run)
    cells = [
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>"
        for name, text in rows.items()
    ]
    return f"<table>{''.join(cells)}</table>"


def _figures(run: runs.Run) -> dict[str, str]:
    path = run.folder / "metrics.json"
    try:
        values, about = tables.read_metrics(path), tables.read_about(path) or {}
    except BadRequest:
        return {}
    named = {name: value for name in FIGURES if (value := values.get(name)) is not None}
    units = {name: f" {about[name].unit}" if name in about else "" for name in named}
    return {f"test {name}": f"{value:.4g}{units[name]}" for name, value in named.items()}
