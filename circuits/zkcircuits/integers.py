"""Circuits on integers: every value is an element of the field, sums and products are exact, and only `>>` rounds.

With input_scale = param_scale = 0, ezkl rescales nothing by itself, so each rounding, its place and its size are in the code that this file
says. A product costs 5 cells, a division by 2^k 83.
"""

import math

import numpy as np

from .graph import Graph

# Fixed point of money, returns, states and ratios.
BITS = 24
ONE = 1 << BITS
# Four limbs of ten bits and a sign: the range of a comparison, an absolute value or a quotient.
RANGE_BITS = 40
# A larger divisor than this fails in the Node engine.
LARGEST_SHIFT = 38


class Value:
    """A matrix of a circuit, with its shape. `+ - *` and `@` are exact; `>> k` divides by 2^k to within one unit."""

    def __init__(self, graph, name, shape):
        self.graph, self.name, self.shape = graph, name, tuple(shape)

    @property
    def columns(self):
        return self.shape[1]

    def __add__(self, other):
        return self.graph.binary("Add", self, other)

    def __sub__(self, other):
        return self.graph.binary("Sub", self, other)

    def __mul__(self, other):
        return self.graph.binary("Mul", self, other)

    def __matmul__(self, other):
        return self.graph.operation("MatMul", (self.shape[0], other.shape[1]), self, other)

    def __lshift__(self, bits):
        return self * 2.0**bits

    def __rshift__(self, bits):
        """The quotient by 2^bits. The circuit checks |value - quotient 2^bits| < 2^bits and |quotient| < 2^40: where 2^bits does
        not divide the value, the prover may choose either neighbour."""
        if not 0 < bits <= LARGEST_SHIFT:
            raise ValueError(f"a division by 2^{bits} is outside 2^1 to 2^{LARGEST_SHIFT}")
        # `Div` by a power of two raises a label and moves no number: the next operation brings the scale back by dividing.
        return self.graph.operation("Div", self.shape, self, self.graph.whole([2.0 ** (bits + 1)])) * 2.0

    def __getitem__(self, columns):
        first, end, _ = columns.indices(self.columns)
        bounds = [self.graph.index([at]) for at in (first, end, 1)]
        return self.graph.operation("Slice", (1, end - first), self, *bounds)

    def column(self, at):
        return self[at : at + 1]

    def reshape(self, *shape):
        return self.graph.operation("Reshape", shape, self, self.graph.index(shape))

    @property
    def transposed(self):
        return self.graph.operation("Transpose", self.shape[::-1], self, perm=[1, 0])

    def total(self):
        return self.graph.operation("ReduceSum", (1, 1), self, self.graph.index([1]), keepdims=1)

    def dot(self, other):
        return self @ other.reshape(other.columns, 1)

    def positive(self):
        """max(value, 0); each value is checked to be within 2^40."""
        return self.graph.operation("Relu", self.shape, self)

    def magnitude(self):
        """|value|, each checked to be within 2^40."""
        return self.graph.operation("Abs", self.shape, self)

    def sign(self):
        return self.graph.operation("Sign", self.shape, self)

    def below_zero(self):
        """Sum of the negative parts, 1x1: 0 exactly where no value is negative; each is checked to be within 2^40."""
        return (self.graph.full(0, self.columns) - self).positive().total()


class Integers(Graph):
    def __init__(self, name):
        super().__init__(name)
        self.public = []
        self.violated = []
        self.grouped = {}

    def operation(self, kind, shape, *arguments, **attributes):
        names = [argument.name if isinstance(argument, Value) else argument for argument in arguments]
        return Value(self, self.op(kind, *names, **attributes), shape)

    def binary(self, kind, a, b):
        b = b if isinstance(b, Value) else self.whole(np.full(a.shape, b))
        shape = [max(x, y) for x, y in zip(a.shape, b.shape, strict=True)]
        return self.operation(kind, shape, a, b)

    def whole(self, values):
        """Integers that single precision holds: ONNX keeps constants as such."""
        values = np.asarray(values, dtype=np.float64)
        if not np.array_equal(values, np.rint(values)) or not np.array_equal(values, values.astype(np.float32)):
            raise ValueError("a constant is no integer of single precision")
        shape = values.shape if values.ndim == 2 else (1, values.size)
        return Value(self, self.constant(values), shape)

    def fixed(self, values, bits=BITS):
        """Numbers in units of 2^-bits, 24 significant bits."""
        return self.whole(np.rint(np.asarray(values, dtype=np.float64) * 2.0**bits).astype(np.float32))

    def full(self, value, columns):
        return self.whole(np.full((1, columns), value))

    def index(self, values):
        return Value(self, self.constant(values, np.int64), (len(values),))

    def input(self, name, columns):
        return Value(self, super().input(name, columns), (1, columns))

    def inputs(self, name, count, columns):
        """Rows of one kind, each with a commitment of its own: the layout has these under one name."""
        rows = [self.input(f"{name}{at}", columns) for at in range(count)]
        self.grouped.update({row.name: name for row in rows})
        return rows

    def concat(self, values):
        return self.operation("Concat", (1, sum(value.columns for value in values)), *values, axis=1)

    def pick(self, row, indices):
        """Columns of a row in the order of indices."""
        return self.operation("Gather", (1, len(indices)), row, self.index(indices), axis=1)

    def digits(self, packed, slot, count):
        """Digits d_j of sum_j d_j 2^(slot j): all of j = 0, then all of j = 1 ... A division leaves two quotients open, and so
        are digits: who calls this must pin each (`pin`, or a sign and a sum)."""
        found, rest = [], packed
        for _ in range(count - 1):
            high = rest >> slot
            found.append(rest - (high << slot))
            rest = high
        return self.concat([*found, rest])

    def pin(self, digits, group=63):
        """Each digit of a group of 63 is below 2^20 in magnitude: the sum of their squares is below 2^40. Digits of at most 2^17
        keep it; a digit of the other quotient of a slot of 2^21 is above 2^20 and breaks it alone."""
        sums = []
        for first in range(0, digits.columns, group):
            part = digits[first : min(digits.columns, first + group)]
            sums.append(part.dot(part))
        self.require(self.concat(sums))

    def require(self, *rows):
        """No value is negative. A negative one goes into the public value `violations`, which is 0 where all of this holds."""
        for row in rows:
            self.violated.append(row.below_zero())

    def require_zero(self, row):
        self.violated.append(row.magnitude().total())

    def require_sum(self, rows, bits):
        """Magnitudes of all values add up to at most 2^bits: so each is within it, and a number of the circuit's range."""
        row = self.concat(rows) if len(rows) > 1 else rows[0]
        self.require(self.full(2.0**bits, 1) - row.magnitude().total())

    def violations(self):
        total = self.violated[0]
        for other in self.violated[1:]:
            total = total + other
        self.output("violations", total)

    def output(self, name, value, bits=0):
        """A public value in units of 2^-bits. Inputs come out through here as well: their visibility is one for all."""
        super().output(name, value.name, value.columns)
        self.public.append({"name": name, "length": value.columns, "bits": bits})

    def layout(self, hashed=True):
        """Public values in order: a commitment for each input, then the outputs."""
        lengths = {}
        for entry in self._inputs if hashed else []:
            name = f"{self.grouped.get(entry.name, entry.name)}Commitment"
            lengths[name] = lengths.get(name, 0) + 1
        inputs = [{"name": name, "length": length, "bits": 0} for name, length in lengths.items()]
        at, found = 0, []
        for entry in [*inputs, *self.public]:
            found.append({**entry, "first": at})
            at += entry["length"]
        return {"values": found, "count": at}


def bits_of(count):
    return max(1, math.ceil(math.log2(count)))
