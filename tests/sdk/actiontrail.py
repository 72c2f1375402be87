"""ActionTrail: one check per operation, for any client that calls by API names."""

import uuid

from conformance import Checks

checks = Checks()

PROJECT = "sdk-audit"


def project(caller):
    """A project to ship to; the console makes it, so that this table says nothing of Log Service."""
    state = caller.emulator
    if not getattr(project, "made", False):
        state.act("create-project", project=PROJECT)
        project.made = True
    return f"acs:log:{state.region}:{state.account}:project/{PROJECT}"


def without_trail(caller):
    for trail in caller.generic("DescribeInnerTrails")["TrailList"]:
        caller.generic("DeleteInnerTrail", Name=trail["Name"])


@checks("CreateInnerTrail")
def create_inner(caller):
    without_trail(caller)
    answer = caller.generic("CreateInnerTrail", Name="sdk-inner", SlsProjectArn=project(caller))
    assert answer["Name"] == "sdk-inner" and answer["HomeRegion"] == caller.emulator.region, answer
    assert answer["SlsProjectArn"] == project(caller), answer


@checks("CreateInnerTrail (TrailAlreadyExistsException)")
def create_inner_twice(caller):
    caller.generic_refused(
        "TrailAlreadyExistsException", "CreateInnerTrail", Name="sdk-inner", SlsProjectArn=project(caller)
    )


@checks("CreateInnerTrail (form body)")
def create_inner_by_form(caller):
    without_trail(caller)
    answer = caller.generic("CreateInnerTrail", form=True, Name="sdk-form", SlsProjectArn=project(caller))
    assert answer["Name"] == "sdk-form", answer


@checks("DescribeInnerTrails")
def describe_inner(caller):
    trails = caller.generic("DescribeInnerTrails")["TrailList"]
    assert [trail["Name"] for trail in trails] == ["sdk-form"], trails
    assert trails[0]["SlsProjectArn"] == project(caller), trails


@checks("DeleteInnerTrail")
def delete_inner(caller):
    caller.generic("DeleteInnerTrail", Name="sdk-form")
    assert caller.generic("DescribeInnerTrails")["TrailList"] == []


@checks("DeleteInnerTrail (TrailNotFoundException)")
def delete_inner_twice(caller):
    caller.generic_refused("TrailNotFoundException", "DeleteInnerTrail", Name="sdk-form")


@checks("CreateTrail")
def create(caller):
    answer = caller.call("CreateTrail", Name=caller.name, SlsProjectArn=project(caller), EventRW="Write")
    assert answer["Name"] == caller.name and answer["EventRW"] == "Write", answer
    assert answer["SlsProjectArn"] == project(caller) and answer["HomeRegion"], answer


@checks("CreateTrail (InvalidDeliveryConfigurationException)")
def create_without_destination(caller):
    caller.refused("InvalidDeliveryConfigurationException", "CreateTrail", Name="sdk-nowhere")


@checks("DescribeTrails")
def describe(caller):
    listed = caller.call("DescribeTrails", NameList=f"absent-{uuid.uuid4().hex[:8]}")["TrailList"]
    assert listed == [], listed
    with_flags = caller.call("DescribeTrails", IncludeShadowTrails=False, IncludeOrganizationTrail=False)
    assert isinstance(with_flags["TrailList"], list), with_flags


@checks("UpdateTrail")
def update(caller):
    answer = caller.call("UpdateTrail", Name=caller.name, EventRW="All", SlsProjectArn=project(caller))
    assert answer["EventRW"] == "All", answer
    found = caller.call("DescribeTrails", NameList=caller.name)["TrailList"]
    assert found[0]["EventRW"] == "All" and found[0]["Status"] == "Fresh", found


@checks("StartLogging")
def start(caller):
    caller.call("StartLogging", Name=caller.name)
    assert caller.call("GetTrailStatus", Name=caller.name)["IsLogging"] is True


@checks("StopLogging")
def stop(caller):
    caller.call("StopLogging", Name=caller.name)
    assert caller.call("GetTrailStatus", Name=caller.name)["IsLogging"] is False


@checks("DeleteTrail")
def delete(caller):
    caller.call("DeleteTrail", Name=caller.name)
    caller.refused("TrailNotFoundException", "DeleteTrail", Name=caller.name)


@checks("GetTrailStatus")
def status(caller):
    without_trail(caller)
    caller.generic("CreateInnerTrail", Name="sdk-status", SlsProjectArn=project(caller))
    caller.emulator.events(count=3)
    answer = caller.call("GetTrailStatus", Name="sdk-status")
    assert answer["IsLogging"] is True and answer["LatestDeliveryLogServiceTime"], answer
    without_trail(caller)


@checks("GetTrailStatus (TrailNotFoundException)")
def status_of_none(caller):
    caller.refused("TrailNotFoundException", "GetTrailStatus", Name="sdk-absent")


@checks("LookupEvents")
def lookup(caller):
    answer = caller.call("LookupEvents", MaxResults="10")
    assert isinstance(answer["Events"], list), answer


@checks("DescribeRegions")
def regions(caller):
    listed = caller.call("DescribeRegions")["Regions"]["Region"]
    assert caller.emulator.region in [region["RegionId"] for region in listed], listed


@checks("DescribeRegions (InvalidAction.NotFound)")
def unknown(caller):
    caller.generic_refused("InvalidAction.NotFound", "DescribeNothing")
