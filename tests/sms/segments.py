#!/usr/bin/env python3
"""Counts the parts of text messages with smsutil. Reads one JSON text a line, prints alphabet, units and parts."""

import json
import sys

import smsutil

for line in sys.stdin:
    split = smsutil.split(json.loads(line))
    ucs2 = split.encoding == "utf_16_be"
    units = split.total_bytes // 2 if ucs2 else split.total_bytes
    parts = len(split.parts) if units else 0
    print(json.dumps(["ucs2" if ucs2 else "gsm7", units, parts]))
