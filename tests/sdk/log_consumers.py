"""`aliyun-log-python-sdk`: its consumer library, whose workers share a Logstore and hand shards over."""

import threading
import time

from aliyun.log import LogItem, PutLogsRequest
from aliyun.log.auth import AUTH_VERSION_4
from aliyun.log.consumer import ConsumerProcessorAdaptor, ConsumerWorker, CursorPosition, LogHubConfig

from conformance import Absent
from log_sdk import checks

STORE = "consumed"
# The group forgets a worker after twice this, so a slow machine does not part one from its shards.
HEARTBEAT_SECONDS = 3
PATIENCE_SECONDS = 35


class Readers:
    """Workers of one group, and which of them read which log."""

    def __init__(self, log):
        self.log, self.workers, self.read = log, {}, []
        self.lock = threading.Lock()

    def start(self, name):
        log = self.log
        option = LogHubConfig(
            log.endpoint, log.emulator.key_id, log.emulator.secret, log.project, STORE, "library", name,
            cursor_position=CursorPosition.BEGIN_CURSOR, heartbeat_interval=HEARTBEAT_SECONDS,
            data_fetch_interval=0.2, auth_version=log.version, region=log.emulator.region,
        )
        worker = ConsumerWorker(ConsumerProcessorAdaptor, option, args=(lambda _, groups: self.take(name, groups),))
        self.workers[name] = worker
        worker.start()

    def take(self, name, groups):
        logs = [one for group in groups.LogGroups for one in group.Logs]
        with self.lock:
            self.read += [(name, content.Value) for one in logs for content in one.Contents if content.Key == "n"]

    def numbers(self, name=None):
        with self.lock:
            return sorted(int(number) for reader, number in self.read if name in (None, reader))

    def held(self, name):
        return sorted(self.workers[name].heart_beat.get_held_shards())

    def stop(self):
        for worker in self.workers.values():
            worker.shutdown()
        for worker in self.workers.values():
            worker.join(10)
            assert not worker.is_alive(), "a worker does not end"


def until(what, happened, deadline):
    while not happened():
        assert time.monotonic() < deadline, f"{what} does not happen"
        time.sleep(0.1)


@checks("ConsumerGroupHeartBeat (consumer library)")
def share_a_logstore(log):
    if log.version != AUTH_VERSION_4 or not log.is_plain_proxy:
        raise Absent("takes seconds, and is made in one way only")
    log.client.create_logstore(log.project, STORE, ttl=1, shard_count=2)
    readers, deadline = Readers(log), time.monotonic() + PATIENCE_SECONDS
    written = 0

    def write(count):
        nonlocal written
        for _ in range(count):
            item = LogItem(int(time.time()), [("n", str(written))])
            log.client.put_logs(PutLogsRequest(log.project, STORE, "t", "", [item]))
            written += 1

    def hand_over():
        # Something to read all the while, so that whoever reads a shard at the wrong time is seen.
        write(1)
        return (readers.held("one"), readers.held("two")) == ([0], [1])

    try:
        write(10)
        readers.start("one")
        until("reading alone", lambda: readers.numbers() == list(range(10)), deadline)
        readers.start("two")
        until("handing over", hand_over, deadline)
        write(10)
        until("reading together", lambda: len(readers.numbers()) >= written, deadline)
    finally:
        readers.stop()
    assert readers.numbers() == list(range(written)), readers.read
    assert readers.numbers("two"), "the second worker read nothing"
