"""`aliyun-log-python-sdk`: logs written, queried and consumed."""

from aliyun.log import GetHistogramsRequest, LogItem, PutLogsRequest

from log_sdk import STORE, TEXT, checks


checks.absent("lz4 is what this SDK does unasked", "PutLogs (lz4)", "GetLogsV2 (lz4)", "PullLogs (lz4)")


@checks("PutLogs")
def put_logs(log):
    log.put("lz4")


@checks("PutLogs (zstd)")
def put_logs_zstd(log):
    log.put("zstd", compress_type="zstd")


@checks("PutLogs (uncompressed)")
def put_logs_plain(log):
    log.put("plain", compress=False)


@checks("PutLogs (hash key)")
def put_logs_by_key(log):
    log.put("routed", hashKey="f" * 32)


@checks("PutLogs (LogStoreNotExist)")
def put_logs_nowhere(log):
    request = PutLogsRequest(log.project, "absent", "t", "", [LogItem(log.now, [("a", "b")])])
    log.refused("LogStoreNotExist", lambda: log.client.put_logs(request))


@checks("GetLogs")
def get_logs(log):
    log.client._get_logs_v2_enabled = False
    try:
        assert len(log.rows("kind: lz4 and n >= 10", line=3)) == 3
        assert log.rows("* | SELECT count(*) AS c")[0]["c"] == "80"
    finally:
        log.client._get_logs_v2_enabled = True


@checks("GetLogsV2")
def get_logs_v2(log):
    assert len(log.rows("kind: lz4 and n >= 10", line=5, offset=1, reverse=True)) == 5
    assert log.rows("* | SELECT kind, count(*) AS c GROUP BY kind ORDER BY kind")[0] == {"kind": "lz4", "c": "20"}


@checks("GetLogsV2 (metadata)")
def get_logs_metadata(log):
    answer = log.client.get_log(log.project, STORE, log.now - 60, log.now + 60, query="kind: zstd", size=2)
    assert answer.is_completed() and answer.get_count() == 2 and answer.get_meta().get_has_sql() is False


@checks("GetLogsV2 (IndexConfigNotExist)")
def get_logs_without_index(log):
    call = lambda: log.client.get_log(log.project, "bare", log.now - 60, log.now, query="*")
    log.refused("IndexConfigNotExist", call)


@checks("GetLogsV2 (all pages)")
def get_log_all(log):
    pages = log.client.get_log_all(log.project, STORE, log.now - 60, log.now + 60, query="text: more")
    assert sum(page.get_count() for page in pages) == 80


@checks("GetHistograms")
def histograms(log):
    request = GetHistogramsRequest(log.project, STORE, log.now - 60, log.now + 60, query="kind: zstd")
    answer = log.client.get_histograms(request)
    assert answer.is_completed() and answer.get_total_count() == 20
    assert sum(bar.get_count() for bar in answer.get_histograms()) == 20


@checks("GetCursor")
def get_cursor(log):
    begin, end = log.shard_cursor(), log.shard_cursor("end")
    assert int(log.client._get_cursor_as_int(begin)) <= int(log.client._get_cursor_as_int(end))


@checks("GetCursor (by time)")
def get_cursor_by_time(log):
    assert log.shard_cursor(log.now - 3000) == log.shard_cursor()
    assert log.shard_cursor(log.now + 3000) == log.shard_cursor("end")


@checks("GetCursor (ShardNotExist)")
def get_cursor_of_no_shard(log):
    log.refused("ShardNotExist", lambda: log.client.get_cursor(log.project, STORE, 99, "begin"))


@checks("GetCursorTime")
def get_cursor_time(log):
    found = log.client.get_cursor_time(log.project, STORE, 0, log.shard_cursor()).get_cursor_time()
    assert abs(int(found) - log.now) < 120, found


@checks("GetCursorTime (previous)")
def get_previous_cursor_time(log):
    found = log.client.get_previous_cursor_time(log.project, STORE, 0, log.shard_cursor("end")).get_cursor_time()
    assert abs(int(found) - log.now) < 120, found


@checks("PullLogs")
def pull_logs(log):
    logs = log.pulled()
    assert len(logs) == 80 and logs[0]["text"] == TEXT, len(logs)
    assert logs[0]["__tag__:env"] == "check" and logs[0]["__topic__"], logs[0]


@checks("PullLogs (zstd)")
def pull_logs_zstd(log):
    assert len(log.pulled(accept_compress_type="zstd")) == 80


@checks("PullLogs (uncompressed)")
def pull_logs_plain(log):
    assert len(log.pulled(compress=False)) == 80


@checks("PullLogs (at the end)")
def pull_at_the_end(log):
    reply = log.client.pull_logs(log.project, STORE, 0, log.shard_cursor("end"))
    assert reply.get_loggroup_count() == 0 and reply.get_next_cursor() == log.shard_cursor("end")


@checks("PullLogs (InvalidCursor)")
def pull_from_nowhere(log):
    log.refused("InvalidCursor", lambda: log.client.pull_logs(log.project, STORE, 0, "nonsense"))


@checks("CreateConsumerGroup")
def create_group(log):
    log.client.create_consumer_group(log.project, STORE, "group", 60, in_order=True)


@checks("CreateConsumerGroup (ConsumerGroupAlreadyExist)")
def create_group_twice(log):
    call = lambda: log.client.create_consumer_group(log.project, STORE, "group", 60)
    log.refused("ConsumerGroupAlreadyExist", call)


@checks("ListConsumerGroup")
def list_groups(log):
    groups = log.client.list_consumer_group(log.project, STORE).get_consumer_groups()
    shown = [(group.get_consumer_group_name(), group.get_timeout(), group.is_in_order()) for group in groups]
    assert shown == [("group", 60, True)], shown


@checks("UpdateConsumerGroup")
def update_group(log):
    log.client.update_consumer_group(log.project, STORE, "group", timeout=90, in_order=False)
    group = log.client.list_consumer_group(log.project, STORE).get_consumer_groups()[0]
    assert (group.get_timeout(), group.is_in_order()) == (90, False)


@checks("ConsumerGroupHeartBeat")
def heart_beat(log):
    held = log.client.heart_beat(log.project, STORE, "group", "worker", []).get_shards()
    assert sorted(held) == [0, 1], held


@checks("ConsumerGroupUpdateCheckPoint")
def update_check_point(log):
    cursor = log.shard_cursor("end")
    log.client.update_check_point(log.project, STORE, "group", 0, cursor, "worker", False)
    log.client.update_check_point(log.project, STORE, "group", 1, cursor)


@checks("GetCheckPoint")
def get_check_point(log):
    points = log.client.get_check_point(log.project, STORE, "group").get_consumer_group_check_points()
    assert {point["shard"]: point["checkpoint"] for point in points}[0] == log.shard_cursor("end"), points
    assert log.client.get_check_point(log.project, STORE, "group", shard=0).get_count() == 1


@checks("DeleteConsumerGroup")
def delete_group(log):
    log.client.delete_consumer_group(log.project, STORE, "group")
    call = lambda: log.client.get_check_point(log.project, STORE, "group")
    log.refused("ConsumerGroupNotExist", call)
