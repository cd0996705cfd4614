"""Statement `covariance`: these are a cluster's next variances, and its risk vector, under the committed model.

Units: returns and factors' loadings in percent, h by its long-run mean (1 on average), x in shares of a public unit of account.

    r = mu + Z f                            log returns; f: factors, private
    c = 100 (e^(r/100) - 1)                 price changes in percent, public
    h'_k = 1 + alpha_k (f_k^2 - 1) + beta_k (h_k - 1)
    d_k = H + b_k (h'_k - 1)                variance of the factor over the horizon of H bars
    e_k = 1 + m_k (h'_k - 1)                and of its last bar: how fast d_k grows with the horizon, per bar
    s_k^2 = d_k
    v_k = s_k (Z^T x)_k                     risk vector of the public exposures x
    2 w_k s_k = e_k (Z^T x)_k               its rate of change with the horizon, per bar
    var_i = sum_k Z_ik^2 d_k                horizon variance of each market, public

Private values come with residuals that are public: how far each equation is from holding. The model, the state h, the next
state h', v and w are committed to with salts: the commitment of h' is that of the next proof's h, and those of v and w are
what the pricing statement starts from. An asset or factor that is not there has zeros in all of its places.
"""

import numpy as np

from .graph import Graph

ASSETS = 8
# Four values a row: fewer rows, a little more verifier.
INNER_COLUMNS = 4
MATRIX = ASSETS * ASSETS
PARTS = 5


def build():
    n = ASSETS
    graph = Graph("covariance")
    model = graph.input("model", MATRIX + PARTS * n + 2)  # Z by rows, mu, alpha, beta, b, m; H, salt
    state = graph.input("state", n + 1)  # h, salt
    next_state = graph.input("nextState", n + 1)  # h', salt
    risk = graph.input("risk", n + 1)  # v, salt
    drift = graph.input("drift", n + 1)  # w, salt
    witness = graph.input("witness", 2 * n)  # f, s
    exposure = graph.input("exposure", n)  # x

    loadings = graph.reshape(graph.columns(model, 0, MATRIX), [n, n])
    part = lambda i: graph.columns(model, MATRIX + i * n, MATRIX + (i + 1) * n)
    mean, alpha, beta, slope, marginal = (part(i) for i in range(PARTS))
    horizon = graph.columns(model, MATRIX + PARTS * n, MATRIX + PARTS * n + 1)
    h, h_next, v, w = (graph.columns(row, 0, n) for row in (state, next_state, risk, drift))
    f, s = (graph.columns(witness, i * n, (i + 1) * n) for i in range(2))
    one = graph.constant(np.ones((1, n)))
    less_one = lambda row: graph.subtract(row, one)

    r = graph.add(mean, graph.matmul(f, graph.transpose(loadings)))  # (mu + Z f)^T
    # 100 (e^(r/100) - 1) = r (1 + r/200 (1 + r/300 (1 + r/400 (1 + r/500 (...))))), seven factors
    series = one
    for j in range(8, 1, -1):
        series = graph.add(one, graph.multiply(graph.scale(r, 1 / (100 * j), n), series))
    change = graph.multiply(r, series)

    shock = graph.multiply(alpha, less_one(graph.multiply(f, f)))
    recursion = graph.add(one, graph.add(shock, graph.multiply(beta, less_one(h))))
    excess = less_one(h_next)
    variance = graph.add(graph.joined([horizon] * n, n), graph.multiply(slope, excess))
    last = graph.add(one, graph.multiply(marginal, excess))
    projected = graph.matmul(exposure, loadings)  # (Z^T x)^T

    graph.output("residualVariance", graph.subtract(h_next, recursion), n)
    graph.output("residualRoot", graph.subtract(graph.multiply(s, s), variance), n)
    graph.output("residualRisk", graph.subtract(v, graph.multiply(s, projected)), n)
    twice = graph.scale(graph.multiply(w, s), 2, n)
    graph.output("residualDrift", graph.subtract(twice, graph.multiply(last, projected)), n)
    graph.output("variances", graph.matmul(variance, graph.transpose(graph.multiply(loadings, loadings))), n)
    graph.output("changes", change, n)
    graph.output("exposures", exposure, n)
    return graph.model()


def sample():
    """Inputs of the size that calibration must reckon with."""
    rng = np.random.default_rng(1)
    n = ASSETS
    z = rng.normal(0, 4, (n, n)) + 6 * np.eye(n)
    mean = rng.normal(0, 0.1, n)
    alpha = rng.uniform(0.02, 0.3, n)
    beta = rng.uniform(0.5, 0.69, n)
    slope, marginal = rng.uniform(1, 40, n), rng.uniform(0, 1, n)
    horizon = 48.0
    h = rng.uniform(0.1, 4, n)
    f = np.linalg.solve(z, rng.normal(0, 8, n) - mean)
    h_next = 1 + alpha * (f**2 - 1) + beta * (h - 1)
    x = rng.uniform(-1, 1, n)
    s = np.sqrt(horizon + slope * (h_next - 1))
    projected = z.T @ x
    return [
        [*z.ravel(), *mean, *alpha, *beta, *slope, *marginal, horizon, 1000.0],
        [*h, 2000.0],
        [*h_next, 3000.0],
        [*(s * projected), 4000.0],
        [*((1 + marginal * (h_next - 1)) * projected / (2 * s)), 5000.0],
        [*f, *s],
        x.tolist(),
    ]
