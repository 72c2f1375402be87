"""Runs every official Python SDK against an emulator and prints SDK x operation.

Takes on standard input one JSON object: `address`, `caFile`, `account`, `accessKeyId`, `accessKeySecret`, `region`,
`operations`, the emulator's operations by service, and `foreign`, columns that other programs made. Exits with 1 when a cell failed or has no reason.
"""

import json
import logging
import sys
import tempfile

import home


def main():
    told = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as directory:
        home.settle(told, directory)
        return run(told)


def run(told):
    # The SDKs log every refused call; refusals are asked for here.
    logging.disable(logging.CRITICAL)

    # Imported late, see `home`.
    import columns
    from conformance import Emulator, Foreign, show

    names = ["address", "caFile", "account", "accessKeyId", "accessKeySecret", "region"]
    emulator = Emulator(*(told[name] for name in names))
    total = failed = 0
    for service, operations in (told["operations"] | {"credentials": columns.SOURCES}).items():
        shown = columns.of(service) + [Foreign(**one) for one in told.get("foreign", []) if one["service"] == service]
        for column in shown:
            column.run(emulator, operations)
        cells, failures = show(service, shown, operations)
        total, failed = total + cells, failed + failures
    print(f"\n{total} cells, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
