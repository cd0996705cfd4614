"""From the ONNX graph of a rule, in floating point, to its circuit on integers: one function an operation.

Operations that move numbers and compute nothing (Reshape, Slice, Gather …) are done on indices: the reference implementation of ONNX
runs on the positions of the elements.
"""

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from .arithmetic import Arithmetic
from .arrays import Arrays
from .declare import RuleError
from .elementwise import Elementwise
from .quantity import MOST_BITS, Quantity

MOVES = {
    "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Expand", "Tile", "Slice", "Gather", "GatherElements", "GatherND", "Split",
    "Concat", "Identity", "DepthToSpace", "Dropout",
}  # fmt: skip


class Lowering(Elementwise, Arrays):
    def __init__(self, circuit, quotient_bits=MOST_BITS):
        self.circuit = circuit
        self.numbers = Arithmetic(circuit, quotient_bits)
        # Rows that are the sum of another row whose elements are not negative: a share is at most 1.
        self.totals = {}
        # Rows that are added to others, none negative, in a row: each element is a share of at most 1 of its sum.
        self.parts = {}

    # ------------------------------------------------------------ values: quantities, or arrays that are known

    def quantity(self, value, shape=None):
        if not isinstance(value, Quantity):
            value = self.numbers.constant(np.asarray(value, dtype=np.float64))
        return value if shape is None else self.broadcast(value, shape)

    def moved(self, value, indices):
        indices = np.asarray(indices)
        flat = indices.reshape(-1)
        row = self.circuit.gather(value.row, flat)
        if value.size == 1 and value.row.name in self.totals:
            self.totals[row.name] = self.totals[value.row.name]
        take = lambda values: values[flat]
        return Quantity(row, value.bits, take(value.low), take(value.high), take(value.error), indices.shape)

    def broadcast(self, value, shape):
        if value.shape == tuple(shape):
            return value
        return self.moved(value, np.broadcast_to(np.arange(value.size).reshape(value.shape), shape))

    def joined(self, values):
        """One quantity of all elements, and where each part begins."""
        bits = max(value.bits for value in values)
        values = [self.numbers.raised(value, bits) for value in values]
        parts = lambda of: np.concatenate([of(value) for value in values])
        row = self.circuit.concat([value.row for value in values])
        whole = Quantity(row, bits, parts(lambda v: v.low), parts(lambda v: v.high), parts(lambda v: v.error), (row.length,))
        return whole, np.cumsum([0, *(value.size for value in values)])

    # ------------------------------------------------------------ a graph

    def run(self, model, given):
        """@param given quantities by the name of the graph's inputs @returns the outputs"""
        known = {entry.name: numpy_helper.to_array(entry) for entry in model.graph.initializer} | dict(given)
        known[""] = None
        unsupported = sorted({node.op_type for node in model.graph.node if not self.supports(node.op_type)})
        if unsupported:
            raise RuleError(f"a circuit cannot hold {', '.join(unsupported)}")
        for node in model.graph.node:
            arguments = [known[name] for name in node.input]
            try:
                results = self.node(model, node, arguments)
            except RuleError as fault:
                raise RuleError(f"{fault} [{node.op_type} {node.name or node.output[0]}]") from None
            known.update(zip(node.output, results, strict=False))
        return [known[output.name] for output in model.graph.output]

    @staticmethod
    def supports(kind):
        return kind in MOVES or kind in ("Constant", "Shape", "Cast", "ConstantOfShape", "Range", "Size") or hasattr(Lowering, f"on_{kind}")

    def node(self, model, node, arguments):
        if node.op_type == "Shape" and isinstance(arguments[0], Quantity):
            return [np.asarray(arguments[0].shape, dtype=np.int64)]
        if not any(isinstance(argument, Quantity) for argument in arguments):
            return evaluated(model, node, arguments)
        if node.op_type == "Cast":
            return [arguments[0]]
        if node.op_type in MOVES:
            return self._moves(model, node, arguments)
        attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        return [getattr(self, f"on_{node.op_type}")(*arguments, **attributes)]

    def _moves(self, model, node, arguments):
        if node.op_type == "Concat":
            arguments = [self.quantity(argument) for argument in arguments]
        sources = [argument for argument in arguments if isinstance(argument, Quantity)]
        whole, starts = self.joined(sources)
        at = iter(starts)
        positions = [
            np.arange(argument.size).reshape(argument.shape) + next(at) if isinstance(argument, Quantity) else argument
            for argument in arguments
        ]
        return [self.moved(whole, indices) for indices in evaluated(model, node, positions)]


def evaluated(model, node, arguments):
    """The result of one node in ONNX's reference implementation."""
    given = {name: np.asarray(value) for name, value in zip(node.input, arguments, strict=True) if name}
    values = lambda names, of: [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(of[name].dtype), None) for name in names]
    outputs = [helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None) for name in node.output if name]
    graph = helper.make_graph([node], "node", values(given, given), outputs)
    single = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return ReferenceEvaluator(single).run(None, given)
