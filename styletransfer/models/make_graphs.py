"""Make the ONNX files that ship with the package from a model's weights: `make graphs`."""

import argparse
import tempfile
from functools import partial
from pathlib import Path
from shutil import copyfile

from ..media.files import write_atomically
from ..system.onnxruntime import onnxruntime
from .onnx import export
from .shipped import SUFFIX, WEIGHTS
from .weights import load_model


def main() -> None:
    """Write NAME.onnx, whose alpha is a map, and NAME.style.onnx beside the weights of each MODEL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    for name in parser.parse_args().models:
        net = load_model(name)
        with tempfile.TemporaryDirectory() as folder:
            for path in export(net, Path(folder) / f"{name}{SUFFIX}", name, net.digest, with_maps=True):
                simplify(path)
                write_atomically(WEIGHTS / path.name, partial(copyfile, path))
                print(WEIGHTS / path.name)


def simplify(path: Path) -> None:
    """Apply onnxruntime's machine-independent graph optimisations once, instead of at every load."""
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3
    runtime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    main()
