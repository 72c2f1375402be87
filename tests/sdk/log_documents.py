"""`aliyun-log-python-sdk`: dashboards, saved searches and tags, and at the end the removal of everything."""

from log_sdk import STORE, TEXT, checks

CHART = {"title": "all", "type": "table", "search": {"logstore": STORE, "query": "*"}, "display": {}}


@checks("CreateDashboard")
def create_dashboard(log):
    log.client.create_dashboard(log.project, {"dashboardName": "board", "displayName": "Board", "charts": [CHART]})


@checks("GetDashboard")
def get_dashboard(log):
    found = log.client.get_dashboard(log.project, "board").get_entity()
    assert found["displayName"] == "Board" and found["charts"][0]["title"] == "all", found


@checks("GetDashboard (DashboardNotExist)")
def get_no_dashboard(log):
    log.refused("DashboardNotExist", lambda: log.client.get_dashboard(log.project, "absent"))


@checks("UpdateDashboard")
def update_dashboard(log):
    log.client.update_dashboard(log.project, {"dashboardName": "board", "displayName": "New", "charts": [CHART]})
    assert log.client.get_dashboard(log.project, "board").get_entity()["displayName"] == "New"


@checks("ListDashboard")
def list_dashboards(log):
    assert log.client.list_dashboard(log.project).get_entities() == ["board"]


@checks("DeleteDashboard")
def delete_dashboard(log):
    log.client.delete_dashboard(log.project, "board")
    assert log.client.list_dashboard(log.project).get_entities() == []


def search(name="search", query="*"):
    return {"savedsearchName": name, "searchQuery": query, "logstore": STORE, "topic": "", "displayName": "Search"}


@checks("CreateSavedSearch")
def create_search(log):
    log.client.create_savedsearch(log.project, search())


@checks("GetSavedSearch")
def get_search(log):
    found = log.client.get_savedsearch(log.project, "search").get_entity()
    assert found["searchQuery"] == "*" and found["logstore"] == STORE, found


@checks("UpdateSavedSearch")
def update_search(log):
    log.client.update_savedsearch(log.project, search(query="kind: lz4"))
    assert log.client.get_savedsearch(log.project, "search").get_entity()["searchQuery"] == "kind: lz4"


@checks("ListSavedSearch")
def list_searches(log):
    assert log.client.list_savedsearch(log.project).get_entities() == ["search"]


@checks("DeleteSavedSearch")
def delete_search(log):
    log.client.delete_savedsearch(log.project, "search")
    log.refused("SavedSearchNotExist", lambda: log.client.get_savedsearch(log.project, "search"))


@checks("TagResources")
def tag(log):
    log.client.tag_project(log.project, owner="checks", stage=TEXT)
    log.client.tag_resources("logstore", f"{log.project}#{STORE}", kind="store")


@checks("ListTagResources")
def list_tags(log):
    found = [page.get_tags() for page in log.client.get_project_tags(log.project)]
    assert found == [{"owner": "checks", "stage": TEXT}], found
    pages = log.client.list_tag_resources("logstore", f"{log.project}#{STORE}")
    shown = [(tag.get_tag_key(), tag.get_tag_value()) for page in pages for tag in page.get_tags()]
    assert shown == [("kind", "store")], shown


@checks("UntagResources")
def untag(log):
    log.client.untag_project(log.project, "owner", "stage")
    assert [page.get_tags() for page in log.client.get_project_tags(log.project)] == [{}]


@checks("DeleteIndex")
def delete_index(log):
    log.client.delete_index(log.project, STORE)
    log.refused("IndexConfigNotExist", lambda: log.client.get_index_config(log.project, STORE))


@checks("DeleteLogStore")
def delete_logstore(log):
    log.client.delete_logstore(log.project, STORE)
    log.refused("LogStoreNotExist", lambda: log.client.get_logstore(log.project, STORE))


@checks("DeleteProject")
def delete_project(log):
    log.client.delete_project(log.project)
    log.refused("ProjectNotExist", lambda: log.client.get_project(log.project))
