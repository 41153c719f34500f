"""Runs a .tflite file."""

from ai_edge_litert.interpreter import Interpreter


def opened(path):
    interpreter = Interpreter(str(path))

    def run(*x):
        given = sorted(interpreter.get_input_details(), key=lambda one: one["name"])
        numbers = [one["index"] for one in given]
        for number, array in zip(numbers, x, strict=True):
            interpreter.resize_tensor_input(number, array.shape)
        interpreter.allocate_tensors()
        for number, array in zip(numbers, x, strict=True):
            interpreter.set_tensor(number, array)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    return run
