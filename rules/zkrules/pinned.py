"""Numbers that the prover brings and the circuit checks, quotients, roots and logarithms, and exponentials, which two need: methods of
`Arithmetic`."""

import math
from dataclasses import replace

import numpy as np

from .declare import RuleError
from .quantity import FEWEST_BITS, MOST_BITS, Quantity, bits_for


class Pinned:
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
        bits = min(self.quotient_bits, bits_for(float(max(np.max(np.abs(low)), np.max(np.abs(high)))) + 2.0**-MOST_BITS))
        if a.bits > bits + b.bits:
            a = self.settled(a)
        if a.bits > bits + b.bits or bits < FEWEST_BITS:
            raise RuleError(f"a quotient of up to {float(np.max(np.abs([low, high]))):.3g} does not fit a circuit: bound its divisor")
        a = self.raised(a, bits + b.bits)
        q = self.circuit.hint(["quotient", a.row.slot, b.row.slot], a.size)
        unit = 2.0**-bits
        # One end is enough: q is then below 2^40 away from it, so q b is no other number in the field, and the remainder bounds q.
        low, high = self._bounded("quotient", q, low - unit, high + unit, bits, above=False)
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

    def _bounded(self, what, row, low, high, bits, above=True):
        """Requires low ≤ row (≤ high) of what a prover brings, else a field's inverse would do for a quotient."""
        floor, ceiling = np.floor(low * 2.0**bits), np.ceil(high * 2.0**bits)
        bottom, top = float(np.min(floor)), float(np.max(ceiling))
        # One bound for all, a little wider where single precision needs it.
        bottom, top = -_single_above(-bottom), _single_above(top)
        self.circuit.require(f"the range of a {what}", self.circuit.subtract(row, self.circuit.whole(np.full(row.length, bottom))))
        if above:
            self.circuit.require(f"the range of a {what}", self.circuit.subtract(self.circuit.whole(np.full(row.length, top)), row))
        return low, high


def _single_above(value):
    single = np.float32(value)
    return float(single if single >= value else np.nextafter(single, np.float32(np.inf)))
