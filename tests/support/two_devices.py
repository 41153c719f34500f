"""The console command on a machine of two devices: logical ones, of the processor."""

import sys

from aecli.console.quiet import import_tensorflow_quietly

if __name__ == "__main__":
    import_tensorflow_quietly(1, wake=False)
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

    from aecli.cli import main

    sys.exit(main())
