"""Checks plans as text, one a line of FILE; prints the verdicts: check.py FILE"""

import json
import sys

from zkrisk import verify_certificate

with open(sys.argv[1], encoding="utf-8") as lines:
    verdicts = [verify_certificate(line.rstrip("\n")) for line in lines]
print(json.dumps([[verdict.holds, verdict.failures] for verdict in verdicts]))
