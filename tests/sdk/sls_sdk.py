"""`alibabacloud-sls20201230`, the SDK of the gateway: the client that the checks in `sls_stores`, `sls_logs` and
`sls_documents` use."""

import time

from alibabacloud_sls20201230 import models
from alibabacloud_sls20201230.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions
from Tea.exceptions import TeaException

from conformance import Checks, Column, refused

checks = Checks()

STORE = "app-log"
TEXT = "grüße & more: a+b *~ %20"


class Sls:
    """A client and the project of its column."""

    def __init__(self, emulator, project, version, secure):
        self.emulator, self.project = emulator, project
        self.again = lambda emulator: Sls(emulator, project, version, secure)
        if secure:
            way = {"protocol": "https", "https_proxy": emulator.address, "ca": emulator.ca_file}
        else:
            way = {"protocol": "http", "http_proxy": emulator.address}
        self.client = Client(Config(
            access_key_id=emulator.key_id, access_key_secret=emulator.secret, security_token=emulator.token,
            region_id=emulator.region, endpoint=f"{emulator.region}.log.aliyuncs.com", signature_version=version, **way,
        ))
        self.now = int(time.time())

    def refused(self, code, call):
        refused(code, call, code_of)

    def group(self, topic):
        content = lambda key, value: models.LogContent(key=key, value=value)
        items = [
            models.LogItem(time=self.now, contents=[content("kind", topic), content("text", TEXT), content("n", str(n))])
            for n in range(20)
        ]
        return models.LogGroup(log_items=items, log_tags=[models.LogTag(key="env", value="check")], topic=topic, source="s")

    def put(self, topic, compression=None):
        request = models.PutLogsRequest(body=self.group(topic))
        headers = models.PutLogsHeaders(x_log_compresstype=compression)
        self.client.put_logs_with_options(self.project, STORE, request, headers, RuntimeOptions())
        rows = self.rows(f"kind: {topic}")
        assert len(rows) == 20 and rows[0]["text"] == TEXT, rows

    def rows(self, query="*", encoding=None, **options):
        request = models.GetLogsV2Request(from_=self.now - 3600, to=self.now + 60, query=query, **options)
        headers = models.GetLogsV2Headers(accept_encoding=encoding)
        return self.client.get_logs_v2with_options(self.project, STORE, request, headers, RuntimeOptions()).body.data

    def cursor(self, start="begin", shard=0):
        return self.client.get_cursor(self.project, STORE, str(shard), models.GetCursorRequest(from_=start)).body.cursor

    def pulled(self, encoding=None):
        """Every log of both shards, pulled to the end."""
        logs = []
        for shard in [0, 1]:
            cursor, end = self.cursor(shard=shard), self.cursor("end", shard)
            while cursor != end:
                request = models.PullLogsRequest(cursor=cursor, count=1, end_cursor=end)
                headers = models.PullLogsHeaders(accept_encoding=encoding)
                reply = self.client.pull_logs_with_options(self.project, STORE, str(shard), request, headers, RuntimeOptions())
                assert reply.headers["x-log-cursor"] != cursor, "the cursor does not move"
                logs += [log for group in reply.body.log_group_list for log in group.log_items]
                cursor = reply.headers["x-log-cursor"]
        return logs


def code_of(error):
    assert isinstance(error, TeaException), f"{type(error).__name__}: {error}"
    assert error.data["requestId"], "the SDK found no request id"
    return error.code


def columns():
    variants = {"v1 sha256, proxy": ("v1", False), "v4, proxy": ("v4", False), "v4, https proxy": ("v4", True)}
    return [
        Column("sls", "sls20201230", variant, checks, lambda emulator, n=n, way=way: Sls(emulator, f"sdk-sls-{n}", *way))
        for n, (variant, way) in enumerate(variants.items())
    ]
