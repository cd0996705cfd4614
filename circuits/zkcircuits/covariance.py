"""Statement `covariance`: these are a cluster's next variances and horizon variances under the committed model.

Units: returns and factors' loadings in percent, h by its long-run mean (1 on average), x in units of the cluster's notional.

    r = Z f                           log returns; f: factors, private
    c = 100 (e^(r/100) - 1)           price changes in percent, public
    h'_k = omega_k + alpha_k f_k^2 + beta_k h_k
    d_k = a_k + b_k h'_k              variance of the factor over the horizon
    s_k^2 = d_k
    v_k = s_k (Z^T x)_k               factor-risk vector of the public exposures x
    var_i = sum_k Z_ik^2 d_k          horizon variance of each market, public

Private values come with residuals that are public: how far each equation is from holding. The model, the state h, the next
state h' and v are committed to with salts: the commitment of h' is that of the next proof's h, and the commitment of v is
what the pricing statement starts from. An asset that is not there has Z_ii = 1, omega = a = 0 and zeros elsewhere.
"""

import numpy as np

from .graph import Graph

ASSETS = 8
# Four values a row: fewer rows, a little more verifier.
INNER_COLUMNS = 4
MATRIX = ASSETS * ASSETS


def build():
    n = ASSETS
    graph = Graph("covariance")
    model = graph.input("model", MATRIX + 5 * n + 1)  # Z by rows, omega, alpha, beta, a, b, salt
    state = graph.input("state", n + 1)  # h, salt
    next_state = graph.input("nextState", n + 1)  # h', salt
    risk = graph.input("risk", n + 1)  # v, salt
    witness = graph.input("witness", 2 * n)  # f, s
    exposure = graph.input("exposure", n)  # x

    loadings = graph.reshape(graph.columns(model, 0, MATRIX), [n, n])
    part = lambda i: graph.columns(model, MATRIX + i * n, MATRIX + (i + 1) * n)
    omega, alpha, beta, a, b = (part(i) for i in range(5))
    h = graph.columns(state, 0, n)
    h_next = graph.columns(next_state, 0, n)
    v = graph.columns(risk, 0, n)
    f, s = (graph.columns(witness, i * n, (i + 1) * n) for i in range(2))

    r = graph.matmul(f, graph.transpose(loadings))  # (Z f)^T
    # 100 (e^(r/100) - 1) = r (1 + r/200 (1 + r/300 (1 + r/400 (1 + r/500 (...))))), seven factors
    one = graph.constant(np.ones((1, n)))
    series = one
    for j in range(8, 1, -1):
        series = graph.add(one, graph.multiply(graph.scale(r, 1 / (100 * j), n), series))
    change = graph.multiply(r, series)

    recursion = graph.add(omega, graph.add(graph.multiply(alpha, graph.multiply(f, f)), graph.multiply(beta, h)))
    horizon = graph.add(a, graph.multiply(b, h_next))
    projected = graph.matmul(exposure, loadings)  # (Z^T x)^T

    graph.output("residualVariance", graph.subtract(h_next, recursion), n)
    graph.output("residualRoot", graph.subtract(graph.multiply(s, s), horizon), n)
    graph.output("residualRisk", graph.subtract(v, graph.multiply(s, projected)), n)
    graph.output("variances", graph.matmul(horizon, graph.transpose(graph.multiply(loadings, loadings))), n)
    graph.output("changes", change, n)
    graph.output("exposures", exposure, n)
    return graph.model()


def sample():
    """Inputs of the size that calibration must reckon with."""
    rng = np.random.default_rng(1)
    n = ASSETS
    z = rng.normal(0, 4, (n, n)) + 6 * np.eye(n)
    alpha = rng.uniform(0.02, 0.3, n)
    beta = rng.uniform(0.5, 0.9, n)
    omega = 1 - alpha - beta + 0.3
    a, b = rng.uniform(0, 40, n), rng.uniform(1, 40, n)
    h = rng.uniform(0.1, 4, n)
    r = rng.normal(0, 8, n)
    f = np.linalg.solve(z, r)
    h_next = omega + alpha * f**2 + beta * h
    d = a + b * h_next
    x = rng.uniform(-1, 1, n)
    s = np.sqrt(d)
    return [
        [*z.ravel(), *omega, *alpha, *beta, *a, *b, 1000.0],
        [*h, 2000.0],
        [*h_next, 3000.0],
        [*(s * (z.T @ x)), 4000.0],
        [*f, *s],
        x.tolist(),
    ]
