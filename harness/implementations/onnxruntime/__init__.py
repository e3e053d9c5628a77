"""ONNX Runtime as an Implementation: small ONNX graphs built at run time, run by the CPU execution provider."""
