"""Tries code that reads platform events against cloudsim, with Alibaba Cloud's own SDKs as they are.

    pip install --requirement requirements.txt
    python platform_events.py path/to/cloudsim

Exits with 0 when all is as expected. No account, no cluster, no network but loopback.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

PROJECT, TRAIL = "ci-audit", "ci-ops"
LOGSTORE = f"innertrail_{TRAIL}"


def count_by_product(client):
    """The code under test: how often Alibaba Cloud's own people and systems touched what, by product, in the last hour."""
    now = int(time.time())
    answer = client.get_log(
        PROJECT, LOGSTORE, now - 3600, now + 60,
        query="EventType: * | SELECT EventProduct, count(*) AS touched GROUP BY EventProduct ORDER BY EventProduct",
    )
    rows = (log.get_contents() for log in answer.get_logs())
    return {row["EventProduct"]: int(row["touched"]) for row in rows}


@contextlib.contextmanager
def cloud(program):
    """A cloud of its own for one test: fresh directory, free port; ended with the block."""
    with tempfile.TemporaryDirectory() as data:
        command = [program, "serve", "--listen", "127.0.0.1:0", "--data", data]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                # It speaks once it is ready; an empty line means that it could not start.
                line = process.stdout.readline()
                if not line:
                    sys.exit(f"{program} did not start, see above")
                yield json.loads(line)
            finally:
                process.terminate()


def control(told, path, **body):
    """Asks the control API: what happens in the cloud without our doing."""
    request = urllib.request.Request(told["address"] + path, json.dumps(body).encode())
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def log_client(told):
    from aliyun.log import LogClient
    from aliyun.log.auth import AUTH_VERSION_4

    region = told["region"]
    return LogClient(
        f"http://{region}.log.aliyuncs.com", told["accessKeyId"], told["accessKeySecret"],
        auth_version=AUTH_VERSION_4, region=region,
    )


def create_inner_trail(told):
    """The SDK has no method for the private operations, so this is its call by name."""
    from alibabacloud_actiontrail20200706.client import Client
    from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
    from darabonba.runtime import RuntimeOptions

    region = told["region"]
    client = Client(Config(
        access_key_id=told["accessKeyId"], access_key_secret=told["accessKeySecret"], region_id=region,
        protocol="http", endpoint=f"actiontrail.{region}.aliyuncs.com", http_proxy=told["address"],
    ))
    params = Params(
        action="CreateInnerTrail", version="2020-07-06", protocol="HTTP", pathname="/", method="POST",
        auth_type="AK", style="RPC", req_body_type="formData", body_type="json",
    )
    project = f"acs:log:{region}:{told['account']}:project/{PROJECT}"
    client.call_api(params, OpenApiRequest(query={"Name": TRAIL, "SlsProjectArn": project}), RuntimeOptions())


def events_are_counted_by_product(told):
    client = log_client(told)
    client.create_project(PROJECT, "audit logs")
    create_inner_trail(told)
    happened = control(told, "/_sim/events", count=200)
    assert happened["delivered"] == 200, happened
    counted = count_by_product(client)
    assert sum(counted.values()) == 200 and len(counted) > 1, counted
    print("counted", counted)


def a_refusal_is_not_taken_for_silence(told):
    from aliyun.log import LogException

    control(told, "/_sim/actions", action="set-overdue")
    try:
        counted = count_by_product(log_client(told))
    except LogException as error:
        assert error.get_error_code() == "ProjectForbidden", error
        print("refused", error.get_error_code())
    else:
        raise AssertionError(f"counted {counted} although payment is overdue")


def main():
    with cloud(sys.argv[1] if len(sys.argv) > 1 else "cloudsim") as told:
        # Log Service clients put the project in front of the host, which only a proxy can follow.
        os.environ.update(http_proxy=told["address"], no_proxy="127.0.0.1")
        events_are_counted_by_product(told)
        a_refusal_is_not_taken_for_silence(told)


if __name__ == "__main__":
    main()
