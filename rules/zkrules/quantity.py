"""Numbers of a rule as its circuit has them: integers in units of 2^-bits, with the interval each lies in and how far it may be from
the exact number. Both hold for whatever quotient a prover chooses where a division leaves two open."""

import math
from dataclasses import dataclass, replace

import numpy as np

from .circuit import LARGEST_SHIFT, RANGE_BITS, Row
from .declare import RuleError

# Integers a division or a comparison is given stay below 2^38, so that their differences stay below 2^40.
HEADROOM_BITS = RANGE_BITS - 2
MOST_BITS = 36
FEWEST_BITS = 8
# Products before they are rescaled; a witness is made with 128 bits.
PRODUCT_BITS = 118


@dataclass(frozen=True)
class Quantity:
    row: Row
    bits: int
    low: np.ndarray
    high: np.ndarray
    error: np.ndarray
    shape: tuple

    @property
    def largest(self):
        return float(np.max(np.maximum(np.abs(self.low), np.abs(self.high))))

    @property
    def size(self):
        return self.row.length


def bits_for(largest):
    """As many bits behind the point as leave the integers below 2^38."""
    return int(min(MOST_BITS, HEADROOM_BITS - math.ceil(math.log2(max(largest, 2.0**-60) * (1 + 1e-9)))))


class Arithmetic:
    """Operations on quantities of one circuit. Shapes agree: broadcasting is the caller's."""

    def __init__(self, circuit):
        self.circuit = circuit
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

    # ------------------------------------------------------------ what the prover brings, and the circuit checks

    def divide(self, a, b, most=np.inf):
        """a/b: the prover's quotient q, with |a − q b| ≤ |b|, so that q is within one unit whatever the prover chooses.

        @param most what is known of |a/b| beyond the intervals
        """
        if np.any((b.low <= 0) & (b.high >= 0)):
            raise RuleError(
                "a division whose divisor may be 0 (it lies in "
                f"[{float(b.low.min()):.4g}, {float(b.high.max()):.4g}]): bound it away from 0, e.g. with jnp.maximum(x, 1e-3)"
            )
        if np.any(b.high < 0):
            if not np.all(b.high < 0):
                raise RuleError("a division by numbers of both signs")
            a, b = self.negative(a), self.negative(b)
        b = self.settled(b)
        corners = [a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high]
        low = np.maximum(np.minimum.reduce(corners), -most)
        high = np.minimum(np.maximum.reduce(corners), most)
        bits = bits_for(float(max(np.max(np.abs(low)), np.max(np.abs(high)))) + 2.0**-MOST_BITS)
        if a.bits > bits + b.bits:
            a = self.settled(a)
        if a.bits > bits + b.bits or bits < FEWEST_BITS:
            raise RuleError(f"a quotient of up to {float(np.max(np.abs([low, high]))):.3g} does not fit a circuit: bound its divisor")
        a = self.raised(a, bits + b.bits)
        q = self.circuit.hint(["quotient", a.row.slot, b.row.slot], a.size)
        unit = 2.0**-bits
        low, high = self._bounded("quotient", q, low - unit, high + unit, bits)
        remainder = self.circuit.subtract(a.row, self.circuit.multiply(q, b.row))
        self.circuit.require("a quotient", self.circuit.subtract(b.row, self.circuit.magnitude(remainder)))
        least = np.maximum(b.low - b.error, 2.0**-60)
        error = (a.error + np.maximum(np.abs(low), np.abs(high)) * b.error) / least + unit
        return Quantity(q, bits, low, high, error, a.shape)

    def root(self, a):
        """√a: the prover's s ≥ 0 with |a − s²| ≤ 2s + 1, so that s is within one unit and of one sign."""
        if np.any(a.low < -a.error - 1e-12):
            raise RuleError(f"a root of what may be negative ({float(a.low.min()):.4g}): bound it, e.g. with jnp.maximum(x, 0)")
        a = self.positive(a) if np.any(a.low < 0) else self.settled(a)
        top = np.sqrt(np.maximum(a.high, 0))
        bits = min(bits_for(float(np.max(top)) + 2.0**-MOST_BITS), 30)
        if a.bits > 2 * bits:
            bits = (a.bits + 1) // 2
        a = self.raised(a, 2 * bits)
        s = self.circuit.hint(["root", a.row.slot], a.size)
        unit = 2.0**-bits
        bottom = np.maximum(np.sqrt(np.maximum(a.low, 0)) - unit, 0)
        low, high = self._bounded("root", s, bottom, top + unit, bits)
        slack = self.circuit.add(self.circuit.add(s, s), self.circuit.whole(np.ones(a.size)))
        remainder = self.circuit.magnitude(self.circuit.subtract(a.row, self.circuit.multiply(s, s)))
        self.circuit.require("a root", self.circuit.subtract(slack, remainder))
        with np.errstate(divide="ignore", invalid="ignore"):
            smooth = np.where(low > 0, a.error / (2 * np.maximum(low - unit, unit)), np.inf)
        error = np.minimum(np.sqrt(a.error), smooth) + unit
        return Quantity(s, bits, low, high, error, a.shape)

    def exponential(self, a):
        """e^a = (Σ t^j/j!)^(2^m) with t = a/2^m, |t| ≤ 1/16."""
        if float(np.max(a.high)) > 20:
            raise RuleError(f"an exponential of up to {float(np.max(a.high)):.4g}: bound its argument by 20, e.g. with jnp.clip")
        a = self.settled(a)
        halvings = max(0, math.ceil(math.log2(max(a.largest, 2.0**-20) * 16)))
        t = self.scaled(a, -halvings)
        result = self.constant(np.ones(a.shape))
        degree = 5
        for j in range(degree, 0, -1):
            product = self.settled(self.multiply(t, result))
            over = product if j == 1 else self.settled(self.multiply(product, self.constant(np.full(a.shape, 1 / j))))
            result = self.add(over, self.constant(np.ones(a.shape)))
        bound = float(t.largest)
        rest = bound ** (degree + 1) / math.factorial(degree + 1) * math.exp(bound)
        inside = self._known(result, np.exp(t.low), np.exp(t.high), result.error + rest)
        for i in range(halvings):
            squared = self.settled(self.multiply(inside, inside))
            times = 2.0 ** (i + 1)
            inside = self._known(squared, np.exp(t.low * times), np.exp(t.high * times), squared.error)
        return inside

    def logarithm(self, a):
        """ln a: the prover's y with |e^y − a| within what e^y is known to."""
        if np.any(a.low <= 0):
            raise RuleError(f"a logarithm of what may be 0 or less ({float(a.low.min()):.4g}): bound it, e.g. with jnp.maximum(x, 1e-3)")
        a = self.settled(a)
        bottom, top = np.log(a.low), np.log(a.high)
        bits = min(28, bits_for(float(max(np.max(np.abs(bottom)), np.max(np.abs(top)))) + 1e-3))
        y = self.circuit.hint(["logarithm", a.row.slot, a.bits, bits], a.size)
        low, high = self._bounded("logarithm", y, bottom - 2.0**-20, top + 2.0**-20, bits)
        claimed = Quantity(y, bits, low, high, np.zeros(a.size), a.shape)
        power = self.exponential(claimed)
        power, a = self._aligned(power, a)
        tolerance = power.error + 2.0**-bits * np.exp(top) + 2.0**-power.bits
        units = np.ceil(tolerance * 2.0**power.bits).astype(np.float32).astype(np.float64)
        distance = self.circuit.magnitude(self.circuit.subtract(power.row, a.row))
        self.circuit.require("a logarithm", self.circuit.subtract(self.circuit.whole(np.ceil(units)), distance))
        least = np.maximum(a.low - tolerance - power.error, 2.0**-40)
        return replace(claimed, error=(a.error + 2 * tolerance + power.error) / least)

    def _known(self, a, low, high, error):
        """The same number, of which more is known than its operations tell."""
        return replace(a, low=np.maximum(a.low, low - error), high=np.minimum(a.high, high + error), error=error)

    def _bounded(self, what, row, low, high, bits):
        """Requires low ≤ row ≤ high of what a prover brings, else a field's inverse would do for a quotient."""
        floor, ceiling = np.floor(low * 2.0**bits), np.ceil(high * 2.0**bits)
        bottom, top = float(np.min(floor)), float(np.max(ceiling))
        # One bound for all, a little wider where single precision needs it.
        bottom, top = -_single_above(-bottom), _single_above(top)
        self.circuit.require(f"the range of a {what}", self.circuit.subtract(row, self.circuit.whole(np.full(row.length, bottom))))
        self.circuit.require(f"the range of a {what}", self.circuit.subtract(self.circuit.whole(np.full(row.length, top)), row))
        return low, high


def _single_above(value):
    single = np.float32(value)
    return float(single if single >= value else np.nextafter(single, np.float32(np.inf)))


def _product(a, b):
    corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
    size = lambda q: np.maximum(np.abs(q.low), np.abs(q.high))
    error = size(a) * b.error + size(b) * a.error + a.error * b.error
    return np.minimum.reduce(corners), np.maximum.reduce(corners), error
