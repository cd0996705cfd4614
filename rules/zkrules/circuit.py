"""A circuit on integers, written twice as it is built: as the ONNX graph that ezkl compiles, and as the program of the same integers that
whoever proves runs first, to find quotients and roots (`libs/rules/src/program.ts`, and `run` here)."""

import math
from dataclasses import dataclass

import numpy as np
from zkcircuits.graph import Graph

# Range of a comparison, a magnitude or a quotient: four limbs of ten bits and a sign.
RANGE_BITS = 40
# A larger divisor than 2^38 fails in the Node engine.
LARGEST_SHIFT = 38
# Fixed point of inputs and outputs.
BITS = 24


@dataclass(frozen=True)
class Row:
    """A row of the circuit: its name in the graph, its slot in the program, its length."""

    name: str
    slot: int
    length: int


class Circuit(Graph):
    """Rows of field elements. Sums and products are exact; `shifted` alone rounds."""

    def __init__(self, name):
        super().__init__(name)
        self.program = []
        self.slots = 0
        self.required = []
        self.found = {"next": 0, "hints": 0}
        self.outputs = []
        self.violations = None
        self.target = None

    def given(self, name, length):
        """An input that is committed to by its hash, the last element a blinding that nothing else uses."""
        self.input(name, length + 1)
        whole = self._record([["input", name, length + 1]], name, length + 1)
        return self.gather(whole, np.arange(length))

    def _record(self, operations, name, length):
        self.program.extend(operations)
        row = Row(name, self.slots, length)
        self.slots += 1
        return row

    def emit(self, kind, operation, length, *arguments, **attributes):
        return self._record([operation], self.op(kind, *arguments, **attributes), length)

    def gather(self, row, indices):
        indices = np.asarray(indices).reshape(-1)
        if np.array_equal(indices, np.arange(row.length)):
            return row
        return self.emit("Gather", ["gather", row.slot, indices.tolist()], indices.size, row.name, self.constant(indices, np.int64), axis=1)

    def concat(self, rows):
        if len(rows) == 1:
            return rows[0]
        operation = ["concat", [row.slot for row in rows]]
        return self.emit("Concat", operation, sum(row.length for row in rows), *(row.name for row in rows), axis=1)

    def whole(self, integers):
        """Integers that single precision holds: ONNX keeps constants as such."""
        single = np.asarray(integers, dtype=np.float32).reshape(1, -1)
        if not np.array_equal(single.astype(np.float64).reshape(-1), np.asarray(integers, dtype=np.float64).reshape(-1)):
            raise ValueError("a constant is no integer of single precision")
        return self._record([["whole", [str(int(value)) for value in single[0]]]], self.constant(single), single.size)

    def add(self, a, b):
        return self.emit("Add", ["add", a.slot, b.slot], a.length, a.name, b.name)

    def subtract(self, a, b):
        return self.emit("Sub", ["subtract", a.slot, b.slot], a.length, a.name, b.name)

    def multiply(self, a, b):
        return self.emit("Mul", ["multiply", a.slot, b.slot], a.length, a.name, b.name)

    def raised(self, row, bits):
        """row · 2^bits, exactly."""
        while bits > 0:
            step = min(bits, 100)
            row = self.multiply(row, self.whole(np.full(row.length, 2.0**step)))
            bits -= step
        return row

    def shifted(self, row, bits):
        """The quotient by 2^bits. The circuit checks |value − quotient 2^bits| < 2^bits and |quotient| < 2^40: where 2^bits does not
        divide the value, the prover may choose either neighbour."""
        if not 0 < bits <= LARGEST_SHIFT:
            raise ValueError(f"a division by 2^{bits} is outside 2^1 to 2^{LARGEST_SHIFT}")
        # `Div` by a power of two raises a label and moves no number: the next operation brings the scale back by dividing.
        half = self.op("Div", row.name, self.constant([[2.0 ** (bits + 1)]]))
        return self._record([["shift", row.slot, bits]], self.op("Mul", half, self.constant([[2.0]])), row.length)

    def positive(self, row):
        return self.emit("Relu", ["positive", row.slot], row.length, row.name)

    def magnitude(self, row):
        return self.emit("Abs", ["magnitude", row.slot], row.length, row.name)

    def matmul(self, a, b, m, k, n):
        left = self.op("Reshape", a.name, self.constant([m, k], np.int64))
        right = self.op("Reshape", b.name, self.constant([k, n], np.int64))
        product = self.op("MatMul", left, right)
        return self.emit("Reshape", ["matmul", a.slot, b.slot, m, k, n], m * n, product, self.constant([1, m * n], np.int64))

    def sums(self, row, m, k):
        """Sums of m groups of k."""
        if m == 1:
            return self.emit("ReduceSum", ["sums", row.slot, m, k], 1, row.name, self.constant([1], np.int64), keepdims=1)
        grouped = self.op("Reshape", row.name, self.constant([m, k], np.int64))
        total = self.op("ReduceSum", grouped, self.constant([1], np.int64), keepdims=1)
        return self.emit("Reshape", ["sums", row.slot, m, k], m, total, self.constant([1, m], np.int64))

    def hint(self, operation, length, where="hints"):
        """Numbers that the prover brings. Nothing is known until the circuit requires it."""
        first = self.found[where]
        self.found[where] += length
        bounds = [self.constant([at], np.int64) for at in (first, first + length, 1)]
        return self._record([["hint", where, *operation]], self.op("Slice", where, *bounds), length)

    def require(self, what, row):
        """No element is negative. A negative one goes into the public value `violations`."""
        zero = self.whole(np.zeros(row.length))
        below = self.positive(self.subtract(zero, row))
        total = self.sums(below, 1, row.length)
        self.required.append({"what": what, "slot": total.slot})
        self.violations = total if len(self.required) == 1 else self.add(self.violations, total)

    def public(self, name, row):
        self.output(name, row.name, row.length)
        self.outputs.append({"name": name, "length": row.length, "slot": row.slot})

    def finished(self, states):
        """The ONNX graph of the circuit, its inputs complete."""
        if states:
            self.input("next", self.found["next"] + 1)
        if self.found["hints"] > 0:
            self.input("hints", self.found["hints"] + 1)
        return self.model()


def rounded(value, bits):
    """Quotient by 2^bits as ezkl's witness has it: in double precision, halves away from zero."""
    quotient = abs(float(value)) / 2.0**bits
    below = math.floor(quotient)
    magnitude = below + (quotient - below >= 0.5)
    return -magnitude if value < 0 else magnitude


def nearest(a, b):
    """a/b to the nearest integer. @param b > 0"""
    return (2 * a + b) // (2 * b)


def _checked(values):
    for value in values:
        if abs(value) >= 1 << RANGE_BITS:
            raise OverflowError(f"{value} is outside ±2^{RANGE_BITS}")
    return values


def run(program, inputs):
    """Runs a program. @param inputs rows of integers by name, without blindings @returns every slot"""
    slots = []
    for kind, *arguments in program:
        if kind == "hint":
            _, kind, *arguments = arguments
        slots.append(OPERATIONS[kind](slots, inputs, *arguments))
    return slots


OPERATIONS = {
    "input": lambda s, inputs, name, length: [*inputs[name], 0],
    "gather": lambda s, _, a, indices: [s[a][i] for i in indices],
    "concat": lambda s, _, rows: [value for row in rows for value in s[row]],
    "whole": lambda s, _, values: [int(value) for value in values],
    "add": lambda s, _, a, b: [x + y for x, y in zip(s[a], s[b], strict=True)],
    "subtract": lambda s, _, a, b: [x - y for x, y in zip(s[a], s[b], strict=True)],
    "multiply": lambda s, _, a, b: [x * y for x, y in zip(s[a], s[b], strict=True)],
    "shift": lambda s, _, a, bits: _checked([rounded(x, bits) for x in s[a]]),
    "positive": lambda s, _, a: [max(x, 0) for x in _checked(s[a])],
    "magnitude": lambda s, _, a: [abs(x) for x in _checked(s[a])],
    "matmul": lambda s, _, a, b, m, k, n: [
        sum(s[a][i * k + l] * s[b][l * n + j] for l in range(k)) for i in range(m) for j in range(n)
    ],
    "sums": lambda s, _, a, m, k: [sum(s[a][i * k : (i + 1) * k]) for i in range(m)],
    "quotient": lambda s, _, a, b: [nearest(x, y) for x, y in zip(s[a], s[b], strict=True)],
    "scaled": lambda s, _, a, bits: [nearest(x, 1 << bits) for x in s[a]],
    "root": lambda s, _, a: [math.isqrt(max(x, 0)) for x in s[a]],
    "logarithm": lambda s, _, a, before, after: [
        math.floor(math.log(max(x, 1) / 2.0**before) * 2.0**after + 0.5) for x in s[a]
    ],
}
