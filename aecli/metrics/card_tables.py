"""A report card as tables: on the terminal, and in Markdown."""

import dataclasses

from aecli.console.table import show_table
from aecli.metrics.base import ERROR
from aecli.metrics.card import Card
from aecli.runs import Run


@dataclasses.dataclass(frozen=True)
class Table:
    """One section; lines: what stands below it."""

    title: str
    headers: list[str]
    rows: list[list[str]]
    lines: list[str]


class Report:
    """The card of a run."""

    def __init__(self, run: Run, card: Card):
        model = run.status.get("model", "model")
        self.title = f"{run.title}, {run.spec.counted(card.images)} of the {card.split} split"
        self.tables = [
            (_by_model if section == "reconstruction" else _by_figure)(card, section, model)
            for section in card.sections
        ]
        absent = {"not applicable": card.not_applicable, "failed": card.failed}
        self.absent = [
            f"{how}: {', '.join(names)}: {why}"
            for how, reasons in absent.items()
            for why, names in _by_reason(reasons).items()
        ]

    def show(self, with_sections: bool) -> None:
        """On stdout."""
        print(self.title)
        for table in self.tables:
            if with_sections:
                print(f"\n{table.title}")
            if table.rows:
                show_table(table.headers, table.rows)
            for line in table.lines:
                print(line)
        if self.absent:
            print("\n" + "\n".join(self.absent))

    def markdown(self) -> str:
        parts = [f"# {self.title}"]
        for table in self.tables:
            rows = [table.headers, ["---"] * len(table.headers), *table.rows]
            rows = [[cell.replace("|", r"\|") for cell in row] for row in rows]
            parts += [f"## {table.title}", _lines("| {} |", [" | ".join(row) for row in rows])]
            parts.append(_lines("- {}", table.lines))
        parts.append(_lines("- {}", self.absent))
        return "\n\n".join(part for part in parts if part) + "\n"


def _by_reason(reasons: dict[str, str]) -> dict[str, list[str]]:
    """{why: [metric, ...]} of {metric: why}."""
    names: dict[str, list[str]] = {}
    for name, why in reasons.items():
        names.setdefault(why, []).append(name)
    return names


def _lines(pattern: str, texts: list[str]) -> str:
    return "\n".join(pattern.format(text) for text in texts)


def _by_model(card: Card, section: str, model: str) -> Table:
    """A row for the model and each baseline; the figures that no baseline has, below."""
    figures, rivals = card.sections[section], _rivals(card, section)
    compared = [name for name in figures if any(name in values for values in rivals.values())]
    headers = ["", *(card.quantity(name).label(name) for name in compared)]
    rows = [
        [row, *(_number(values.get(name)) for name in compared)]
        for row, values in {model: figures, **rivals}.items()
    ]
    others: dict[str, list[str]] = {}
    for name in (name for name in figures if name not in compared):
        of_unit = others.setdefault(card.quantity(name).unit or "also", [])
        of_unit.append(f"{name} {_number(figures[name])}")
    lines = [f"{unit}: {'  '.join(texts)}" for unit, texts in others.items()]
    return Table(section, headers, rows if compared else [], lines + card.notes.get(section, []))


def _by_figure(card: Card, section: str, model: str) -> Table:
    """A row for each figure; the baselines beside the model."""
    figures, rivals = card.sections[section], _rivals(card, section)
    errors = {name: figures[name] for name in figures if name.endswith(ERROR)}
    names = [name for name in figures if name not in errors]
    headers = ["", model, *(["± s.e."] if errors else []), *rivals, "meaning"]
    rows = []
    for name in names:
        cells = [name, _number(figures[name])]
        if errors:
            cells.append(_number(errors.get(name + ERROR), absent=""))
        cells += [_number(values.get(name), absent="") for values in rivals.values()]
        quantity = card.quantity(name)
        rows.append([*cells, ": ".join(filter(None, (quantity.unit, quantity.meaning)))])
    return Table(section, headers, rows, card.notes.get(section, []))


def _rivals(card: Card, section: str) -> dict[str, dict]:
    """The baselines that have any of a section's figures."""
    names = set(card.sections[section])
    return {row: values for row, values in card.baselines.items() if names & set(values)}


def _number(value: float | None, absent: str = "-") -> str:
    """Four digits; of a count, all."""
    if value is None:
        return absent
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
