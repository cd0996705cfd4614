"""What guard rails need of quotients, proven of all whole numbers: the EVM's quotient is the largest q with q f <= d r.

The products are below 2^256: distances and reaches are below 2^64.
"""

import sys

import z3

d, r, f, q = z3.Ints("d r f q")
quotient = z3.And(q * f <= d * r, d * r < (q + 1) * f)
given = z3.And(d >= 0, r >= 0, f > 0, d <= f, r <= f, quotient)
CLAIMS = {
    "a part of a distance is no longer than it": q <= d,
    "a part of a distance is within reach": q <= r,
    "the furthest one goes as far as the reach": z3.Implies(d == f, q == r),
}

failed = 0
for name, claim in CLAIMS.items():
    solver = z3.Solver()
    solver.set(timeout=60_000)
    solver.add(given, z3.Not(claim))
    found = solver.check()
    print(f"[{'PASS' if found == z3.unsat else 'FAIL'}] {name}: {found}")
    failed += found != z3.unsat
# The premises can be met: otherwise they would prove anything.
solver = z3.Solver()
solver.add(given, d == 3, f == 7, r == 5)
failed += solver.check() != z3.sat
sys.exit(1 if failed else 0)
