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
for _name in ["log_stores", "sls_stores", "log_logs", "sls_logs", "log_consumers", "log_documents", "sls_documents"]:
    importlib.import_module(_name)

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
