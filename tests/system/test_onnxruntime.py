"""onnxruntime keeps nothing of its use, and so sends nothing."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")


@pytest.mark.slow
def test_it_tells_nobody_of_its_use(tmp_path):
    """In its user's home its official builds leave what they send: an id, and events."""
    code = """
import numpy, onnx, onnx.parser
from styletransfer.system.onnxruntime import onnxruntime
graph = '<ir_version: 8, opset_import: ["": 18]> g (float[1] x) => (float[1] y) { y = Neg(x) }'
model = onnx.parser.parse_model(graph)
session = onnxruntime().InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
print(session.run(None, {"x": numpy.ones(1, numpy.float32)})[0][0])
"""
    environment = {**os.environ, "HOME": str(tmp_path)}
    for name in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY"):
        environment.pop(name, None)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("-1.0\n", "")
    assert list(tmp_path.iterdir()) == []
