"""The normal distribution, and EVaR with its sandwich, inside a circuit. All rows have one column a state (book).

No lookup tables: exp by Taylor and squarings, the normal tail by a polynomial in 1/(1 + x/4), ln by the series of
artanh. What would need a division is private and comes with a residual that is public.
"""

import numpy as np

SQUARINGS = 6
# Precision of exp inside: it is carried 128-fold, because squarings multiply a relative error by 64.
BOOST = 128.0
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


def clipped_above(graph, x, limit, columns):
    """min(x, limit)."""
    top = graph.constant(np.full((1, columns), limit))
    return graph.subtract(x, graph.relu(graph.subtract(x, top)))


def boosted_exp(graph, y, columns):
    """128 e^y for y <= 0; what is below -32 counts as -32."""
    constant = lambda value: graph.constant(np.full((1, columns), value))
    floor = constant(EXP_FLOOR)
    y = graph.subtract(graph.relu(graph.add(y, floor)), floor)
    boost = constant(BOOST)
    series = boost
    # e^(y/64) to the fifth order; 1/(64 j) is coarse at scale 24 where j is no power of two, in terms that are small.
    for j in range(5, 0, -1):
        series = graph.add(boost, graph.scale(graph.multiply(y, series), 1 / (2**SQUARINGS * j), columns))
    for _ in range(SQUARINGS):
        series = graph.scale(graph.multiply(series, series), 1 / BOOST, columns)
    return series


def absolute(graph, x):
    return graph.subtract(graph.relu(graph.add(x, x)), x)


def capped_magnitude(graph, x, columns):
    """min(|x|, 8): beyond, the tail is 0."""
    return clipped_above(graph, absolute(graph, x), TAIL_END, columns)


def half_square(graph, x, columns):
    """-x^2/2, what the density has in its exponent."""
    return graph.scale(graph.multiply(x, x), -0.5, columns)


def tail(graph, gaussian, inverse, columns):
    """Phi(-x) for x in [0, 8]: gaussian is e^(-x^2/2), inverse 1/(1 + x/4)."""
    constant = lambda value: graph.constant(np.full((1, columns), value))
    series = constant(TAIL[-1])
    for coefficient in TAIL[-2::-1]:
        series = graph.add(constant(coefficient), graph.multiply(inverse, series))
    return graph.multiply(gaussian, series)


def cdf(graph, x, tail_of_magnitude, columns):
    """Phi(x) from Phi(-|x|): 1/2 + sign(x) (1/2 - Phi(-|x|))."""
    half = graph.constant(np.full((1, columns), 0.5))
    return graph.add(half, graph.multiply(graph.sign(x), graph.subtract(half, tail_of_magnitude)))


class Sandwich:
    """h(m, s) from both sides at one tilt t, for each of several states.

    With E = t (k + t/2) and everything divided by e^max(E, 0), so that nothing is above 2:

        M = Phi(-k) + e^E Phi(k+t),    p = e^E Phi(k+t) / M,    c = phi(k) / M
        upper = s (ln M + b) / t >= h             for any t > 0, b = -ln alpha
        lower = s ((k+t) p + c) <= h              where the entropy KL = t ((k+t) p + c) - ln M <= b

    Private: k, t, 128 p (a well-capitalised book's p is small), c, upper, r = (M-1)/(M+1) and 1/(1 + x/4) of each x; each with a residual.
    """

    def __init__(self, graph, columns, mean, deviation, budget, witness, further=None):
        """further: another row whose normal density and distribution are needed, evaluated with the others."""
        n = columns
        wide = 3 * n if further is not None else 2 * n
        k, t, p, c, upper, r = (witness[name] for name in ("k", "t", "p", "c", "upper", "r"))
        inverse = witness["inverses"]
        shifted = graph.add(k, t)
        arguments = graph.concat([k, shifted] + ([further] if further is not None else []))
        magnitudes = capped_magnitude(graph, arguments, wide)
        exponent = graph.scale(graph.multiply(t, graph.add(graph.add(k, k), t)), 0.5, n)
        top = graph.relu(exponent)
        zero = graph.constant(np.zeros((1, n)))
        exponents = graph.concat(
            [half_square(graph, magnitudes, wide), graph.subtract(zero, top), graph.subtract(exponent, top)]
        )
        boosted = boosted_exp(graph, exponents, wide + 2 * n)
        plain = graph.scale(graph.columns(boosted, 0, wide + n), 1 / BOOST, wide + n)
        gaussian = graph.columns(plain, 0, wide)
        down = graph.columns(plain, wide, wide + n)
        tilted = graph.columns(boosted, wide + n, wide + 2 * n)
        tails = tail(graph, gaussian, inverse, wide)
        distribution = cdf(graph, arguments, tails, wide)
        one = graph.constant(np.ones((1, n)))
        above = graph.multiply(tilted, graph.columns(distribution, n, 2 * n))
        below = graph.multiply(down, graph.subtract(one, graph.columns(distribution, 0, n)))
        total = graph.add(graph.scale(above, 1 / BOOST, n), below)
        self.density = graph.scale(gaussian, INVERSE_ROOT_TWO_PI, wide)
        self.distribution = distribution
        at_zero = graph.multiply(down, graph.columns(self.density, 0, n))
        # ln M = max(E, 0) + 2 artanh(r): r is within 1/3, 2 r^17/17 is 1e-9
        square = graph.multiply(r, r)
        series = graph.constant(np.full((1, n), 2 / 15))
        for odd in range(13, 0, -2):
            series = graph.add(graph.constant(np.full((1, n), 2 / odd)), graph.multiply(square, series))
        log_total = graph.add(top, graph.multiply(r, series))
        reach = graph.add(graph.scale(graph.multiply(shifted, p), 1 / BOOST, n), c)
        self.volatility_slope = graph.add(graph.scale(graph.multiply(t, p), 1 / BOOST, n), c)
        self.lower = graph.multiply(deviation, reach)
        self.upper = upper
        self.slack = graph.subtract(graph.add(budget, log_total), graph.multiply(t, reach))
        quarter = graph.add(graph.constant(np.ones((1, wide))), graph.scale(magnitudes, 0.25, wide))
        self.residuals = [
            ("residualK", graph.subtract(graph.multiply(k, deviation), mean), n),
            ("residualInverse", graph.subtract(graph.multiply(inverse, quarter), graph.constant(np.ones((1, wide)))), wide),
            ("residualLog", graph.subtract(graph.multiply(r, graph.add(total, one)), graph.subtract(total, one)), n),
            ("residualProbability", graph.subtract(graph.multiply(p, total), above), n),
            ("residualDensity", graph.subtract(graph.multiply(c, total), at_zero), n),
            (
                "residualUpper",
                graph.subtract(graph.multiply(upper, t), graph.multiply(deviation, graph.add(log_total, budget))),
                n,
            ),
        ]
