"""One side of aecli bench, in a process of its own: config on stdin, figures on stdout."""

import json
import resource
import sys
import time

START = time.perf_counter()


def main() -> None:
    from aecli.console import quiet
    from aecli.training import programs

    side, config = sys.argv[1], json.load(sys.stdin)
    programs.keep(side == "aecli" and config["trainer"].get("program_cache", True))
    quiet.import_tensorflow_quietly(config["trainer"]["threads"])
    import keras

    from aecli import build
    from aecli.datasets.layout import layout

    splits = build.component(config["dataset"], "dataset").load()
    config["trainer"] |= {"epochs": config["timed"] + 1, "steps": None}
    trainer, images = build.component(config["trainer"], "trainer"), len(splits.train)
    steps = trainer.total_steps(images)
    of_data = layout(splits.learnt), splits.learnt.vocabulary
    model = build.model(config, splits.data_shape, splits.label_count, *of_data, images)
    model.learnt = splits.learnt.of_values
    optimizers = build.optimizers(config, model.players, steps, trainer.steps_per_epoch(images))
    preparation = build.preparation(config)

    class Times(keras.callbacks.Callback):
        first_step, epochs = None, []

        def on_epoch_begin(self, epoch, logs=None):
            self.begin = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            if self.first_step is None:
                self.first_step = time.perf_counter() - START
                type(self).on_train_batch_end = keras.callbacks.Callback.on_train_batch_end

        def on_epoch_end(self, epoch, logs=None):
            self.epochs.append(time.perf_counter() - self.begin)

    times = Times()
    if side == "aecli":
        feed = trainer.make_feed(splits, preparation, splits.labels_for(model))
        history = trainer.fit(model, optimizers, feed, images, {"times": times}).history
    else:  # as a script would: corrupt once, hand over float arrays
        (x, y), val = (preparation.frozen(part.x) for part in (splits.train, splits.val))
        if (labels := splits.labels_for(model)) is not None:
            x = {"image": x, "label": labels[0]}
            val = {"image": val[0], "label": labels[1]}, val[1]
        model.compile(optimizer=optimizers[model.players[0]])
        history = model.fit(
            x, y, batch_size=trainer.batch_size, epochs=trainer.epochs, validation_data=val,
            callbacks=[times], verbose=0,
        ).history  # fmt: skip
    figures = {
        "first_step_seconds": times.first_step,
        "epoch_seconds": times.epochs,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "loss": history["loss"][-1],
        "val_loss": history["val_loss"][-1],
        "unit": model.quantities()["loss"].unit,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
