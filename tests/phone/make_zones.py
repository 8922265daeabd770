#!/usr/bin/env python3
"""Writes src/domain/address/phone/zones.txt: in which time zones the numbers that begin with some digits may be.

    python tests/phone/make_zones.py [FILE]

The data come from the package `phonenumbers` (Google's metadata) at the version in tests/requirements.txt. Each line holds
the zones of a set of prefixes, and the prefixes: `Zone Zone:1201 1202`. The longest prefix of a number counts.
"""

import collections
import sys
from pathlib import Path

import phonenumbers
from phonenumbers.tzdata import TIMEZONE_DATA

TARGET = Path(__file__).resolve().parents[2] / "src/domain/address/phone/zones.txt"


def main():
    prefixes = collections.defaultdict(list)
    for prefix, zones in TIMEZONE_DATA.items():
        prefixes[tuple(zone for zone in zones if zone != "Etc/Unknown")].append(prefix)
    lines = [f"# phonenumbers {phonenumbers.__version__}; written by tests/phone/make_zones.py"]
    for zones, found in sorted(prefixes.items()):
        lines.append(" ".join(zones) + ":" + " ".join(sorted(found)))
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.write_text("\n".join(lines) + "\n")


main()
