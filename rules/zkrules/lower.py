"""From the ONNX graph of a rule, in floating point, to its circuit on integers: one function an operation.

Operations that move numbers and compute nothing (Reshape, Slice, Gather …) are done on indices: the reference implementation of ONNX
runs on the positions of the elements.
"""

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from .declare import RuleError
from .quantity import Arithmetic, Quantity

MOVES = {
    "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Expand", "Tile", "Slice", "Gather", "GatherElements", "GatherND", "Split",
    "Concat", "Identity", "DepthToSpace", "Dropout",
}  # fmt: skip

# A share of a sum that was rounded by a unit.
LARGEST_SHARE = 1 + 2.0**-10


class Lowering:
    def __init__(self, circuit):
        self.circuit = circuit
        self.numbers = Arithmetic(circuit)
        # Rows that are the sum of another row whose elements are not negative: a share of it is at most 1.
        self.totals = {}

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

    # ------------------------------------------------------------ one element at a time

    def _pair(self, a, b):
        shape = np.broadcast_shapes(np.shape(a) if not isinstance(a, Quantity) else a.shape, np.shape(b) if not isinstance(b, Quantity) else b.shape)
        return self.quantity(a, shape), self.quantity(b, shape)

    def on_Add(self, a, b):
        return self.numbers.add(*self._pair(a, b))

    def on_Sub(self, a, b):
        return self.numbers.subtract(*self._pair(a, b))

    def on_Mul(self, a, b):
        return self.numbers.multiply(*self._pair(a, b))

    def on_Div(self, a, b):
        if not isinstance(b, Quantity):
            if np.any(np.asarray(b) == 0):
                raise RuleError("a division by the constant 0")
            return self.on_Mul(a, 1 / np.asarray(b, dtype=np.float64))
        a, b = self._pair(a, b)
        share = self.totals.get(b.row.name) == a.row.name
        return self.numbers.divide(a, b, LARGEST_SHARE if share else np.inf)

    def on_Reciprocal(self, a):
        return self.on_Div(np.ones(()), a)

    def on_Neg(self, a):
        return self.numbers.negative(a)

    def on_Abs(self, a):
        return self.numbers.magnitude(a)

    def on_Relu(self, a):
        return self.numbers.positive(a)

    def on_Max(self, *values):
        found = values[0]
        for other in values[1:]:
            found = self.numbers.maximum(*self._pair(found, other))
        return found

    def on_Min(self, *values):
        found = values[0]
        for other in values[1:]:
            found = self.numbers.minimum(*self._pair(found, other))
        return found

    def on_Clip(self, a, low=None, high=None):
        if low is not None and np.isfinite(np.asarray(low) if not isinstance(low, Quantity) else 0).all():
            a = self.on_Max(a, low)
        if high is not None and np.isfinite(np.asarray(high) if not isinstance(high, Quantity) else 0).all():
            a = self.on_Min(a, high)
        return a

    def on_Sqrt(self, a):
        return self.numbers.root(a)

    def on_Exp(self, a):
        return self.numbers.exponential(a)

    def on_Log(self, a):
        return self.numbers.logarithm(a)

    def on_Pow(self, a, power):
        if not isinstance(power, Quantity):
            values = np.unique(np.asarray(power, dtype=np.float64))
            if values.size == 1:
                return self._power(a, float(values[0]))
        a, power = self._pair(a, power)
        return self.numbers.exponential(self.numbers.multiply(power, self.numbers.logarithm(a)))

    def _power(self, a, power):
        if power == 0:
            return np.ones(a.shape)
        if power < 0:
            return self.on_Reciprocal(self._power(a, -power))
        if power == 0.5:
            return self.numbers.root(a)
        if power != int(power) or power > 64:
            logarithm = self.numbers.logarithm(a)
            return self.numbers.exponential(self.on_Mul(logarithm, np.asarray(power)))
        result, square, left = None, a, int(power)
        while left:
            if left & 1:
                result = square if result is None else self.numbers.multiply(result, square)
            left >>= 1
            if left:
                square = self.numbers.settled(square)
                square = self.numbers.multiply(square, square)
        return result

    def on_Sigmoid(self, a):
        """1/(1 + e^−|a|), or one less that, by the sign: the exponential stays below 1."""
        a = self.numbers.settled(a)
        power = self.numbers.exponential(self.numbers.negative(self.numbers.magnitude(a)))
        one = self.numbers.constant(np.ones(a.shape))
        above = self.numbers.divide(one, self.numbers.add(one, power))
        found = self.numbers.chosen(self.numbers.above_zero(a), above, self.numbers.subtract(one, above))
        curve = lambda x: 1 / (1 + np.exp(-x))
        # The branch cannot matter: both meet at 0.
        error = found.error + a.error / 4
        return Quantity(found.row, found.bits, curve(a.low) - error, curve(a.high) + error, error, a.shape)

    def on_Tanh(self, a):
        found = self.on_Sigmoid(self.numbers.scaled(a, 1))
        doubled = self.numbers.scaled(found, 1)
        return self.on_Sub(doubled, np.ones(()))

    def on_Softplus(self, a):
        one = np.ones(())
        power = self.numbers.exponential(self.numbers.negative(self.numbers.magnitude(a)))
        return self.on_Add(self.numbers.positive(a), self.numbers.logarithm(self.on_Add(power, one)))

    # ------------------------------------------------------------ conditions: 0 or 1

    def on_Greater(self, a, b):
        return self.numbers.above_zero(self.numbers.subtract(*self._pair(a, b)))

    def on_Less(self, a, b):
        return self.on_Greater(b, a)

    def on_Not(self, a):
        return self.on_Sub(np.ones(()), a)

    def on_GreaterOrEqual(self, a, b):
        return self.on_Not(self.on_Less(a, b))

    def on_LessOrEqual(self, a, b):
        return self.on_Not(self.on_Greater(a, b))

    def on_Equal(self, a, b):
        return self.on_And(self.on_GreaterOrEqual(a, b), self.on_LessOrEqual(a, b))

    def on_And(self, a, b):
        return self.on_Mul(_number(a), _number(b))

    def on_Or(self, a, b):
        return self.on_Not(self.on_And(self.on_Not(_number(a)), self.on_Not(_number(b))))

    def on_Sign(self, a):
        return self.on_Sub(self.on_Greater(a, np.zeros(())), self.on_Less(a, np.zeros(())))

    def on_Where(self, condition, a, b):
        shape = np.broadcast_shapes(*(value.shape if isinstance(value, Quantity) else np.shape(value) for value in (condition, a, b)))
        condition = self.quantity(_number(condition), shape)
        return self.numbers.chosen(condition, self.quantity(a, shape), self.quantity(b, shape))

    # ------------------------------------------------------------ several elements

    def _groups(self, a, axes, attributes):
        """The elements with the reduced axes last, and the shape that is left."""
        axes = attributes.get("axes", axes)
        rank = len(a.shape)
        axes = list(range(rank)) if axes is None or np.size(axes) == 0 else [int(axis) % rank for axis in np.reshape(axes, -1)]
        kept = [axis for axis in range(rank) if axis not in axes]
        order = np.transpose(np.arange(a.size).reshape(a.shape), kept + axes)
        count = int(np.prod([a.shape[axis] for axis in axes], dtype=int))
        shape = tuple(1 if axis in axes else a.shape[axis] for axis in range(rank))
        if not attributes.get("keepdims", 1):
            shape = tuple(a.shape[axis] for axis in kept)
        return self.moved(a, order.reshape(-1, count)), shape

    def _shaped(self, a, shape):
        return Quantity(a.row, a.bits, a.low, a.high, a.error, tuple(shape))

    def on_ReduceSum(self, a, axes=None, **attributes):
        if axes is None and attributes.get("noop_with_empty_axes"):
            return a
        grouped, shape = self._groups(a, axes, attributes)
        total = self._shaped(self.numbers.sums(grouped, *grouped.shape), shape)
        if total.size == 1 and np.all(a.low >= 0):
            self.totals[total.row.name] = a.row.name
        return total

    def on_ReduceMean(self, a, axes=None, **attributes):
        grouped, shape = self._groups(a, axes, attributes)
        total = self._shaped(self.numbers.sums(grouped, *grouped.shape), shape)
        return self.on_Mul(total, np.asarray(1 / grouped.shape[1]))

    def on_ReduceSumSquare(self, a, axes=None, **attributes):
        return self.on_ReduceSum(self.numbers.multiply(a, a), axes, **attributes)

    def _reduced(self, a, axes, attributes, combine):
        grouped, shape = self._groups(a, axes, attributes)
        rows, count = grouped.shape
        columns = [self.moved(grouped, np.arange(rows) * count + column) for column in range(count)]
        found = columns[0]
        for other in columns[1:]:
            found = combine(found, other)
        return self._shaped(found, shape)

    def on_ReduceMax(self, a, axes=None, **attributes):
        return self._reduced(a, axes, attributes, self.numbers.maximum)

    def on_ReduceMin(self, a, axes=None, **attributes):
        return self._reduced(a, axes, attributes, self.numbers.minimum)

    def on_ReduceProd(self, a, axes=None, **attributes):
        return self._reduced(a, axes, attributes, self.numbers.multiply)

    def on_Softmax(self, a, axis=-1):
        """e^(a − max a) over its sum."""
        axes = {"axes": [axis], "keepdims": 1}
        power = self.numbers.exponential(self._below(self.on_Sub(a, self.on_ReduceMax(a, **axes))))
        total = self.on_ReduceSum(power, **axes)
        # The largest of them is 1.
        low = np.maximum(total.low, 1 - total.error)
        return self.on_Div(power, Quantity(total.row, total.bits, low, total.high, total.error, total.shape))

    def _below(self, a):
        return Quantity(a.row, a.bits, a.low, np.minimum(a.high, a.error), a.error, a.shape)

    def on_CumSum(self, a, axis, **attributes):
        if attributes.get("exclusive") or attributes.get("reverse"):
            raise RuleError("an exclusive or reversed running sum")
        length = a.shape[int(np.reshape(axis, -1)[0])]
        order = np.moveaxis(np.arange(a.size).reshape(a.shape), int(np.reshape(axis, -1)[0]), -1)
        rows = self.moved(a, order.reshape(-1, length))
        summed = self.on_MatMul(rows, np.triu(np.ones((length, length))))
        back = np.moveaxis(np.arange(a.size).reshape(order.shape), -1, int(np.reshape(axis, -1)[0]))
        return self.moved(summed, back)

    # ------------------------------------------------------------ products of matrices

    def on_MatMul(self, a, b):
        a, b = self.quantity(a), self.quantity(b)
        left = a.shape if len(a.shape) > 1 else (1, *a.shape)
        right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
        if len(left) > 2 or len(right) > 2:
            raise RuleError("a product of stacks of matrices: write it for one matrix, or with jnp.einsum over a sum")
        product = self.numbers.matmul(a, b, left[0], left[1], right[1])
        return self._shaped(product, (*left[: len(a.shape) - 1], *right[2 - len(b.shape) + 1 :]))

    def on_Gemm(self, a, b, c=None, alpha=1.0, beta=1.0, transA=0, transB=0):
        a, b = self.quantity(a), self.quantity(b)
        turned = lambda value: self.moved(value, np.arange(value.size).reshape(value.shape).T)
        product = self.on_MatMul(turned(a) if transA else a, turned(b) if transB else b)
        product = product if alpha == 1 else self.on_Mul(product, np.asarray(alpha))
        if c is None:
            return product
        return self.on_Add(product, c if beta == 1 else self.on_Mul(self.quantity(c), np.asarray(beta)))

    def on_Einsum(self, *values, equation):
        """A product of two, by one multiplication of matrices for each index that both keep; a sum of one."""
        equation = equation.decode() if isinstance(equation, bytes) else equation
        sources, result = equation.replace(" ", "").split("->")
        terms = sources.split(",")
        values = [self.quantity(value) for value in values]
        if len(terms) == 1:
            axes = [at for at, index in enumerate(terms[0]) if index not in result]
            found = self.on_ReduceSum(values[0], axes, keepdims=0) if axes else values[0]
            left = [index for index in terms[0] if index in result]
            order = [left.index(index) for index in result]
            return self.moved(found, np.transpose(np.arange(found.size).reshape(found.shape), order))
        if len(terms) != 2 or any(len(set(term)) != len(term) for term in terms):
            raise RuleError(f"the product {equation}")
        sizes = {index: size for term, value in zip(terms, values, strict=True) for index, size in zip(term, value.shape, strict=True)}
        indices = [*dict.fromkeys(result), *(index for index in sizes if index not in result)]
        full = [sizes[index] for index in indices]

        def spread(term, value):
            order = [term.index(index) for index in indices if index in term]
            shape = [sizes[index] if index in term else 1 for index in indices]
            positions = np.transpose(np.arange(value.size).reshape(value.shape), order).reshape(shape)
            return self.moved(value, np.broadcast_to(positions, full))

        shared = [index for index in indices if index not in result]
        only = [[index for index in term if index in result and index not in other] for term, other in (terms, terms[::-1])]
        if not any(index in terms[0] and index in terms[1] for index in result) and all(index in terms[0] and index in terms[1] for index in shared):
            a = self.moved(values[0], self._matrix(terms[0], values[0], only[0], shared))
            b = self.moved(values[1], self._matrix(terms[1], values[1], shared, only[1]))
            product = self.on_MatMul(a, b)
            kept = only[0] + only[1]
            shape = [sizes[index] for index in kept]
            return self.moved(product, np.transpose(np.arange(product.size).reshape(shape), [kept.index(index) for index in result]))
        product = self.numbers.multiply(spread(terms[0], values[0]), spread(terms[1], values[1]))
        axes = list(range(len(result), len(indices)))
        return self.on_ReduceSum(product, axes, keepdims=0) if axes else product

    @staticmethod
    def _matrix(term, value, rows, columns):
        positions = np.transpose(np.arange(value.size).reshape(value.shape), [term.index(index) for index in [*rows, *columns]])
        return positions.reshape(int(np.prod([value.shape[term.index(index)] for index in rows], dtype=int)), -1)


def _number(value):
    return value if isinstance(value, Quantity) else np.asarray(value, dtype=np.float64)


def evaluated(model, node, arguments):
    """What ONNX's reference implementation makes of one node."""
    given = {name: np.asarray(value) for name, value in zip(node.input, arguments, strict=True) if name}
    values = lambda names, of: [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(of[name].dtype), None) for name in names]
    outputs = [helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None) for name in node.output if name]
    graph = helper.make_graph([node], "node", values(given, given), outputs)
    single = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return ReferenceEvaluator(single).run(None, given)
