"""One request on standard input, one answer on standard output: proves, verifies and commits with native ezkl.

    {"kind": "keys", "prefix": P}   ->  {"kind": "keys"}
    {"kind": "prove", "prefix": P, "inputs": [[felt, ...], ...]}   ->  {"kind": "proof", "instances": [...], "proof": "0x..."}
    {"kind": "verify", "prefix": P, "instances": [...], "proof": "0x..."}  ->  {"kind": "verdict", "verifies": bool}
    {"kind": "commit", "values": [felt, ...]}  ->  {"hash": felt}

P.circuit, P.settings and P.srs are there; P.vk and P.pk are made where they are not, and are those of the Node engine.
"""

import contextlib
import ctypes
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

import ezkl

from zkcircuits.calls import finished


def keys(prefix):
    """Makes both keys at once; a file is there whole or not at all."""
    paths = [f"{prefix}.vk", f"{prefix}.pk"]
    if not all(os.path.exists(path) for path in paths):
        parts = [f"{path}.{os.getpid()}" for path in paths]
        finished(lambda: ezkl.setup(f"{prefix}.circuit", *parts, f"{prefix}.srs"))
        for part, path in zip(parts, paths):
            os.replace(part, path)
    return paths


def prepare(request, scratch):
    keys(request["prefix"])
    return {"kind": "keys"}


def prove(request, scratch):
    prefix = request["prefix"]
    _, pk = keys(prefix)
    given, witness, proof = (str(Path(scratch) / name) for name in ("input", "witness", "proof"))
    Path(given).write_text(json.dumps({"input_data": request["inputs"]}))
    finished(lambda: ezkl.gen_witness(given, f"{prefix}.circuit", witness))
    finished(lambda: ezkl.prove(witness, f"{prefix}.circuit", pk, proof, "single", f"{prefix}.srs"))
    made = json.loads(Path(proof).read_text())
    return {"kind": "proof", "instances": [value for row in made["instances"] for value in row], "proof": made["hex_proof"]}


def verify(request, scratch):
    prefix = request["prefix"]
    vk, _ = keys(prefix)
    proof = str(Path(scratch) / "proof")
    document = {
        "instances": [request["instances"]],
        "proof": list(bytes.fromhex(request["proof"][2:])),
        "hex_proof": request["proof"],
        "transcript_type": "EVM",
        "protocol": None,
        "split": None,
        "pretty_public_inputs": None,
        "timestamp": None,
        "commitment": "KZG",
        "version": None,
    }
    Path(proof).write_text(json.dumps(document))
    try:
        verifies = bool(finished(lambda: ezkl.verify(proof, f"{prefix}.settings", vk, f"{prefix}.srs")))
    except RuntimeError:
        # It does not answer no: it fails.
        verifies = False
    return {"kind": "verdict", "verifies": verifies}


def commit(request, scratch):
    return {"hash": ezkl.poseidon_hash(request["values"])[0]}


def end_with_parent():
    """A prover that is killed leaves nobody computing for it. Only Linux knows such a wish."""
    if sys.platform != "linux":
        return
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def main():
    end_with_parent()
    request = json.loads(sys.stdin.read())
    answer = {"keys": prepare, "prove": prove, "verify": verify, "commit": commit}[request["kind"]]
    # ezkl prints to standard output; the answer must stand alone there.
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(sys.stderr):
        result = answer(request, scratch)
    print(json.dumps(result), flush=True)
    # The interpreter may abort while it ends.
    os._exit(0)


main()
