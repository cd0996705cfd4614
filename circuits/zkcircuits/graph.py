"""A small builder over onnx.helper: operations return names, so that a circuit reads like its formula."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# The format that both ezkl 21 and its Node engine read.
OPSET = 13
IR_VERSION = 8


class Graph:
    def __init__(self, name):
        self.name = name
        self._inputs = []
        self._outputs = []
        self._nodes = []
        self._constants = []
        self._count = 0

    def input(self, name, columns):
        """A private row vector that is committed to by its Poseidon hash."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, columns]))
        return name

    def constant(self, values, dtype=np.float32):
        name = self._fresh("constant")
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def op(self, kind, *arguments, **attributes):
        name = self._fresh(kind.lower())
        self._nodes.append(helper.make_node(kind, list(arguments), [name], **attributes))
        return name

    def add(self, a, b):
        return self.op("Add", a, b)

    def multiply(self, a, b):
        return self.op("Mul", a, b)

    def subtract(self, a, b):
        return self.op("Sub", a, b)

    def scale(self, row, factor, columns):
        return self.multiply(row, self.constant(np.full((1, columns), factor)))

    def matmul(self, a, b):
        return self.op("MatMul", a, b)

    def relu(self, values):
        return self.op("Relu", values)

    def ranged(self, row, columns):
        """The same row, each value checked to be a number of the circuit's range: x^+ - (-x)^+."""
        zero = self.constant(np.zeros((1, columns)))
        return self.subtract(self.relu(row), self.relu(self.subtract(zero, row)))

    def sign(self, values):
        return self.op("Sign", values)

    def concat(self, rows):
        return self.op("Concat", *rows, axis=1)

    def joined(self, rows, columns):
        """A concatenation that products are not split along: each part would be rescaled by itself."""
        return self.pick(self.concat(rows), np.arange(columns))

    def pick(self, row, indices):
        """Columns of a row in the order of indices."""
        return self.op("Gather", row, self.constant(indices, np.int64), axis=1)

    def transpose(self, matrix):
        return self.op("Transpose", matrix, perm=[1, 0])

    def reshape(self, values, shape):
        return self.op("Reshape", values, self.constant(shape, np.int64))

    def total(self, row):
        """Sum of a row, 1×1."""
        return self.op("ReduceSum", row, self.constant([1], np.int64), keepdims=1)

    def columns(self, row, first, end):
        bounds = [self.constant([at], np.int64) for at in (first, end, 1)]
        return self.op("Slice", row, *bounds)

    def output(self, name, value, columns):
        """A public value. Inputs come out through here as well: their visibility is one for all."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, columns]))

    def model(self):
        graph = helper.make_graph(self._nodes, self.name, self._inputs, self._outputs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="zkrisk")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model)
        return model

    def _fresh(self, stem):
        self._count += 1
        return f"{stem}{self._count}"
