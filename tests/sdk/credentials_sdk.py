"""`alibabacloud-credentials`: a source is good when the credential it gives is accepted by STS."""

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


checks.absent("the SDK calls STS by https only, and the emulator speaks http", "role ARN", "OIDC")


def columns():
    return [Column("credentials", "credentials", "Tea STS, ACS3", checks, Source)]
