"""The normal distribution, and EVaR with its sandwich, inside a circuit. All rows have one column a state (book).

No lookup tables: exp by Taylor and squarings, the normal tail by a polynomial in 1/(1 + x/4), ln by the series of artanh. What
would need a division is private and comes with a residual that is public and exact, so that whoever verifies bounds it by half
of its divisor.
"""

from .integers import BITS, ONE

SQUARINGS = 6
# e^-32 and the normal tail at 8 are 0 at the scale of a circuit.
EXP_FLOOR = 32.0
TAIL_END = 8.0
INVERSE_ROOT_TWO_PI = 0.3989422804014327
# erfc(x/sqrt 2) e^(x^2/2) / 2 on [0, 8] as a polynomial in 1/(1 + x/4): Chebyshev fit of degree 8, off by 8e-9 at most.
TAIL = (
    0.000497679845012,
    0.0921984849943,
    0.148909869332,
    -0.086739013313,
    0.48530069027,
    -0.498433317144,
    0.500921826124,
    -0.152648788788,
    0.00999256103529,
)

# exp, and the probability p of a well-capitalised book, are carried in units of 2^-38.
FINE = 38
# The reach E[X^+]/s is carried in units of 2^-30: times a tilt of up to 2^13 it is still right to 2^-17.
REACH = 30
COLUMNS = ("k", "t", "p", "c", "upper", "r")


def fine_exp(graph, y):
    """e^y in units of 2^-38, for y <= 0; values below -32 count as -32."""
    floor = EXP_FLOOR * ONE
    y = (y + floor).positive() - floor
    one = 2.0**FINE
    series = graph.full(one, y.columns)
    # e^(y/64) to the fifth order; 1/j is a shift where j is a power of two.
    for j, bits in ((5, None), (4, 2), (3, None), (2, 1), (1, 0)):
        product = (y * series) >> (BITS + SQUARINGS + (bits or 0))
        if bits is None:
            product = (product * graph.fixed([[1 / j] * y.columns])) >> BITS
        series = product + one
    for _ in range(SQUARINGS):
        series = (series * series) >> FINE
    return series


class NormalAt:
    """phi and Phi at each x, from the private 1/(1 + min(|x|, 8)/4)."""

    def __init__(self, graph, x, inverse):
        n = x.columns
        self.graph, self.x, self.inverse = graph, x, inverse
        size = x.magnitude()
        self.size = size - (size - TAIL_END * ONE).positive()
        end = graph.full(0, n)
        self.exponent = end - ((self.size * self.size) >> (BITS + 1))

    def evaluate(self, fine):
        """fine: e^(-x^2/2) in units of 2^-38."""
        graph, n = self.graph, self.x.columns
        gaussian = fine >> (FINE - BITS)
        series = graph.fixed([[TAIL[-1]] * n])
        for coefficient in TAIL[-2::-1]:
            series = graph.fixed([[coefficient] * n]) + ((self.inverse * series) >> BITS)
        tail = (gaussian * series) >> BITS
        half = ONE // 2
        self.distribution = self.x.sign() * ((graph.full(half, n)) - tail) + half
        self.density = (gaussian * graph.fixed([[INVERSE_ROOT_TWO_PI] * n])) >> BITS
        # inverse (4 + |x|) = 4
        self.residual = self.inverse * (self.size + 4 * ONE) - 4.0 * ONE * ONE


class Sandwich:
    """h(m, s) from both sides at one tilt t, for each of several states.

    With E = t (k + t/2) and everything divided by e^max(E, 0), so that nothing is above 2 and M is at least 1/2:

        M = Phi(-k) + e^E Phi(k+t),    p = e^E Phi(k+t) / M,    c = phi(k) / M
        upper = s (ln M + b) / t >= h             for any t > 0, b = -ln alpha
        lower = s ((k+t) p + c) <= h              where the entropy KL = t ((k+t) p + c) - ln M <= b
        slope = t p + c                           h_s at the tilt

    Private: k, t, c, upper, r = (M-1)/(M+1) in units of 2^-24, p in units of 2^-38, and 1/(1 + |x|/4) of each x. At the optimal
    tilt KL = b, so a slack b - KL that is nearly 0 pins t and with it the slope; the upper bound depends on t in second order.
    """

    def __init__(self, graph, mean, deviation, budget, witness, further=None):
        """mean, deviation, budget: rows of one column a state; further: another row whose normal density and distribution are
        needed."""
        n = mean.columns
        k, t, p, c, upper, r = (witness[name] for name in COLUMNS)
        shifted = k + t
        arguments = [k, shifted] + ([further] if further is not None else [])
        normal = self.normal = NormalAt(graph, graph.concat(arguments), witness["inverses"])
        wide = normal.x.columns
        exponent = (t * (k + k + t)) >> (BITS + 1)
        top = exponent.positive()
        fine = fine_exp(graph, graph.concat([normal.exponent, graph.full(0, n) - top, exponent - top]))
        normal.evaluate(fine[:wide])
        down = fine[wide : wide + n] >> (FINE - BITS)
        tilted = fine[wide + n : wide + 2 * n]
        at_ratio, at_shifted = normal.distribution[:n], normal.distribution[n : 2 * n]
        above = (tilted * at_shifted) >> BITS  # 2^-38
        below = (down * (graph.full(ONE, n) - at_ratio)) >> BITS
        total = (above >> (FINE - BITS)) + below
        at_zero = (down * normal.density[:n]) >> BITS
        # ln M = max(E, 0) + 2 artanh(r): r is within 1/3, 2 r^17/17 is 1e-9
        square = (r * r) >> BITS
        series = graph.fixed([[2 / 15] * n])
        for odd in range(13, 0, -2):
            series = graph.fixed([[2 / odd] * n]) + ((square * series) >> BITS)
        log_total = top + ((r * series) >> BITS)
        reach = ((shifted * p) >> (BITS + FINE - REACH)) + (c << (REACH - BITS))
        self.slope = ((t * p) >> FINE) + c
        self.lower = (deviation * reach) >> REACH
        self.upper, self.tilt = upper, t
        self.slack = budget + log_total - ((t * reach) >> REACH)
        self.residuals = [
            ("residualRatio", k * deviation - (mean << BITS), 2 * BITS),
            ("residualInverse", normal.residual, 2 * BITS),
            ("residualLog", r * (total + ONE) - ((total - ONE) << BITS), 2 * BITS),
            ("residualProbability", p * total - (above << BITS), FINE + BITS),
            ("residualDensity", c * total - (at_zero << BITS), 2 * BITS),
            ("residualUpper", upper * t - deviation * (log_total + budget), 2 * BITS),
        ]
