"""What TensorFlow adds is added in one order, whichever thread is first: AddN of three has none."""

import tensorflow as tf
from tensorflow.python.eager import context

from aecli.pinned import pin_sums


@tf.function(autograph=False)
def summed(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.sin(x) * tf.exp(-x) + tf.maximum(x, 0) + x * x
    return tape.gradient(y, x) + y


@tf.function(autograph=False)
def summed_in_a_loop(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.while_loop(lambda y: y[0, 0] < 9, lambda y: y * tf.exp(y) + y * y, [x])[0]
    return tape.gradient(y, x)


def carried_out(function, *arguments) -> list[str]:
    """The operations of a program as TensorFlow runs them, after its passes."""
    context.enable_graph_collection()
    try:
        function(*arguments)
        graphs = context.export_run_metadata().function_graphs
    finally:
        context.disable_graph_collection()
    nodes = [node for graph in graphs for node in graph.post_optimization_graph.node]
    for graph in graphs:
        nodes += [n for f in graph.post_optimization_graph.library.function for n in f.node_def]
    return [node.op for node in nodes if node.op != "AddN" or node.attr["N"].i > 2]


def test_no_program_adds_three_at_once():
    x = tf.constant([[-1.0, 0.5, 2.0]])
    pin_sums()
    for program, of_it in ((summed, "Sin"), (summed_in_a_loop, "Exp")):
        found = carried_out(program, 0.1 + tf.abs(x))
        assert of_it in found
        assert "AddN" not in found, program
    tf.debugging.assert_near(
        summed(x)[0, 1], tf.sin(0.5) * tf.exp(-0.5) + 0.75
        + (tf.cos(0.5) - tf.sin(0.5)) * tf.exp(-0.5) + 1 + 1,
    )  # fmt: skip
