"""`alibabacloud-sls20201230`: logs written, queried and consumed."""

from alibabacloud_sls20201230 import models

from sls_sdk import STORE, TEXT, checks


checks.absent("zstd is what this SDK does unasked", "PutLogs (zstd)", "PullLogs (zstd)")


@checks("PutLogs")
def put_logs(sls):
    sls.put("zstd")


@checks("PutLogs (lz4)")
def put_logs_lz4(sls):
    sls.put("lz4", "lz4")


@checks("PutLogs (deflate)")
def put_logs_deflate(sls):
    sls.put("deflate", "deflate")


@checks("PutLogs (LogStoreNotExist)")
def put_logs_nowhere(sls):
    request = models.PutLogsRequest(body=sls.group("t"))
    sls.refused("LogStoreNotExist", lambda: sls.client.put_logs(sls.project, "absent", request))


checks.absent("this SDK sends every query as GetLogsV2", "GetLogs")


@checks("GetLogsV2")
def get_logs_v2(sls):
    assert len(sls.rows("kind: lz4 and n >= 10", line=5, offset=1, reverse=True)) == 5
    assert sls.rows("* | SELECT kind, count(*) AS c GROUP BY kind ORDER BY kind")[1] == {"kind": "lz4", "c": "20"}


@checks("GetLogsV2 (lz4)")
def get_logs_lz4(sls):
    assert len(sls.rows("kind: lz4", encoding="lz4")) == 20


@checks("GetLogsV2 (gzip)")
def get_logs_gzip(sls):
    assert len(sls.rows("kind: lz4", encoding="gzip")) == 20


@checks("GetLogsV2 (zstd)")
def get_logs_zstd(sls):
    assert len(sls.rows("kind: lz4", encoding="zstd")) == 20


@checks("GetLogsV2 (uncompressed)")
def get_logs_plain(sls):
    request = models.GetLogsRequest(from_=sls.now - 60, to=sls.now + 60, query="kind: zstd", line=2)
    body = sls.client.get_logs(sls.project, STORE, request).body
    assert len(body.data if hasattr(body, "data") else body) == 2, body


@checks("GetLogsV2 (metadata)")
def get_logs_metadata(sls):
    request = models.GetLogsV2Request(from_=sls.now - 60, to=sls.now + 60, query="kind: zstd", line=2)
    meta = sls.client.get_logs_v2(sls.project, STORE, request).body.meta
    assert (meta.progress, meta.count, meta.has_sql) == ("Complete", 2, False), meta


@checks("GetLogsV2 (IndexConfigNotExist)")
def get_logs_without_index(sls):
    request = models.GetLogsV2Request(from_=sls.now - 60, to=sls.now, query="*")
    sls.refused("IndexConfigNotExist", lambda: sls.client.get_logs_v2(sls.project, "bare", request))


@checks("GetHistograms")
def histograms(sls):
    request = models.GetHistogramsRequest(from_=sls.now - 60, to=sls.now + 60, query="kind: zstd")
    bars = sls.client.get_histograms(sls.project, STORE, request).body
    assert sum(bar.count for bar in bars) == 20 and {bar.progress for bar in bars} == {"Complete"}, bars


@checks("GetCursor")
def get_cursor(sls):
    assert sls.cursor() and sls.cursor("end")


@checks("GetCursor (by time)")
def get_cursor_by_time(sls):
    assert sls.cursor(str(sls.now - 3000)) == sls.cursor()
    assert sls.cursor(str(sls.now + 3000)) == sls.cursor("end")


@checks("GetCursor (ShardNotExist)")
def get_cursor_of_no_shard(sls):
    sls.refused("ShardNotExist", lambda: sls.cursor(shard=99))


@checks("GetCursorTime")
def get_cursor_time(sls):
    request = models.GetCursorTimeRequest(cursor=sls.cursor())
    found = sls.client.get_cursor_time(sls.project, STORE, "0", request).body.cursor_time
    assert abs(int(found) - sls.now) < 120, found


@checks("PullLogs")
def pull_logs(sls):
    logs = sls.pulled()
    assert len(logs) == 60, len(logs)
    assert {content.key: content.value for content in logs[0].contents}["text"] == TEXT, logs[0]


@checks("PullLogs (lz4)")
def pull_logs_lz4(sls):
    assert len(sls.pulled("lz4")) == 60


@checks("PullLogs (gzip)")
def pull_logs_gzip(sls):
    assert len(sls.pulled("gzip")) == 60


@checks("PullLogs (uncompressed)")
def pull_logs_plain(sls):
    assert len(sls.pulled("identity")) == 60


@checks("PullLogs (at the end)")
def pull_at_the_end(sls):
    request = models.PullLogsRequest(cursor=sls.cursor("end"), count=10)
    reply = sls.client.pull_logs(sls.project, STORE, "0", request)
    assert reply.body.log_group_list == [] and reply.headers["x-log-cursor"] == sls.cursor("end"), reply


@checks("PullLogs (InvalidCursor)")
def pull_from_nowhere(sls):
    request = models.PullLogsRequest(cursor="nonsense", count=10)
    sls.refused("InvalidCursor", lambda: sls.client.pull_logs(sls.project, STORE, "0", request))


@checks("CreateConsumerGroup")
def create_group(sls):
    request = models.CreateConsumerGroupRequest(consumer_group="group", order=True, timeout=60)
    sls.client.create_consumer_group(sls.project, STORE, request)


@checks("CreateConsumerGroup (ConsumerGroupAlreadyExist)")
def create_group_twice(sls):
    request = models.CreateConsumerGroupRequest(consumer_group="group", order=True, timeout=60)
    call = lambda: sls.client.create_consumer_group(sls.project, STORE, request)
    sls.refused("ConsumerGroupAlreadyExist", call)


def groups(sls):
    return [(one.name, one.order, one.timeout) for one in sls.client.list_consumer_group(sls.project, STORE).body]


@checks("ListConsumerGroup")
def list_groups(sls):
    assert groups(sls) == [("group", True, 60)], groups(sls)


@checks("UpdateConsumerGroup")
def update_group(sls):
    request = models.UpdateConsumerGroupRequest(order=False, timeout=90)
    sls.client.update_consumer_group(sls.project, STORE, "group", request)
    assert groups(sls) == [("group", False, 90)], groups(sls)


@checks("ConsumerGroupHeartBeat")
def heart_beat(sls):
    request = models.ConsumerGroupHeartBeatRequest(body=[], consumer="worker")
    held = sls.client.consumer_group_heart_beat(sls.project, STORE, "group", request).body
    assert sorted(held) == [0, 1], held


@checks("ConsumerGroupUpdateCheckPoint")
def update_check_point(sls):
    request = models.ConsumerGroupUpdateCheckPointRequest(
        checkpoint=sls.cursor("end"), shard=0, consumer="worker", force_success=False
    )
    sls.client.consumer_group_update_check_point(sls.project, STORE, "group", request)


@checks("GetCheckPoint")
def get_check_point(sls):
    points = sls.client.get_check_point(sls.project, STORE, "group", models.GetCheckPointRequest(shard=0)).body
    assert [(point.shard, point.checkpoint) for point in points] == [(0, sls.cursor("end"))], points


@checks("DeleteConsumerGroup")
def delete_group(sls):
    sls.client.delete_consumer_group(sls.project, STORE, "group")
    assert groups(sls) == []
