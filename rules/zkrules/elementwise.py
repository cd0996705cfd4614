"""Operations of ONNX that take each element by itself, and conditions: methods of `Lowering`."""

import numpy as np

from .declare import RuleError
from .quantity import Quantity

# A share of a sum that was rounded by a unit.
LARGEST_SHARE = 1 + 2.0**-10


class Elementwise:
    def _pair(self, a, b):
        shape = np.broadcast_shapes(np.shape(a) if not isinstance(a, Quantity) else a.shape, np.shape(b) if not isinstance(b, Quantity) else b.shape)
        return self.quantity(a, shape), self.quantity(b, shape)

    def on_Add(self, a, b):
        a, b = self._pair(a, b)
        total = self.numbers.add(a, b)
        if np.all(a.low >= 0) and np.all(b.low >= 0):
            of = lambda each: {each.row.name} | self.parts.get(each.row.name, set())
            self.parts[total.row.name] = of(a) | of(b)
        return total

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
        share = self.totals.get(b.row.name) == a.row.name or a.row.name in self.parts.get(b.row.name, ())
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


def _number(value):
    return value if isinstance(value, Quantity) else np.asarray(value, dtype=np.float64)
