"""`aliyun-log-python-sdk`: the client that the checks in `log_stores`, `log_logs` and `log_documents` use."""

import time

from aliyun.log import GetLogsRequest, LogClient, LogException, LogItem, PutLogsRequest
from aliyun.log.auth import AUTH_VERSION_1, AUTH_VERSION_4

from conformance import Checks, Column, refused

checks = Checks()

STORE = "app-log"
TEXT = "grüße & more: a+b *~ %20"


class Log:
    """A client and the project of its column."""

    def __init__(self, emulator, project, version, direct, scheme="http"):
        self.emulator, self.project = emulator, project
        self.again = lambda emulator: Log(emulator, project, version, direct, scheme)
        self.version, self.is_plain_proxy = version, not direct and scheme == "http"
        self.endpoint = endpoint = emulator.address if direct else f"{scheme}://{emulator.region}.log.aliyuncs.com"
        self.client = LogClient(
            endpoint, emulator.key_id, emulator.secret, securityToken=emulator.token, auth_version=version,
            region=emulator.region, source="10.0.0.1",
        )
        # Without this the SDK puts the project before an address with a port, which no resolver knows.
        self.client._isRowIp = self.client._isRowIp or direct
        self.now = int(time.time())

    def refused(self, code, call):
        refused(code, call, code_of)

    def rows(self, query="*", **options):
        request = GetLogsRequest(self.project, STORE, self.now - 3600, self.now + 60, query=query, **options)
        return [log.get_contents() for log in self.client.get_logs(request).get_logs()]

    def put(self, topic, **options):
        items = [LogItem(self.now, [("kind", topic), ("text", TEXT), ("n", str(n))]) for n in range(20)]
        request = PutLogsRequest(self.project, STORE, topic, "", items, logtags=[("env", "check")], **options)
        self.client.put_logs(request)
        rows = self.rows(f"kind: {topic}")
        assert len(rows) == 20 and rows[0]["text"] == TEXT, rows

    def shard_cursor(self, start="begin"):
        return self.client.get_cursor(self.project, STORE, 0, start).get_cursor()

    def pulled(self, **options):
        """Every log of every shard, pulled to the end."""
        logs = []
        for shard in self.client.list_shards(self.project, STORE).get_shards_info():
            number = shard["shardID"]
            cursor = self.client.get_begin_cursor(self.project, STORE, number).get_cursor()
            end = self.client.get_end_cursor(self.project, STORE, number).get_cursor()
            while cursor != end:
                reply = self.client.pull_logs(self.project, STORE, number, cursor, 1, end_cursor=end, **options)
                assert reply.get_next_cursor() != cursor, "the cursor does not move"
                logs += reply.get_flatten_logs_json()
                cursor = reply.get_next_cursor()
        return logs


def code_of(error):
    assert isinstance(error, LogException), f"{type(error).__name__}: {error}"
    assert error.get_request_id(), "the SDK found no request id"
    return error.get_error_code()


def columns():
    variants = {
        "v1 sha1, proxy": (AUTH_VERSION_1, False),
        "v4, proxy": (AUTH_VERSION_4, False),
        "v4, https proxy": (AUTH_VERSION_4, False, "https"),
        "v1 sha1, direct": (AUTH_VERSION_1, True),
        "v4, direct": (AUTH_VERSION_4, True),
    }
    return [
        Column("sls", "log-python", variant, checks, lambda emulator, n=n, way=way: Log(emulator, f"sdk-log-{n}", *way))
        for n, (variant, way) in enumerate(variants.items())
    ]
