"""Trains on two devices of a process: {name: overrides} on stdin, {name: folder} on stdout."""

import json
import sys

from aecli.console.quiet import import_tensorflow_quietly

if __name__ == "__main__":
    import_tensorflow_quietly(1, wake=False)
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

    from aecli.console.compose import composed
    from aecli.fit.start import train

    names = {"model": "ae", "dataset": "digits", "noise": "none", "experiment": None}
    folders = {}
    for name, overrides in json.load(sys.stdin).items():
        run = train(composed("train", overrides).config, names, overrides)
        folders[name] = str(run.folder)
    print(json.dumps(folders))
