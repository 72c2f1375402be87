"""`aliyun-log-python-sdk`: projects, Logstores and indexes."""

from aliyun.log import IndexConfig, IndexKeyConfig, IndexLineConfig

from conformance import expired_session, session
from log_sdk import STORE, checks


@checks("CreateProject")
def create_project(log):
    log.client.create_project(log.project, "for checks")


@checks("CreateProject (ProjectAlreadyExist)")
def create_project_twice(log):
    log.refused("ProjectAlreadyExist", lambda: log.client.create_project(log.project, "again"))


@checks("GetProject")
def get_project(log):
    answer = log.client.get_project(log.project)
    assert answer.get_projectname() == log.project and answer.get_description() == "for checks"
    assert answer.get_region() == log.emulator.region and answer.get_status() == "Normal"


@checks("GetProject (ProjectNotExist)")
def get_no_project(log):
    log.refused("ProjectNotExist", lambda: log.client.get_project("sdk-absent"))


@checks("GetProject (SignatureNotMatch)")
def wrong_secret(log):
    other = log.again(log.emulator.with_key(secret="not-the-secret"))
    log.refused("SignatureNotMatch", lambda: other.client.get_project(log.project))


@checks("GetProject (Unauthorized)")
def unknown_key(log):
    other = log.again(log.emulator.with_key(key_id="LTAI5tNobody"))
    log.refused("Unauthorized", lambda: other.client.get_project(log.project))


@checks("GetProject (session token)")
def get_project_with_token(log):
    other = log.again(session(log.emulator, "AliyunLogReadOnlyAccess"))
    other.client.get_project(log.project)


@checks("GetProject (Unauthorized, expired token)")
def get_project_with_old_token(log):
    other = log.again(expired_session(log.emulator))
    log.refused("Unauthorized", lambda: other.client.get_project(log.project))


@checks("UpdateProject")
def update_project(log):
    log.client.update_project(log.project, "changed")
    assert log.client.get_project(log.project).get_description() == "changed"


@checks("ListProject")
def list_project(log):
    answer = log.client.list_project(project_name_pattern=log.project)
    assert [project["projectName"] for project in answer.get_projects()] == [log.project]


@checks("CreateLogStore")
def create_logstore(log):
    log.client.create_logstore(log.project, STORE, ttl=7, shard_count=2)


@checks("CreateLogStore (LogStoreAlreadyExist)")
def create_logstore_twice(log):
    log.refused("LogStoreAlreadyExist", lambda: log.client.create_logstore(log.project, STORE))


@checks("CreateLogStore (ParameterInvalid)")
def create_logstore_for_ever_and_longer(log):
    log.refused("ParameterInvalid", lambda: log.client.create_logstore(log.project, "other", ttl=9999))


@checks("GetLogStore")
def get_logstore(log):
    answer = log.client.get_logstore(log.project, STORE)
    assert (answer.get_ttl(), answer.get_shard_count()) == (7, 2)


@checks("GetLogStore (LogStoreNotExist)")
def get_no_logstore(log):
    log.refused("LogStoreNotExist", lambda: log.client.get_logstore(log.project, "absent"))


@checks("UpdateLogStore")
def update_logstore(log):
    log.client.update_logstore(log.project, STORE, ttl=30)
    assert log.client.get_logstore(log.project, STORE).get_ttl() == 30


@checks("ListLogStores")
def list_logstores(log):
    answer = log.client.list_logstore(log.project, "app")
    assert answer.get_logstores() == [STORE] and answer.get_total() == 1


@checks("GetLogStoreMeteringMode")
def get_metering_mode(log):
    answer = log.client.get_logstore_metering_mode(log.project, STORE)
    assert answer.get_metering_mode() == "ChargeByFunction"


@checks("UpdateLogStoreMeteringMode")
def update_metering_mode(log):
    log.client.update_logstore_metering_mode(log.project, STORE, "ChargeByDataIngest")
    assert log.client.get_logstore_metering_mode(log.project, STORE).get_metering_mode() == "ChargeByDataIngest"


@checks("ListConfig")
def list_configs(log):
    answer = log.client.list_logtail_config(log.project)
    assert (answer.get_configs(), answer.get_configs_total()) == ([], 0)


@checks("ListMachineGroup")
def list_machine_groups(log):
    answer = log.client.list_machine_group(log.project)
    assert (answer.get_machine_group(), answer.get_machine_group_total()) == ([], 0)


@checks("ListShards")
def list_shards(log):
    shards = log.client.list_shards(log.project, STORE).get_shards_info()
    assert [shard["shardID"] for shard in shards] == [0, 1] and shards[0]["status"] == "readwrite", shards


@checks("SplitShard")
def split_shard(log):
    log.client.create_logstore(log.project, "to-split", ttl=1, shard_count=1)
    made = log.client.split_shard(log.project, "to-split", 0, "4" + "0" * 31).get_shards_info()
    assert [(shard["shardID"], shard["status"]) for shard in made] == [
        (0, "readonly"), (1, "readwrite"), (2, "readwrite")
    ], made


@checks("MergeShards")
def merge_shards(log):
    made = log.client.merge_shard(log.project, "to-split", 1).get_shards_info()
    assert [shard["shardID"] for shard in made] == [1, 2, 3] and made[2]["status"] == "readwrite", made
    log.client.delete_logstore(log.project, "to-split")


@checks("GetIndex (IndexConfigNotExist)")
def get_no_index(log):
    log.refused("IndexConfigNotExist", lambda: log.client.get_index_config(log.project, STORE))


def index(**more):
    tokens = list(", '\";=()[]{}?@&<>/:\n\t\r")
    keys = {name: IndexKeyConfig(tokens, doc_value=True) for name in ["kind", "text"]}
    keys |= {"n": IndexKeyConfig(index_type="long", doc_value=True)} | more
    return IndexConfig(30, IndexLineConfig(tokens), keys)


@checks("CreateIndex")
def create_index(log):
    log.client.create_index(log.project, STORE, index())


@checks("CreateIndex (IndexAlreadyExist)")
def create_index_twice(log):
    log.refused("IndexAlreadyExist", lambda: log.client.create_index(log.project, STORE, index()))


@checks("CreateIndex (IndexInfoInvalid)")
def create_index_without_tokens(log):
    log.client.create_logstore(log.project, "bare", ttl=1, shard_count=1)
    wrong = IndexConfig(1, IndexLineConfig([]))
    log.refused("IndexInfoInvalid", lambda: log.client.create_index(log.project, "bare", wrong))


@checks("GetIndex")
def get_index(log):
    found = log.client.get_index_config(log.project, STORE).get_index_config()
    assert found.key_config_list["n"].index_type == "long" and found.line_config.token_list


@checks("UpdateIndex")
def update_index(log):
    log.client.update_index(log.project, STORE, index(extra=IndexKeyConfig([" "], doc_value=True)))
    assert "extra" in log.client.get_index_config(log.project, STORE).get_index_config().key_config_list
