"""Carries out a list of commands with an SDK; see README.md."""

import json
import sys


def optional(command, **names):
    """Those of a command's values that are there, under the SDK's names for them."""
    return {ours: command[theirs] for ours, theirs in names.items() if theirs in command}


def carry_out(connect, run, told):
    """`connect(given)` makes the client, `run(client, command)` a result; `told(error)` is what a sender's program would see."""
    given = json.load(sys.stdin)
    client = connect(given)
    done = []
    for command in given["commands"]:
        named = command.get("id")
        if isinstance(named, str) and named.startswith("$"):
            command["id"] = done[int(named[1:])].get("id")
        try:
            done.append(run(client, command))
        except Exception as error:
            done.append({"error": told(error)})
    json.dump(done, sys.stdout)
