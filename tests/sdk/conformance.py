"""Checks of official SDKs against a running emulator, and the table of what passed.

Takes: columns (one SDK with one signature variant), each with checks that raise when they fail.
Returns: whether every check passed and every cell has a reason.
Must never: change an SDK, retry a check, or call a cell passed that did not run.
"""

import functools
import json
import time
import urllib.request
from dataclasses import dataclass, field, replace


class Absent(Exception):
    """A check that cannot be made with this client; the message says why."""


@dataclass(frozen=True)
class Emulator:
    """The running emulator, as `cloudsim serve` announced it."""

    address: str
    ca_file: str
    account: str
    key_id: str
    secret: str
    region: str
    token: str = None

    @property
    def netloc(self):
        return self.address.removeprefix("http://")

    def act(self, action, **fields):
        """Does something as a console user."""
        return self._post("/_sim/actions", {"action": action, **fields})

    def fault(self, action, **effect):
        """Strikes the next call of an operation."""
        self._post("/_sim/faults", [{"match": {"action": action}, "effect": effect}])

    def with_key(self, **changed):
        """The same emulator, called with another key."""
        return replace(self, **changed)

    def events(self, **fields):
        """Makes platform events happen."""
        return self._post("/_sim/events", fields)

    def _post(self, path, body):
        return self.ask(path, json.dumps(body).encode())

    def ask(self, path, body=None):
        """What the control API answers; POST when there is a body."""
        request = urllib.request.Request(self.address + path, data=body)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as reply:
            return json.load(reply)


def session(emulator, policy, seconds=3600):
    """The emulator, called with a temporary key of a role with that policy."""
    role = f"sdk-{policy.lower()}"
    emulator.act("set-role", role=role, policies=[policy])
    found = emulator.ask(f"/_sim/credentials?role={role}&durationSeconds={seconds}")
    token = found["SecurityToken"]
    return emulator.with_key(key_id=found["AccessKeyId"], secret=found["AccessKeySecret"], token=token)


@functools.cache
def expired_session(emulator):
    """The emulator, called with a temporary key whose time is over; waits for that once."""
    called = session(emulator, "AliyunRAMReadOnlyAccess", seconds=1)
    time.sleep(2)
    return called


class Checks:
    """The checks of one SDK, in the order they run. A row is `Operation` or `Operation (variant)`."""

    def __init__(self):
        self.functions = {}
        self.reasons = {}

    def __call__(self, row):
        def keep(function):
            assert row not in self.functions, row
            self.functions[row] = function
            return function

        return keep

    def absent(self, reason, *rows):
        """Says why this SDK has no check for rows."""
        self.reasons.update(dict.fromkeys(rows, reason))


@dataclass
class Column:
    """One SDK with one way of signing and addressing."""

    service: str
    sdk: str
    variant: str
    checks: Checks
    open: object  # Emulator -> whatever the checks take
    results: dict = field(default_factory=dict)

    def run(self, emulator, operations):
        client = self.open(emulator)
        for row, check in self.checks.functions.items():
            if operation_of(row) in operations:
                self.results[row] = outcome(check, client)

    def cell(self, row):
        """`("pass" | "FAIL" | "-", reason)`."""
        if row in self.results:
            return self.results[row]
        if row in self.checks.reasons:
            return "-", self.checks.reasons[row]
        if row != operation_of(row):
            return "-", "this client has no such choice"
        return "FAIL", "no check, and no reason why there is none"


class Foreign(Column):
    """Results of a program in another language, or the reason why there are none."""

    def __init__(self, service, sdk, variant, results, reason):
        super().__init__(service, sdk, variant, Checks(), None, {row: tuple(cell) for row, cell in results.items()})
        self.reason = reason

    def run(self, emulator, operations):
        unknown = {operation_of(row) for row in self.results} - set(operations)
        assert not unknown, f"{self.sdk} tells of {unknown}"

    def cell(self, row):
        untried = "this SDK has no such call" if row == operation_of(row) else "not tried with this SDK"
        return self.results.get(row, ("-", self.reason or untried))


def operation_of(row):
    return row.split(" (")[0]


def outcome(check, client):
    try:
        check(client)
    except Absent as absent:
        return "-", str(absent)
    except Exception as error:  # any failure of an SDK is a result, whatever its type
        return "FAIL", f"{type(error).__name__}: {error}"[:600]
    return "pass", ""


def refused(code, call, code_of):
    """Checks that `call` raises, and that the SDK made `code` of it. `code_of` also checks the type."""
    try:
        call()
    except Exception as error:
        found = code_of(error)
        assert found == code, f"{found} instead of {code}: {error}"
        return
    raise AssertionError(f"not refused, {code} expected")


def rows_of(columns, operations):
    """Every operation of the emulator, each followed by its variants."""
    rows = []
    for operation in operations:
        variants = [row for column in columns for row in column.checks.functions]
        variants = [row for row in variants if operation_of(row) == operation and row != operation]
        rows += [operation, *dict.fromkeys(variants)]
    return rows


def show(service, columns, operations):
    """Prints the table of one service and its reasons; returns how many cells failed."""
    rows = rows_of(columns, operations)
    reasons = []
    failures = []

    def text(row, column):
        verdict, reason = column.cell(row)
        if verdict == "FAIL":
            failures.append(f"{column.sdk} {column.variant}, {row}: {reason}")
        if verdict != "-":
            return verdict
        if reason not in reasons:
            reasons.append(reason)
        return f"- [{reasons.index(reason) + 1}]"

    heads = [["", *(column.sdk for column in columns)], [service, *(column.variant for column in columns)]]
    body = [[row, *(text(row, column) for column in columns)] for row in rows]
    widths = [max(len(line[at]) for line in heads + body) for at in range(len(columns) + 1)]
    rule = "  ".join("-" * width for width in widths)
    printed = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in heads + body]
    print("\n".join(["", *printed[:2], rule, *printed[2:]]))
    unasked = {operation_of(row) for column in columns for row in column.checks.functions} - set(operations)
    if unasked:
        print(f"  not emulated: {', '.join(sorted(unasked))}")
    for number, reason in enumerate(reasons, 1):
        print(f"  [{number}] {reason}")
    for failure in failures:
        print(f"  FAIL  {failure}")
    return len(rows) * len(columns), len(failures)
