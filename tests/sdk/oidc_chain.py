"""What runs in a pod with RRSA: the default chain, which finds a token in the environment and takes it to STS.

Takes the file of the certificate to trust as its argument, all else from the environment, of which nothing names
the emulator but `https_proxy`. Prints one JSON object: `provider` and `arn`.
"""

import json
import sys

import home

home.trust(sys.argv[1])

from alibabacloud_credentials.client import Client as Credential
from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi.utils_models import Config

credential = Credential()
client = Sts(Config(credential=credential, region_id="cn-hangzhou", endpoint="sts.cn-hangzhou.aliyuncs.com"))
arn = client.get_caller_identity().body.arn
print(json.dumps({"provider": credential.get_credential().get_provider_name(), "arn": arn}))
