"""A home directory and an environment with the emulator's key in every place where an SDK looks for one.

Has to be settled before any SDK is imported: `alibabacloud-credentials` reads variables when it is loaded.
"""

import json
import os
from pathlib import Path

import certifi

CLI_PROFILE = ".aliyun/config.json"
INI_PROFILE = ".alibabacloud/credentials"


def settle(told, home):
    """Replaces what this process would inherit; `home` is an empty directory."""
    inherited = [name for name in os.environ if name.lower().endswith("_proxy") or name.startswith("ALIBABA_CLOUD_")]
    for name in inherited:
        del os.environ[name]
    key_id, secret = told["accessKeyId"], told["accessKeySecret"]
    profile = {"name": "default", "mode": "AK", "access_key_id": key_id, "access_key_secret": secret}
    ini = f"[default]\ntype=access_key\naccess_key_id={key_id}\naccess_key_secret={secret}\n"
    for name, text in [
        (CLI_PROFILE, json.dumps({"current": "default", "profiles": [profile]})),
        (INI_PROFILE, ini),
    ]:
        file = Path(home, name)
        file.parent.mkdir(parents=True)
        file.write_text(text)
    os.environ.update(
        HOME=home,
        ALIBABA_CLOUD_ACCESS_KEY_ID=key_id,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret,
        ALIBABA_CLOUD_CREDENTIALS_FILE=str(Path(home, INI_PROFILE)),
        # Log Service clients know no other way to a local server: every host has a project in front.
        http_proxy=told["address"],
        https_proxy=told["address"],
        no_proxy="127.0.0.1",
        # What `aliyun-log-python-sdk` trusts, and the machine may have it set to something else.
        REQUESTS_CA_BUNDLE=told["caFile"],
    )
    trust(told["caFile"])


def trust(ca_file):
    """Has SDKs that are loaded after this trust the emulator: some have no option and heed no variable for it."""
    certifi.where = lambda: ca_file
