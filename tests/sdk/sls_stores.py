"""`alibabacloud-sls20201230`: projects, Logstores and indexes."""

from alibabacloud_sls20201230 import models

from conformance import expired_session, session
from sls_sdk import STORE, checks


@checks("CreateProject")
def create_project(sls):
    sls.client.create_project(models.CreateProjectRequest(project_name=sls.project, description="for checks"))


@checks("CreateProject (ProjectAlreadyExist)")
def create_project_twice(sls):
    request = models.CreateProjectRequest(project_name=sls.project, description="again")
    sls.refused("ProjectAlreadyExist", lambda: sls.client.create_project(request))


@checks("GetProject")
def get_project(sls):
    body = sls.client.get_project(sls.project, models.GetProjectRequest()).body
    assert (body.project_name, body.description, body.status) == (sls.project, "for checks", "Normal"), body
    assert body.region == sls.emulator.region and body.owner == sls.emulator.account, body


@checks("GetProject (ProjectNotExist)")
def get_no_project(sls):
    sls.refused("ProjectNotExist", lambda: sls.client.get_project("sdk-absent", models.GetProjectRequest()))


@checks("GetProject (SignatureNotMatch)")
def wrong_secret(sls):
    other = sls.again(sls.emulator.with_key(secret="not-the-secret"))
    sls.refused("SignatureNotMatch", lambda: other.client.get_project(sls.project, models.GetProjectRequest()))


@checks("GetProject (Unauthorized)")
def unknown_key(sls):
    other = sls.again(sls.emulator.with_key(key_id="LTAI5tNobody"))
    sls.refused("Unauthorized", lambda: other.client.get_project(sls.project, models.GetProjectRequest()))


@checks("GetProject (session token)")
def get_project_with_token(sls):
    other = sls.again(session(sls.emulator, "AliyunLogReadOnlyAccess"))
    other.client.get_project(sls.project, models.GetProjectRequest())


@checks("GetProject (Unauthorized, expired token)")
def get_project_with_old_token(sls):
    other = sls.again(expired_session(sls.emulator))
    sls.refused("Unauthorized", lambda: other.client.get_project(sls.project, models.GetProjectRequest()))


@checks("UpdateProject")
def update_project(sls):
    sls.client.update_project(sls.project, models.UpdateProjectRequest(description="changed"))
    assert sls.client.get_project(sls.project, models.GetProjectRequest()).body.description == "changed"


@checks("ListProject")
def list_project(sls):
    body = sls.client.list_project(models.ListProjectRequest(offset=0, size=10, project_name=sls.project)).body
    assert [project.project_name for project in body.projects] == [sls.project] and body.total == 1, body


@checks("CreateLogStore")
def create_logstore(sls):
    request = models.CreateLogStoreRequest(
        logstore_name=STORE, ttl=7, shard_count=2, auto_split=True, max_split_shard=8, enable_tracking=False
    )
    sls.client.create_log_store(sls.project, request)


@checks("CreateLogStore (LogStoreAlreadyExist)")
def create_logstore_twice(sls):
    request = models.CreateLogStoreRequest(logstore_name=STORE, ttl=7, shard_count=2)
    sls.refused("LogStoreAlreadyExist", lambda: sls.client.create_log_store(sls.project, request))


@checks("CreateLogStore (ParameterInvalid)")
def create_logstore_for_ever_and_longer(sls):
    request = models.CreateLogStoreRequest(logstore_name="other", ttl=9999, shard_count=1)
    sls.refused("ParameterInvalid", lambda: sls.client.create_log_store(sls.project, request))


@checks("GetLogStore")
def get_logstore(sls):
    body = sls.client.get_log_store(sls.project, STORE).body
    assert (body.ttl, body.shard_count, body.auto_split, body.max_split_shard) == (7, 2, True, 8), body


@checks("GetLogStore (LogStoreNotExist)")
def get_no_logstore(sls):
    sls.refused("LogStoreNotExist", lambda: sls.client.get_log_store(sls.project, "absent"))


@checks("UpdateLogStore")
def update_logstore(sls):
    sls.client.update_log_store(sls.project, STORE, models.UpdateLogStoreRequest(logstore_name=STORE, ttl=30))
    assert sls.client.get_log_store(sls.project, STORE).body.ttl == 30


@checks("ListLogStores")
def list_logstores(sls):
    request = models.ListLogStoresRequest(offset=0, size=10, logstore_name="app")
    body = sls.client.list_log_stores(sls.project, request).body
    assert body.logstores == [STORE] and body.total == 1, body


@checks("GetLogStoreMeteringMode")
def get_metering_mode(sls):
    assert sls.client.get_log_store_metering_mode(sls.project, STORE).body.metering_mode == "ChargeByFunction"


@checks("UpdateLogStoreMeteringMode")
def update_metering_mode(sls):
    request = models.UpdateLogStoreMeteringModeRequest(metering_mode="ChargeByDataIngest")
    sls.client.update_log_store_metering_mode(sls.project, STORE, request)
    assert sls.client.get_log_store_metering_mode(sls.project, STORE).body.metering_mode == "ChargeByDataIngest"


@checks("ListConfig")
def list_configs(sls):
    body = sls.client.list_config(sls.project, models.ListConfigRequest(offset=0, size=10)).body
    assert (body.configs, body.count, body.total) == ([], 0, 0), body


@checks("ListMachineGroup")
def list_machine_groups(sls):
    body = sls.client.list_machine_group(sls.project, models.ListMachineGroupRequest(offset=0, size=10)).body
    assert (body.machinegroups, body.count, body.total) == ([], 0, 0), body


@checks("ListShards")
def list_shards(sls):
    shards = sls.client.list_shards(sls.project, STORE).body
    assert [shard.shard_id for shard in shards] == [0, 1] and shards[1].exclusive_end_key == "f" * 32, shards


@checks("SplitShard")
def split_shard(sls):
    request = models.CreateLogStoreRequest(logstore_name="to-split", ttl=1, shard_count=1)
    sls.client.create_log_store(sls.project, request)
    request = models.SplitShardRequest(key="4" + "0" * 31, shard_count=2)
    made = sls.client.split_shard(sls.project, "to-split", "0", request).body
    assert [(shard.shard_id, shard.status) for shard in made] == [
        (0, "readonly"), (1, "readwrite"), (2, "readwrite")
    ], made


@checks("MergeShards")
def merge_shards(sls):
    made = sls.client.merge_shard(sls.project, "to-split", "1").body
    assert [shard.shard_id for shard in made] == [1, 2, 3] and made[2].status == "readwrite", made
    sls.client.delete_log_store(sls.project, "to-split")


@checks("GetIndex (IndexConfigNotExist)")
def get_no_index(sls):
    sls.refused("IndexConfigNotExist", lambda: sls.client.get_index(sls.project, STORE))


def index_keys():
    text = {"token": [" ", ":"], "case_sensitive": False, "doc_value": True, "type": "text"}
    keys = {name: models.IndexKey(**text) for name in ["kind", "text"]}
    return keys | {"n": models.IndexKey(type="long", doc_value=True)}


def index(**more):
    line = models.IndexLine(token=[" ", ":"], case_sensitive=False)
    return models.Index(line=line, keys=index_keys() | more)


@checks("CreateIndex")
def create_index(sls):
    sls.client.create_index(sls.project, STORE, models.CreateIndexRequest(body=index()))


@checks("CreateIndex (IndexAlreadyExist)")
def create_index_twice(sls):
    request = models.CreateIndexRequest(body=index())
    sls.refused("IndexAlreadyExist", lambda: sls.client.create_index(sls.project, STORE, request))


@checks("CreateIndex (IndexInfoInvalid)")
def create_index_without_tokens(sls):
    store = models.CreateLogStoreRequest(logstore_name="bare", ttl=1, shard_count=1)
    sls.client.create_log_store(sls.project, store)
    request = models.CreateIndexRequest(body=models.Index(line=models.IndexLine(token=[])))
    sls.refused("IndexInfoInvalid", lambda: sls.client.create_index(sls.project, "bare", request))


@checks("GetIndex")
def get_index(sls):
    body = sls.client.get_index(sls.project, STORE).body
    assert body.keys["n"].type == "long" and body.line.token == [" ", ":"] and body.index_mode == "v2", body


@checks("UpdateIndex")
def update_index(sls):
    changed = index(extra=models.IndexKey(type="json", token=[" "], json_keys={}, doc_value=True))
    sls.client.update_index(sls.project, STORE, models.UpdateIndexRequest(body=changed))
    assert sls.client.get_index(sls.project, STORE).body.keys["extra"].type == "json"
