"""Which SDK, with which signature and by which way, makes a column of which table."""

import importlib

import actiontrail
import core_sdk
import credentials_sdk
import log_sdk
import ram
import sls_sdk
import sts
import tea_sdk

# Checks run in the order in which these modules add them.
for _name in ["stores", "logs", "documents"]:
    importlib.import_module(f"log_{_name}")
    importlib.import_module(f"sls_{_name}")

SOURCES = credentials_sdk.SOURCES
_RPC = {"actiontrail": actiontrail.checks, "ram": ram.checks, "sts": sts.checks}


def of(service):
    """The columns of a service."""
    if service in _RPC:
        return [*tea_sdk.columns(service, _RPC[service]), *core_sdk.columns(service, _RPC[service])]
    return {
        "sls": lambda: [*log_sdk.columns(), *sls_sdk.columns()],
        "credentials": credentials_sdk.columns,
    }[service]()
