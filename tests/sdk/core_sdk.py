"""`aliyun-python-sdk-core`: every operation by name through `CommonRequest`, RPC v1 signed."""

import json
import uuid

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from conformance import Column, refused

_SERVICES = {
    "actiontrail": ("2020-07-06", "actiontrail.{}.aliyuncs.com"),
    "ram": ("2015-05-01", "ram.aliyuncs.com"),
    "sts": ("2015-04-01", "sts.{}.aliyuncs.com"),
}


class Caller:
    """One client; parameters go in the query or in the form. `name` is one that only this column uses."""

    def __init__(self, service, emulator, direct, form, method, secure=False):
        self.emulator = emulator
        self.again = lambda emulator: Caller(service, emulator, direct, form, method, secure)
        self.version, host = _SERVICES[service]
        self.domain = emulator.netloc if direct else host.format(emulator.region)
        self.form, self.method, self.protocol = form, method, "https" if secure else "http"
        self.name = f"sdk-{uuid.uuid4().hex[:8]}"
        if emulator.token:
            key = StsTokenCredential(emulator.key_id, emulator.secret, emulator.token)
        else:
            key = AccessKeyCredential(emulator.key_id, emulator.secret)
        trust = {"verify": emulator.ca_file} if secure else {}
        # Its own retries would call three times after every refusal of 500 and more.
        self.client = AcsClient(credential=key, region_id=emulator.region, auto_retry=False, **trust)

    def call(self, action, **parameters):
        return self.generic(action, form=self.form, **parameters)

    def generic(self, action, form=False, **parameters):
        request = CommonRequest(domain=self.domain, version=self.version, action_name=action)
        request.set_protocol_type(self.protocol)
        request.set_method(self.method)
        for name, value in parameters.items():
            add = request.add_body_params if form else request.add_query_param
            add(name, value)
        return json.loads(self.client.do_action_with_exception(request))

    def refused(self, code, action, **parameters):
        refused(code, lambda: self.call(action, **parameters), code_of)

    def generic_refused(self, code, action, **parameters):
        self.refused(code, action, **parameters)


def code_of(error):
    assert isinstance(error, ServerException), f"{type(error).__name__}: {error}"
    assert error.get_request_id(), "the SDK found no request id"
    return error.get_error_code()


def columns(service, checks):
    variants = {
        "query, proxy": {"direct": False, "form": False, "method": "GET"},
        "query, https proxy": {"direct": False, "form": False, "method": "POST", "secure": True},
        "query, direct": {"direct": True, "form": False, "method": "POST"},
        "form, direct": {"direct": True, "form": True, "method": "POST"},
    }
    return [
        Column(service, "core", variant, checks, lambda emulator, way=way: Caller(service, emulator, **way))
        for variant, way in variants.items()
    ]
