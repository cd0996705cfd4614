"""From a rule's circuit to the artifacts that prove and verify it: ezkl's compiled circuit, its settings, the key as a chain keeps it."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import ezkl
import onnx

CIRCUITS = Path(__file__).resolve().parents[2] / "circuits"

import build as circuits  # noqa: E402 of circuits/, whose builders and settings are shared
from zkcircuits.calls import finished  # noqa: E402

from .declare import RuleError  # noqa: E402

# The sizes of the development SRS.
LEAST_ROWS, MOST_ROWS = 11, 14
# The generated verifier reads keys of five columns at most: of seven it runs out of gas.
COLUMNS = (2, 3, 4, 5)


def sized(compiled, scratch):
    """Settings of the fewest columns with the fewest rows: Poseidon's are not divided among columns."""
    model = Path(scratch) / "circuit.onnx"
    onnx.save(compiled.model, model)
    best = None
    for columns in COLUMNS:
        settings = circuits.settings_of(SimpleNamespace(INNER_COLUMNS=columns), model, Path(scratch))
        settings["run_args"]["logrows"] = max(LEAST_ROWS, settings["run_args"]["logrows"])
        hashed = settings["module_sizes"]["poseidon"][0]
        size = settings["run_args"]["logrows"]
        if best is None or size < best["run_args"]["logrows"]:
            best = settings
        if settings["num_rows"] <= hashed or size == LEAST_ROWS:
            break
    if best["run_args"]["logrows"] > MOST_ROWS:
        raise RuleError(f"the circuit takes 2^{best['run_args']['logrows']} rows, more than the 2^{MOST_ROWS} that are proven here")
    return model, best


def costs_of(settings):
    hashed = settings["module_sizes"]["poseidon"][0]
    return {
        "rows": settings["num_rows"],
        "hashRows": hashed,
        "usedRows": max(settings["num_rows"], hashed),
        "columns": settings["run_args"]["num_inner_cols"],
        "logRows": settings["run_args"]["logrows"],
    }


def write(compiled, folder):
    """Writes circuit.ezkl, settings.json, verifying-key.bin. @returns the costs"""
    folder = Path(folder)
    with tempfile.TemporaryDirectory() as scratch:
        model, settings = sized(compiled, scratch)
        (folder / "settings.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
        circuit = folder / "circuit.ezkl"
        finished(lambda: ezkl.compile_circuit(str(model), str(circuit), str(folder / "settings.json")))
        # The key is made beside a copy of the verifier: it is compared with it, and must be the one that is deployed.
        shutil.copy(CIRCUITS / "artifacts" / "Halo2VerifierReusable.sol", scratch)
        srs = circuits.structured_reference_string(CIRCUITS / "artifacts", settings["run_args"]["logrows"])
        # None: a circuit without a verifier of its own.
        circuits.verifying_key(None, circuit, folder, srs, Path(scratch))
    return costs_of(settings)


def note(text):
    print(text, file=sys.stderr, flush=True)
