"""Sums, products and comparisons of quantities in one circuit."""

import math
from dataclasses import replace

import numpy as np

from .circuit import LARGEST_SHIFT
from .declare import RuleError
from .pinned import Pinned
from .quantity import FEWEST_BITS, MOST_BITS, PRODUCT_BITS, Quantity, bits_for


class Arithmetic(Pinned):
    """Operations on quantities of one circuit. Shapes agree: broadcasting is the caller's."""

    def __init__(self, circuit, quotient_bits=MOST_BITS):
        """@param quotient_bits most behind the point of a quotient: fewer make products of it cheap"""
        self.circuit = circuit
        self.quotient_bits = quotient_bits
        # Comparisons of numbers that are not exact: near their threshold a circuit may take the other branch.
        self.fragile = 0

    # ------------------------------------------------------------ constants, scales

    def constant(self, values, bits=None):
        values = np.asarray(values, dtype=np.float64)
        flat = values.reshape(-1)
        if bits is None:
            bits = self._constant_bits(flat)
        integers = np.rint(flat * 2.0**bits).astype(np.float32).astype(np.float64)
        exact = integers / 2.0**bits
        return Quantity(self.circuit.whole(integers), bits, exact, exact, np.abs(exact - flat), values.shape)

    @staticmethod
    def _constant_bits(flat):
        for bits in range(0, 13):
            if np.array_equal(flat * 2.0**bits, np.rint(flat * 2.0**bits)) and np.max(np.abs(flat), initial=0) * 2.0**bits < 2**24:
                return bits
        largest = float(np.max(np.abs(flat)))
        return int(min(MOST_BITS, 24 - math.ceil(math.log2(largest))))

    def settled(self, a, bits=None):
        """Rounded to `bits`, by default as many as fit; unchanged where it has no more."""
        fitting = bits_for(a.largest)
        bits = fitting if bits is None else min(bits, fitting)
        if bits < FEWEST_BITS and a.bits > bits:
            raise RuleError(f"a value of up to {a.largest:.3g} does not fit a circuit: bound it, e.g. with jnp.clip")
        if a.bits <= bits:
            return a
        shift = a.bits - bits
        if shift > LARGEST_SHIFT:
            # A sum of many products: two divisions, the first as large as there is.
            if shift > LARGEST_SHIFT + 2:
                raise RuleError(f"a sum of too many products of up to {a.largest:.3g}: add it up in parts, or bound it")
            return self.settled(self._divided(a, LARGEST_SHIFT), bits)
        return self._divided(a, shift)

    def _divided(self, a, shift):
        bits = a.bits - shift
        unit = 2.0**-bits
        row = self.circuit.shifted(a.row, shift)
        return replace(a, row=row, bits=bits, low=a.low - unit, high=a.high + unit, error=a.error + unit)

    def raised(self, a, bits):
        """The same numbers with `bits` behind the point, no fewer than now."""
        if bits == a.bits:
            return a
        return replace(a, row=self.circuit.raised(a.row, bits - a.bits), bits=bits)

    def _aligned(self, a, b):
        bits = max(a.bits, b.bits)
        if max(a.largest, b.largest) * 2.0**bits >= 2.0**PRODUCT_BITS:
            a, b = self.settled(a), self.settled(b)
            bits = max(a.bits, b.bits)
        return self.raised(a, bits), self.raised(b, bits)

    # ------------------------------------------------------------ exact operations

    def add(self, a, b):
        a, b = self._aligned(a, b)
        return replace(a, row=self.circuit.add(a.row, b.row), low=a.low + b.low, high=a.high + b.high, error=a.error + b.error)

    def subtract(self, a, b):
        a, b = self._aligned(a, b)
        return replace(a, row=self.circuit.subtract(a.row, b.row), low=a.low - b.high, high=a.high - b.low, error=a.error + b.error)

    def negative(self, a):
        return self.subtract(self.constant(np.zeros(a.shape)), a)

    def multiply(self, a, b):
        a, b = self._factors(a, b)
        low, high, error = _product(a, b)
        if a.row == b.row:
            low = np.where((a.low <= 0) & (a.high >= 0), 0.0, np.minimum(a.low**2, a.high**2))
            high = np.maximum(a.low**2, a.high**2)
        return Quantity(self.circuit.multiply(a.row, b.row), a.bits + b.bits, low, high, error, a.shape)

    def _factors(self, a, b):
        same = a.row == b.row
        a = self.settled(a)
        return (a, a) if same else (a, self.settled(b))

    def matmul(self, a, b, m, k, n):
        a, b = self.settled(a), self.settled(b)
        left = lambda values: values.reshape(m, k, 1)
        right = lambda values: values.reshape(1, k, n)
        part = lambda q, side: replace(q, low=side(q.low), high=side(q.high), error=side(q.error))
        low, high, error = _product(part(a, left), part(b, right))
        total = lambda values: np.broadcast_to(values, (m, k, n)).sum(axis=1).reshape(-1)
        row = self.circuit.matmul(a.row, b.row, m, k, n)
        return Quantity(row, a.bits + b.bits, total(low), total(high), total(error), (m, n))

    def sums(self, a, m, k):
        total = lambda values: values.reshape(m, k).sum(axis=1)
        return replace(a, row=self.circuit.sums(a.row, m, k), low=total(a.low), high=total(a.high), error=total(a.error), shape=(m,))

    def scaled(self, a, bits):
        """a · 2^bits: another reading of the same integers."""
        factor = 2.0**bits
        return replace(a, bits=a.bits - bits, low=a.low * factor, high=a.high * factor, error=a.error * factor)

    # ------------------------------------------------------------ comparisons

    def positive(self, a):
        a = self.settled(a)
        row = self.circuit.positive(a.row)
        return replace(a, row=row, low=np.maximum(a.low, 0), high=np.maximum(a.high, 0))

    def magnitude(self, a):
        a = self.settled(a)
        most = np.maximum(np.abs(a.low), np.abs(a.high))
        least = np.where((a.low <= 0) & (a.high >= 0), 0.0, np.minimum(np.abs(a.low), np.abs(a.high)))
        return replace(a, row=self.circuit.magnitude(a.row), low=least, high=most)

    def maximum(self, a, b):
        found = self.add(b, self.positive(self.subtract(a, b)))
        return replace(
            found, low=np.maximum(a.low, b.low) - found.error, high=np.maximum(a.high, b.high) + found.error
        )

    def minimum(self, a, b):
        found = self.subtract(b, self.positive(self.subtract(b, a)))
        return replace(
            found, low=np.minimum(a.low, b.low) - found.error, high=np.minimum(a.high, b.high) + found.error
        )

    def above_zero(self, a):
        """1 where a > 0, 0 elsewhere: [a > 0] = a⁺ − (a − 1)⁺ on integers."""
        a = self.settled(a)
        self.fragile += int(np.sum((a.error > 0) & (a.low <= a.error) & (a.high >= -a.error)))
        one = self.circuit.whole(np.ones(a.size))
        row = self.circuit.subtract(self.circuit.positive(a.row), self.circuit.positive(self.circuit.subtract(a.row, one)))
        return Quantity(row, 0, np.where(a.low > 0, 1.0, 0.0), np.where(a.high > 0, 1.0, 0.0), np.zeros(a.size), a.shape)

    def chosen(self, condition, a, b):
        """a where the condition is 1, b where it is 0."""
        a, b = self._aligned(self.settled(a), self.settled(b))
        difference = self.circuit.subtract(a.row, b.row)
        row = self.circuit.add(b.row, self.circuit.multiply(condition.row, difference))
        low, high = np.minimum(a.low, b.low), np.maximum(a.high, b.high)
        return replace(a, row=row, low=low, high=high, error=np.maximum(a.error, b.error))


def _product(a, b):
    corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
    size = lambda q: np.maximum(np.abs(q.low), np.abs(q.high))
    error = size(a) * b.error + size(b) * a.error + a.error * b.error
    return np.minimum.reduce(corners), np.maximum.reduce(corners), error
