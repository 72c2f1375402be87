"""STS: one check per operation, for any client that calls by API names."""

import base64
import json
import time
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from conformance import Checks, expired_session, session

checks = Checks()


@checks("GetCallerIdentity")
def identity(caller):
    answer = caller.call("GetCallerIdentity")
    emulator = caller.emulator
    assert answer["AccountId"] == emulator.account and answer["IdentityType"] == "Account", answer
    assert answer["Arn"] == f"acs:ram::{emulator.account}:root", answer


@checks("GetCallerIdentity (InvalidAction.NotFound)")
def unknown(caller):
    caller.generic_refused("InvalidAction.NotFound", "GetNothing")


@checks("GetCallerIdentity (SignatureDoesNotMatch)")
def wrong_secret(caller):
    other = caller.again(caller.emulator.with_key(secret="not-the-secret"))
    other.refused("SignatureDoesNotMatch", "GetCallerIdentity")


@checks("GetCallerIdentity (InvalidAccessKeyId.NotFound)")
def unknown_key(caller):
    other = caller.again(caller.emulator.with_key(key_id="LTAI5tNobody"))
    other.refused("InvalidAccessKeyId.NotFound", "GetCallerIdentity")


@checks("GetCallerIdentity (Throttling.User)")
def throttled(caller):
    caller.emulator.fault("GetCallerIdentity", kind="throttle", retryAfterMs=10)
    caller.refused("Throttling.User", "GetCallerIdentity")


@checks("GetCallerIdentity (ServiceUnavailable)")
def unavailable(caller):
    caller.emulator.fault("GetCallerIdentity", kind="error-before", status=503, code="ServiceUnavailable")
    caller.refused("ServiceUnavailable", "GetCallerIdentity")


@checks("GetCallerIdentity (session token)")
def identity_of_session(caller):
    other = caller.again(session(caller.emulator, "AliyunRAMReadOnlyAccess"))
    answer = other.call("GetCallerIdentity")
    assert answer["IdentityType"] == "AssumedRoleUser" and ":assumed-role/sdk-aliyunram" in answer["Arn"], answer


@checks("GetCallerIdentity (InvalidSecurityToken.Expired)")
def identity_of_old_session(caller):
    other = caller.again(expired_session(caller.emulator))
    other.refused("InvalidSecurityToken.Expired", "GetCallerIdentity")


def role_arn(caller, name="sdk-assumed"):
    return f"acs:ram::{caller.emulator.account}:role/{name}"


def user(caller):
    """The same client as a user who may assume roles."""
    name = f"sdk-{uuid.uuid4().hex[:8]}"
    key = caller.emulator.act("create-user", name=name, permissions=["sts:AssumeRole"])["result"]
    return caller.again(caller.emulator.with_key(key_id=key["accessKeyId"], secret=key["accessKeySecret"]))


@checks("AssumeRole")
def assume(caller):
    caller.emulator.act("set-role", role="sdk-assumed")
    answer = user(caller).call("AssumeRole", RoleArn=role_arn(caller), RoleSessionName="a.b@c-d_e", DurationSeconds=900)
    found = answer["Credentials"]
    assert found["AccessKeyId"].startswith("STS.") and found["Expiration"].endswith("Z"), answer
    emulator = caller.emulator
    session_key = emulator.with_key(
        key_id=found["AccessKeyId"], secret=found["AccessKeySecret"], token=found["SecurityToken"]
    )
    identity = caller.again(session_key).call("GetCallerIdentity")
    # One is written as a role, the other as what the role became.
    assert identity["Arn"].endswith("assumed-role/sdk-assumed/a.b@c-d_e"), identity
    assert answer["AssumedRoleUser"]["Arn"].endswith("role/sdk-assumed/a.b@c-d_e"), answer


@checks("AssumeRole (NoPermission)")
def assume_as_main_account(caller):
    caller.refused("NoPermission", "AssumeRole", RoleArn=role_arn(caller), RoleSessionName="session")


@checks("AssumeRole (InvalidParameter.DurationSeconds)")
def assume_for_ever(caller):
    wrong = {"RoleArn": role_arn(caller), "RoleSessionName": "session", "DurationSeconds": 999999}
    user(caller).refused("InvalidParameter.DurationSeconds", "AssumeRole", **wrong)


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An OIDC provider with a key of its own, registered with the emulator."""

    URL = "https://issuer.test"

    def __init__(self, caller):
        self.caller = caller
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self.key.public_key().public_numbers()
        big = lambda number: unpadded(number.to_bytes((number.bit_length() + 7) // 8, "big"))
        jwk = {"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig", "n": big(numbers.n), "e": big(numbers.e)}
        caller.emulator.act("set-oidc-provider", name="sdk", issuer=self.URL, jwks={"keys": [jwk]})
        self.arn = f"acs:ram::{caller.emulator.account}:oidc-provider/sdk"
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": [self.arn]}}
        policy = {"Version": "1", "Statement": [trust]}
        caller.emulator.act("set-role", role="sdk-federated", trustPolicy=policy)

    def token(self, lifetime):
        now = int(time.time())
        claims = {"iss": self.URL, "aud": "sts.aliyuncs.com", "sub": "me", "iat": now - 7200, "exp": now + lifetime}
        parts = [{"alg": "RS256", "kid": "k", "typ": "JWT"}, claims]
        text = ".".join(unpadded(json.dumps(part).encode()) for part in parts)
        return f"{text}.{unpadded(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def parameters(self, lifetime):
        return {
            "RoleArn": role_arn(self.caller, "sdk-federated"), "OIDCProviderArn": self.arn,
            "OIDCToken": self.token(lifetime), "RoleSessionName": "session",
        }


@checks("AssumeRoleWithOIDC")
def assume_with_oidc(caller):
    answer = caller.call("AssumeRoleWithOIDC", **Issuer(caller).parameters(lifetime=600))
    assert answer["OIDCTokenInfo"]["Subject"] == "me" and answer["Credentials"]["SecurityToken"], answer


@checks("AssumeRoleWithOIDC (AuthenticationFail.OIDCToken.Expired)")
def assume_with_old_token(caller):
    parameters = Issuer(caller).parameters(lifetime=-600)
    caller.refused("AuthenticationFail.OIDCToken.Expired", "AssumeRoleWithOIDC", **parameters)
