"""Circuits as ONNX graphs: one module a statement, and the steps to artifacts."""
