"""Operations of ONNX over several elements, sums, extremes, shares and products of matrices: methods of `Lowering`."""

import numpy as np

from .declare import RuleError
from .quantity import Quantity


class Arrays:
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
        # The largest is 1.
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
