"""Circuits as ONNX graphs: one module a statement, and the steps that make artifacts of them."""
