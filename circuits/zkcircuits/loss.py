"""Statement `loss`: these accounts bear a loss past the pool's capital by the rule, no unit more and no unit less.

Money in the ledger's smallest units. A leaf is (key, gain, principal, cut) of one account: gain and principal are E^+ in two parts, the
key hides and names the account. Leaves are committed to one by one, so that an account opens its own and nobody else's. With the
public stage 0 (gains suffice) or 1 (they do not: gains are cut whole, principal pro rata):

    base = gain, or principal           sums_a = base of all accounts up to a, of the proofs before this one as well
    quotient_a = floor(share sums_a / total):  0 <= share sums_a - quotient_a total < total
    cut = stage gain + quotient_a - quotient_{a-1}

Gain, principal, quotient and both distances of the remainder are below 2^78, so no product wraps around the field. Verifiers compare share, total and stage
with the statement's sums, and the sums before with those after the proof before.
"""

from .integers import Integers

ACCOUNTS = 64
INNER_COLUMNS = 5
LEAF = ("key", "gain", "principal", "cut")
TERMS = ("share", "total", "stage", "gains", "principal", "cuts")
# A number is split in two here.
LOW_BITS = 37


def build():
    graph = Integers("loss")
    terms = graph.input("terms", len(TERMS))
    leaves = graph.inputs("leaf", ACCOUNTS, len(LEAF))
    share, total, stage, gains_before, principal_before, cuts_before = (terms.column(i) for i in range(len(TERMS)))
    gains, principal, cuts = (graph.concat([leaf.column(at) for leaf in leaves]) for at in (1, 2, 3))
    each = lambda value: graph.concat([value] * ACCOUNTS)

    cut_whole = each(stage) * gains
    bases = gains + each(stage) * (principal - gains)
    base_before = gains_before + stage * (principal_before - gains_before)
    sums = running(graph, base_before, bases)
    quotients = running(graph, cuts_before - stage * gains_before, cuts - cut_whole)
    remainders = each(share) * sums - quotients * each(total)
    for row in (gains, principal, quotients, remainders, each(total) - remainders - 1.0):
        ranged(graph, row)

    graph.violations()
    graph.output("publicTerms", terms)
    after = [before + row.total() for before, row in ((gains_before, gains), (principal_before, principal), (cuts_before, cuts))]
    graph.output("sums", graph.concat(after))
    return graph


def running(graph, before, row):
    """Sums of a row up to each of its places, of those before it as well."""
    found = []
    for at in range(row.columns):
        before = before + row.column(at)
        found.append(before)
    return graph.concat(found)


def ranged(graph, row):
    """No value is negative, and each is below 2^78: a quotient by 2^37 and its rest, of which neither is, and both are of the circuit's
    range. Whichever of two quotients a prover takes, this follows; an honest one has the floor, for 2 value + 1 - 2^37 is never
    halfway between two multiples of 2^38."""
    high = (row * 2.0 + 1.0 - 2.0**LOW_BITS) >> (LOW_BITS + 1)
    graph.require(graph.concat([high, row - (high << LOW_BITS)]))
