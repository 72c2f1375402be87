"""What Alibaba Cloud's own signers make of a request.

Takes on standard input one JSON object a line: `signer`, a name below, and the request with its key. Answers each with one
line: what the signer returned. Must never: sign by itself, or change a signer.
"""

import json
import sys
from types import SimpleNamespace


def acs3(asked):
    from alibabacloud_tea_openapi.utils import Utils

    payload = asked.headers["x-acs-content-sha256"]
    return Utils.get_authorization(asked, "ACS3-HMAC-SHA256", payload, asked.id, asked.secret)


def rpc_tea(asked):
    from alibabacloud_tea_openapi.utils import Utils

    return Utils.get_rpcsignature(asked.query, asked.method, asked.secret)


def rpc_core(asked):
    from aliyunsdkcore.auth.composer import rpc_signature_composer as composer

    return composer.get_signed_url(asked.query, asked.id, asked.secret, "JSON", asked.method, asked.form)


def provider(asked):
    from aliyun.log.credentials import StaticCredentialsProvider

    return StaticCredentialsProvider(asked.id, asked.secret, asked.token or "")


def sls1_log(asked):
    from aliyun.log.auth import AuthV1

    AuthV1(provider(asked)).sign_request(asked.method, asked.pathname, asked.query, asked.headers, asked.body)
    return asked.headers


def sls1_gateway(asked):
    from alibabacloud_gateway_sls.client import Client

    return Client().get_authorization(
        asked.pathname, asked.method, asked.query, asked.headers, asked.id, asked.secret
    )


def sls4_log(asked):
    from aliyun.log.auth import AuthV4

    auth = AuthV4(provider(asked), asked.region)
    date = asked.headers["x-log-date"]
    return auth._do_sign_request(asked.method, asked.pathname, asked.query, asked.headers, asked.body, date)


def sls4_gateway(asked):
    from alibabacloud_gateway_sls.client import Client

    context = SimpleNamespace(request=asked, configuration=SimpleNamespace(region_id=asked.region, endpoint=""))
    date, content = asked.headers["x-log-date"], asked.headers["x-log-content-sha256"]
    return Client().get_authorization_v4(context, date, content, asked.id, asked.secret)


SIGNERS = {one.__name__: one for one in [acs3, rpc_tea, rpc_core, sls1_log, sls1_gateway, sls4_log, sls4_gateway]}


def main():
    for line in sys.stdin:
        told = json.loads(line)
        signer = SIGNERS[told.pop("signer")]
        body = bytes(told.pop("body"))
        print(json.dumps(signer(SimpleNamespace(body=body, **told))), flush=True)


if __name__ == "__main__":
    main()
