"""Verifies a proof with one public value altered, for each of many; one request on standard input, the places that still verify as output.

    {"prefix": P, "instances": [felt, ...], "proof": "0x...", "altered": [felt, ...]}  ->  [place, ...]

P.vk, P.settings and P.srs are there. `altered` has another value for each place. In one process: starting Python takes longer than verifying.
"""

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

import ezkl

from zkcircuits.calls import finished


def verifies(document, prefix, scratch):
    proof = str(Path(scratch) / "proof")
    Path(proof).write_text(json.dumps(document))
    try:
        return bool(finished(lambda: ezkl.verify(proof, f"{prefix}.settings", f"{prefix}.vk", f"{prefix}.srs")))
    except RuntimeError:
        # It does not answer no: it fails.
        return False


def main():
    request = json.loads(sys.stdin.read())
    prefix, values = request["prefix"], request["instances"]
    document = {
        "proof": list(bytes.fromhex(request["proof"][2:])),
        "hex_proof": request["proof"],
        "transcript_type": "EVM",
        "commitment": "KZG",
        **dict.fromkeys(["protocol", "split", "pretty_public_inputs", "timestamp", "version"]),
    }
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(sys.stderr):
        if not verifies({**document, "instances": [values]}, prefix, scratch):
            raise SystemExit("the proof does not verify as it is: its alterations would show nothing")
        found = [
            place
            for place, value in enumerate(request["altered"])
            if verifies({**document, "instances": [[*values[:place], value, *values[place + 1 :]]]}, prefix, scratch)
        ]
    print(json.dumps(found), flush=True)
    # The interpreter may abort while it ends.
    os._exit(0)


main()
