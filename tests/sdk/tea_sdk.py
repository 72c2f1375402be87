"""The generated SDKs `alibabacloud-actiontrail20200706`, `-ram20150501` and `-sts20150401` (Tea).

Takes parameters as a mapping, puts them through the typed request and gives back the typed answer as a mapping,
so that whatever the SDK did not understand is missing from it.
"""

import re
import uuid

from alibabacloud_actiontrail20200706 import models as actiontrail_models
from alibabacloud_actiontrail20200706.client import Client as ActionTrail
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_ram20150501.client import Client as Ram
from alibabacloud_sts20150401 import models as sts_models
from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi import exceptions
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

from conformance import Column, refused

_SDKS = {
    "actiontrail": (ActionTrail, actiontrail_models, "2020-07-06", "actiontrail.{}.aliyuncs.com"),
    "ram": (Ram, ram_models, "2015-05-01", "ram.aliyuncs.com"),
    "sts": (Sts, sts_models, "2015-04-01", "sts.{}.aliyuncs.com"),
}


class Caller:
    """One client, called by the names of the API. `name` is one that only this column uses."""

    def __init__(self, service, emulator, direct, method=None, secure=False, **extra):
        client, self.models, self.version, host = _SDKS[service]
        self.emulator = emulator
        self.again = lambda emulator: Caller(service, emulator, direct, method, secure, **extra)
        self.method = method
        self.name = f"sdk-{uuid.uuid4().hex[:8]}"
        way = {"protocol": "http", "endpoint": emulator.netloc if direct else host.format(emulator.region)}
        if secure:
            way |= {"protocol": "https", "https_proxy": emulator.address, "ca": emulator.ca_file}
        elif not direct:
            way |= {"http_proxy": emulator.address}
        self.client = client(Config(
            access_key_id=emulator.key_id, access_key_secret=emulator.secret, security_token=emulator.token,
            region_id=emulator.region, **way, **extra,
        ))

    def call(self, action, **parameters):
        """A call through the typed method."""
        request_type = getattr(self.models, f"{action}Request", None)
        name = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", action).lower()
        method = getattr(self.client, name)
        if request_type is None:
            return method().body.to_map()
        request = request_type().from_map(parameters)
        # Lists that were not given come back empty.
        known = {name: value for name, value in request.to_map().items() if value != []}
        assert known == parameters, f"the SDK made {known} of {parameters}"
        return method(request).body.to_map()

    def generic(self, action, form=False, **parameters):
        """A call by name, as is needed for operations the SDK has no method for."""
        params = Params(
            action=action, version=self.version, protocol="HTTP", pathname="/", method=self.method or "POST",
            auth_type="AK", style="RPC", req_body_type="formData", body_type="json",
        )
        request = OpenApiRequest(body=parameters) if form else OpenApiRequest(query=parameters)
        return self.client.call_api(params, request, RuntimeOptions())["body"]

    def refused(self, code, action, **parameters):
        """A call that must raise the SDK's exception type with that code."""
        refused(code, lambda: self.call(action, **parameters), code_of)

    def generic_refused(self, code, action, **parameters):
        refused(code, lambda: self.generic(action, **parameters), code_of)


def code_of(error):
    kinds = (exceptions.ClientException, exceptions.ServerException, exceptions.ThrottlingException)
    assert isinstance(error, kinds), f"{type(error).__name__}: {error}"
    assert error.request_id, "the SDK found no request id"
    return error.code


def columns(service, checks):
    sdk = f"tea {service}"
    variants = {
        "ACS3, proxy": {"direct": False},
        "ACS3, direct": {"direct": True},
        "ACS3, https proxy": {"direct": False, "secure": True},
        "RPC v1, proxy": {"direct": False, "signature_algorithm": "v2"},
        "RPC v1, direct": {"direct": True, "signature_algorithm": "v2", "method": "GET"},
    }
    return [
        Column(service, sdk, variant, checks, lambda emulator, way=way: Caller(service, emulator, **way))
        for variant, way in variants.items()
    ]
