"""Runs a .tflite file."""

from ai_edge_litert.interpreter import Interpreter


def opened(path):
    interpreter = Interpreter(str(path))

    def run(x):
        number = interpreter.get_input_details()[0]["index"]
        interpreter.resize_tensor_input(number, x.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(number, x)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    return run
