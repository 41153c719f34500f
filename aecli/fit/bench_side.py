"""One side of aecli bench, in a process of its own: config on stdin, figures on stdout."""

import json
import math
import resource
import sys
import time

START = time.perf_counter()


def main() -> None:
    from aecli import build
    from aecli.console import quiet
    from aecli.datasets.layout import layout
    from aecli.fit import awake
    from aecli.training import programs

    side, config = sys.argv[1], json.load(sys.stdin)
    splits = build.component(config["dataset"], "dataset").load()
    programs.keep(side == "aecli" and config["trainer"].get("program_cache", True))
    if side == "aecli":
        awake.wake(config, len(splits.train))
    else:
        quiet.import_tensorflow_quietly(config["trainer"]["threads"])
    import keras

    config["trainer"] |= {"epochs": config["timed"] + 1, "steps": None}
    trainer, images = build.component(config["trainer"], "trainer"), len(splits.train)
    steps = trainer.total_steps(images)
    of_data = layout(splits.learnt), splits.learnt.vocabulary
    model = build.model(config, splits.data_shape, splits.label_count, *of_data, images)
    model.learnt = splits.learnt.of_values
    optimizers = build.optimizers(config, model.players, steps, trainer.steps_per_epoch(images))
    preparation, unit = build.preparation(config), model.quantities()["loss"].unit

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
        optimizer, loss = optimizers[model.players[0]], None
        if side == "plain":
            from aecli.fit import plain_script

            unit = "as Keras averages it"
            model, loss, shape = plain_script.model(config, splits.data_shape)
            x, y, *val = (a.reshape(len(a), *shape) for a in (x, y, *val))
        elif (labels := splits.labels_for(model)) is not None:
            x = {"image": x, "label": labels[0]}
            val = {"image": val[0], "label": labels[1]}, val[1]
        model.compile(optimizer=optimizer, loss=loss)
        history = model.fit(
            x, y, batch_size=trainer.batch_size, epochs=trainer.epochs, validation_data=tuple(val),
            callbacks=[times], verbose=0,
        ).history  # fmt: skip
    figures = {
        "first_step_seconds": times.first_step,
        "epoch_seconds": times.epochs,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "loss": history["loss"][-1],
        "val_loss": history["val_loss"][-1],
        "unit": unit,
        "parameters": sum(math.prod(weight.shape) for weight in model.trainable_variables),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
