"""Validation accuracy by epoch of two classifiers."""

from matplotlib.figure import Figure

from aecli.figures import style


@style.in_style
def finetuning(run, histories: dict[str, dict[str, list[float]]], values: dict) -> Figure:
    """histories: {name: {"accuracy", "val_accuracy": [E]}}; values: its metrics.json."""
    figure = style.new_figure(run, "Fine-tuned classifier", style.high(3.7))
    ax = figure.add_subplot()
    found = (values["pretrained"], values["scratch"])
    for (name, history), one, colour in zip(histories.items(), found, ("C0", "C1"), strict=True):
        epochs = range(1, len(history["val_accuracy"]) + 1)
        best = 100 * history["val_accuracy"][one["epoch"] - 1]
        label = f"{name}: test {100 * one['test_accuracy']:.2f} % (epoch {one['epoch']})"
        ax.plot(epochs, [100 * v for v in history["val_accuracy"]], color=colour, label=label)
        ax.plot(epochs, [100 * v for v in history["accuracy"]], color=colour, linestyle=":")
        ax.plot(one["epoch"], best, "o", color=colour)
    ax.plot([], [], color="0.4", label="validation")
    ax.plot([], [], color="0.4", linestyle=":", label="training")
    if values["frozen_epochs"]:
        ax.axvline(
            values["frozen_epochs"] + 0.5,
            color="0.4",
            linestyle="--",
            linewidth=style.pt(1),
            label="unfrozen",
        )
    style.whole_numbers(ax.xaxis)
    ax.set(xlabel="epoch", ylabel="accuracy (%)")
    style.note(ax, f"{values['train_images']:,} labelled examples")
    ax.grid(alpha=0.3)
    style.legend_below(figure)
    return figure
