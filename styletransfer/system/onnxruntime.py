"""onnxruntime, which is asked to tell nobody of its use."""

import os
from typing import Any


def onnxruntime() -> Any:
    """The module. Its official builds send events to their maker, unless this is said before they are
    imported; what the user has said counts more."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime as module  # takes a moment: only now

    return module
