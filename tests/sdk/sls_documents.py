"""`alibabacloud-sls20201230`: dashboards, saved searches and tags, and at the end the removal of everything."""

from alibabacloud_sls20201230 import models

from sls_sdk import STORE, checks


def chart():
    return models.Chart(title="all", type="table", search={"logstore": STORE, "query": "*"}, display={}, action={})


def board(kind, title):
    return kind(dashboard_name="board", display_name=title, description="d", attribute={"type": "grid"}, charts=[chart()])


@checks("CreateDashboard")
def create_dashboard(sls):
    sls.client.create_dashboard(sls.project, models.CreateDashboardRequest(body=board(models.Dashboard, "Board")))


@checks("GetDashboard")
def get_dashboard(sls):
    body = sls.client.get_dashboard(sls.project, "board").body
    assert body.display_name == "Board" and body.charts[0].title == "all", body


@checks("GetDashboard (DashboardNotExist)")
def get_no_dashboard(sls):
    sls.refused("DashboardNotExist", lambda: sls.client.get_dashboard(sls.project, "absent"))


@checks("UpdateDashboard")
def update_dashboard(sls):
    sls.client.update_dashboard(sls.project, "board", board(models.UpdateDashboardRequest, "New"))
    assert sls.client.get_dashboard(sls.project, "board").body.display_name == "New"


@checks("ListDashboard")
def list_dashboards(sls):
    body = sls.client.list_dashboard(sls.project, models.ListDashboardRequest(offset=0, size=10)).body
    assert body.dashboards == ["board"] and body.dashboard_items[0].display_name == "New", body


@checks("DeleteDashboard")
def delete_dashboard(sls):
    sls.client.delete_dashboard(sls.project, "board")
    sls.refused("DashboardNotExist", lambda: sls.client.get_dashboard(sls.project, "board"))


def search(kind, query):
    return kind(savedsearch_name="search", search_query=query, logstore=STORE, topic="", display_name="Search")


@checks("CreateSavedSearch")
def create_search(sls):
    sls.client.create_saved_search(sls.project, search(models.CreateSavedSearchRequest, "*"))


@checks("GetSavedSearch")
def get_search(sls):
    body = sls.client.get_saved_search(sls.project, "search").body
    assert (body.search_query, body.logstore) == ("*", STORE), body


@checks("UpdateSavedSearch")
def update_search(sls):
    sls.client.update_saved_search(sls.project, "search", search(models.UpdateSavedSearchRequest, "kind: lz4"))
    assert sls.client.get_saved_search(sls.project, "search").body.search_query == "kind: lz4"


@checks("ListSavedSearch")
def list_searches(sls):
    body = sls.client.list_saved_search(sls.project, models.ListSavedSearchRequest(offset=0, size=10)).body
    assert [one.savedsearch_name for one in body.savedsearch_items] == ["search"] and body.total == 1, body


@checks("DeleteSavedSearch")
def delete_search(sls):
    sls.client.delete_saved_search(sls.project, "search")
    sls.refused("SavedSearchNotExist", lambda: sls.client.get_saved_search(sls.project, "search"))


@checks("TagResources")
def tag(sls):
    tags = [models.TagResourcesRequestTags(key="owner", value="checks")]
    request = models.TagResourcesRequest(resource_type="project", resource_id=[sls.project], tags=tags)
    sls.client.tag_resources(request)


@checks("ListTagResources")
def list_tags(sls):
    request = models.ListTagResourcesRequest(resource_type="project", resource_id=[sls.project])
    found = sls.client.list_tag_resources(request).body.tag_resources
    assert [(tag.tag_key, tag.tag_value) for tag in found] == [("owner", "checks")], found


@checks("UntagResources")
def untag(sls):
    request = models.UntagResourcesRequest(resource_type="project", resource_id=[sls.project], tags=["owner"])
    sls.client.untag_resources(request)
    listing = models.ListTagResourcesRequest(resource_type="project", resource_id=[sls.project])
    assert sls.client.list_tag_resources(listing).body.tag_resources == []


@checks("DeleteIndex")
def delete_index(sls):
    sls.client.delete_index(sls.project, STORE)
    sls.refused("IndexConfigNotExist", lambda: sls.client.get_index(sls.project, STORE))


@checks("DeleteLogStore")
def delete_logstore(sls):
    sls.client.delete_log_store(sls.project, STORE)
    sls.refused("LogStoreNotExist", lambda: sls.client.get_log_store(sls.project, STORE))


@checks("DeleteProject")
def delete_project(sls):
    sls.client.delete_project(sls.project, models.DeleteProjectRequest())
    sls.refused("ProjectNotExist", lambda: sls.client.get_project(sls.project, models.GetProjectRequest()))
