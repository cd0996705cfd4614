"""The factor model of `bar` and `price`: the contents of its commitment, when it is well-formed, and the variances of its factors.

Sigma = Z D Z^T with Z = [B | diag(u)]: K common factors and one of each market's own, in units u of percent a market. Own shocks
are e = r/u - B f, so W = [W_f ; diag(1/u) - B W_f] has Z W = 1 for any B, W_f and u, and every term of x^T Sigma x is a square
times a variance: nothing has to be positive definite, no sign is open.

Scales: W_f 2^-14, B 2^-16 in units u, u and levels 2^-24, states and shocks 2^-24, D 2^-48.
"""

from .integers import BITS, RANGE_BITS

MARKETS, FACTORS = 32, 4
# Averages of the square over 324, 36 and 4 bars: the slow ones first, they are the low digits of a state.
DECAYS = (324.0, 36.0, 4.0)
STATES = len(DECAYS)
TOTAL = MARKETS + FACTORS
W_BITS, B_BITS = 14, 16
SLOT, DIGITS = 21, 3
WIDE = 38
# The horizon and its last bar.
TERMS = 2
# Common factors and own ones have weights of their own: their variance ratios differ.
GROUPS = 2
MATRIX = 2 * MARKETS * FACTORS
PACKED = -(-MATRIX // DIGITS)
PAIRS = -(-TOTAL * STATES // 2)
SLOPES, CONSTANTS = TERMS * STATES * GROUPS, TERMS * GROUPS
MODEL = PACKED + MARKETS + TOTAL + SLOPES + CONSTANTS + 1
STATE = PAIRS + 1
# All units of markets add up to at most 2^9 percent a bar, levels to 2^8, weights to 2^12 bars.
UNIT_SUM, LEVEL_SUM, WEIGHT_SUM = 9, 8, 12
SMALLEST_UNIT = -10


class Model:
    """The committed model: W_f (K x n) and B^T (K x n) in packed digits, u, levels c, weights b and b_0, salt."""

    def __init__(self, graph):
        row = graph.input("model", MODEL)
        at = 0

        def take(count):
            nonlocal at
            at += count
            return row[at - count : at]

        packed, self.unit, self.level = take(PACKED), take(MARKETS), take(TOTAL)
        self.slope, self.constant = take(SLOPES), take(CONSTANTS)
        digits = graph.digits(packed, SLOT, DIGITS)
        graph.pin(digits)
        half = MARKETS * FACTORS
        self.scores = digits[:half].reshape(FACTORS, MARKETS)
        self.loadings = digits[half : 2 * half].reshape(FACTORS, MARKETS)
        # Conditions of a well-formed model. Bounded sums keep exact variances below half the field: see docs/concepts/proofs.md.
        graph.require(self.unit - 2.0 ** (BITS + SMALLEST_UNIT), graph.concat([self.level, self.slope, self.constant]))
        bounds = ((self.unit, UNIT_SUM), (self.level, LEVEL_SUM), (self.slope, WEIGHT_SUM), (self.constant, WEIGHT_SUM))
        sums = [graph.full(2.0 ** (BITS + bits), 1) - part.total() for part, bits in bounds]
        graph.require(graph.concat(sums))
        self.graph = graph

    def weights(self, row, at):
        """Weight `at` of a term of the horizon, one for common factors and one for own ones, by factor."""
        return self.graph.concat([row.column(GROUPS * at)] * FACTORS + [row.column(GROUPS * at + 1)] * MARKETS)

    def variances(self, states, term):
        """D in units of 2^-48, exact: of the horizon (0), or of its last bar (1)."""
        total = self.level * self.weights(self.constant, term)
        for i in range(STATES):
            total = total + states[i * TOTAL : (i + 1) * TOTAL] * self.weights(self.slope, term * STATES + i)
        return total


def unpacked_state(graph, row):
    """States from their commitment: none is negative, and low digits are below 2^38 as remainders, so there is one reading."""
    both = graph.digits(row[:PAIRS], WIDE, 2)[: TOTAL * STATES]
    graph.require(both)
    return both


def packed_state(graph, states):
    """Ranges of the committed `states`. States are not negative, so a sum below 2^38 keeps each low digit in its slot."""
    low = states[:PAIRS]
    rest = 2 * PAIRS - states.columns
    high = states[PAIRS:] if rest == 0 else graph.concat([states[PAIRS:], graph.full(0, rest)])
    graph.require((graph.full(2.0**WIDE, 1) - low.total()) << (RANGE_BITS - WIDE - 1))
    return low + (high << WIDE)


class Exposed:
    """Risk of exposures x (2^-24 shares of the unit of account) under the model's variances, with what other proofs of the same
    bar contain: all exact."""

    def __init__(self, graph, model, exposure, others):
        """others: p of the markets that other proofs hold (K), and their own variance over each term."""
        self.graph, self.model = graph, model
        self.exposure = exposure
        self.scaled = exposure * model.unit  # 2^-48 percent
        self.own_projection = self.scaled @ model.loadings.transposed  # 2^-64
        self.others = others
        self.projection = self.own_projection + others[:FACTORS]

    def gradient(self, D):
        """(Sigma x)_i of each market, 2^-152 percent^2 of the unit of account."""
        common = (D[:FACTORS] * self.projection) @ self.model.loadings  # 2^-128
        own = D[FACTORS:] * self.scaled  # 2^-96
        return (common + (own << (2 * B_BITS))) * self.model.unit

    def own_variance(self, D):
        """sum_i D_i (u_i x_i)^2, 2^-176."""
        return (self.scaled * self.scaled).dot(D[FACTORS:]) << (2 * B_BITS)

    def variance(self, D, term):
        """x^T Sigma x of all markets, 2^-176: a sum of squares."""
        common = (self.projection * self.projection).dot(D[:FACTORS])
        return common + self.own_variance(D) + self.others.column(FACTORS + term)
