"""Runs an .onnx file."""

import onnxruntime


def opened(path):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    return lambda *x: session.run(None, dict(zip(names, x, strict=True)))[0]
