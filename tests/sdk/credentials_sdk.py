"""`alibabacloud-credentials`: a source is good when the credential it gives is accepted by STS."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from alibabacloud_credentials.client import Client as Credential
from alibabacloud_credentials.http import HttpOptions
from alibabacloud_credentials.models import Config as CredentialConfig
from alibabacloud_credentials.provider import (
    CLIProfileCredentialsProvider, EcsRamRoleCredentialsProvider, ProfileCredentialsProvider, URLCredentialsProvider,
)
from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi.utils_models import Config

import home
import sts
from conformance import Checks, Column

checks = Checks()

SOURCES = [
    "access key", "environment", "CLI profile", "ini profile", "ECS metadata", "credentials URI", "role ARN", "OIDC",
]


class Source:
    """The emulator, and a way to ask it who a credential belongs to."""

    def __init__(self, emulator):
        self.emulator = emulator

    def accepted(self, credential):
        client = Sts(Config(
            credential=credential, region_id=self.emulator.region, protocol="http",
            endpoint="sts.cn-hangzhou.aliyuncs.com", http_proxy=self.emulator.address,
        ))
        body = client.get_caller_identity().body
        assert body.account_id == self.emulator.account, body.to_map()
        return body.arn


@checks("access key")
def access_key(source):
    emulator = source.emulator
    config = CredentialConfig(type="access_key", access_key_id=emulator.key_id, access_key_secret=emulator.secret)
    source.accepted(Credential(config))


@checks("environment")
def environment(source):
    credential = Credential()
    source.accepted(credential)
    assert credential.get_credential().get_provider_name() == "default/env", credential.get_credential()


@checks("CLI profile")
def cli_profile(source):
    file = str(Path.home() / home.CLI_PROFILE)
    source.accepted(Credential(provider=CLIProfileCredentialsProvider(profile_name="default", profile_file=file)))


@checks("ini profile")
def ini_profile(source):
    source.accepted(Credential(provider=ProfileCredentialsProvider()))


@checks("ECS metadata")
def metadata(source):
    source.emulator.act("set-role", role="sdk-instance", policies=["AliyunRAMReadOnlyAccess"])
    source.emulator.act("set-instance-role", role="sdk-instance", hardened=True)
    provider = EcsRamRoleCredentialsProvider(
        disable_imds_v1=True, http_options=HttpOptions(proxy=source.emulator.address)
    )
    source.accepted(Credential(provider=provider))
    by_name = EcsRamRoleCredentialsProvider(
        role_name="sdk-instance", http_options=HttpOptions(proxy=source.emulator.address)
    )
    source.accepted(Credential(provider=by_name))


@checks("credentials URI")
def credentials_uri(source):
    source.emulator.act("set-role", role="sdk-uri", policies=["AliyunRAMReadOnlyAccess"])
    uri = f"{source.emulator.address}/_sim/credentials?role=sdk-uri"
    source.accepted(Credential(provider=URLCredentialsProvider(uri=uri)))


@checks("role ARN")
def role(source):
    emulator = source.emulator
    emulator.act("set-role", role="sdk-assumed")
    key = emulator.act("create-user", name="sdk-assuming", permissions=["sts:AssumeRole"])["result"]
    credential = Credential(CredentialConfig(
        type="ram_role_arn", access_key_id=key["accessKeyId"], access_key_secret=key["accessKeySecret"],
        role_arn=sts.role_arn(source), role_session_name="by-arn",
    ))
    arn = source.accepted(credential)
    assert arn.endswith("assumed-role/sdk-assumed/by-arn"), arn


@checks("OIDC")
def oidc(source):
    found = pod(source)
    credential = Credential(CredentialConfig(
        type="oidc_role_arn", role_arn=found["ALIBABA_CLOUD_ROLE_ARN"], role_session_name="by-token",
        oidc_provider_arn=found["ALIBABA_CLOUD_OIDC_PROVIDER_ARN"],
        oidc_token_file_path=found["ALIBABA_CLOUD_OIDC_TOKEN_FILE"],
    ))
    arn = source.accepted(credential)
    assert arn.endswith("assumed-role/sdk-federated/by-token"), arn


@checks("OIDC (default chain)")
def default_chain(source):
    # The SDK reads variables when it is loaded, so this takes a process that has no others.
    with tempfile.TemporaryDirectory() as directory:
        environment = pod(source) | {"HOME": directory, "https_proxy": source.emulator.address}
        program = [sys.executable, str(Path(__file__).with_name("oidc_chain.py")), source.emulator.ca_file]
        done = subprocess.run(program, env=environment, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert told["provider"] == "default/oidc_role_arn", told
    assert told["arn"].endswith("assumed-role/sdk-federated/in-a-pod"), told


def pod(source):
    """The variables that ACK gives a pod with RRSA, and the file that one of them names, with its newline."""
    issuer = sts.Issuer(source)
    file = Path.home() / "token"
    file.write_text(issuer.token(lifetime=600) + "\n")
    return {
        "ALIBABA_CLOUD_ROLE_ARN": sts.role_arn(source, "sdk-federated"),
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": issuer.arn,
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE": str(file),
        "ALIBABA_CLOUD_ROLE_SESSION_NAME": "in-a-pod",
    }


def columns():
    return [Column("credentials", "credentials", "Tea STS, ACS3", checks, Source)]
