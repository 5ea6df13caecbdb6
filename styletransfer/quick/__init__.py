"""Plain pictures on a CPU, in a moment: shipped ONNX graphs run by onnxruntime. No torch here."""
