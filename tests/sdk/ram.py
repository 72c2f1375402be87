"""RAM: one check per operation, for any client that calls by API names."""

import json

from conformance import Checks

checks = Checks()

TRUST = json.dumps({
    "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["ecs.aliyuncs.com"]}}],
    "Version": "1",
})
DOCUMENT = json.dumps({"Statement": [{"Action": ["log:Get*"], "Effect": "Allow", "Resource": ["*"]}], "Version": "1"})


def ours(caller):
    """The column's own policy and role."""
    return {"PolicyType": "Custom", "PolicyName": caller.name, "RoleName": caller.name}


@checks("CreateRole")
def create_role(caller):
    said = "für Prüfungen & more: a+b *~"
    parameters = {"AssumeRolePolicyDocument": TRUST, "Description": said, "MaxSessionDuration": 7200}
    role = caller.call("CreateRole", RoleName=caller.name, **parameters)["Role"]
    assert role["RoleName"] == caller.name and role["Description"] == said, role
    assert role["Arn"] == f"acs:ram::{caller.emulator.account}:role/{caller.name}" and role["MaxSessionDuration"] == 7200, role


@checks("CreateRole (EntityAlreadyExists.Role)")
def create_role_twice(caller):
    caller.refused("EntityAlreadyExists.Role", "CreateRole", RoleName=caller.name, AssumeRolePolicyDocument=TRUST)


@checks("CreateRole (MalformedPolicyDocument)")
def create_role_with_nonsense(caller):
    nonsense = '{"Statement":1}'
    caller.refused("MalformedPolicyDocument", "CreateRole", RoleName="other", AssumeRolePolicyDocument=nonsense)


@checks("GetRole")
def get_role(caller):
    role = caller.call("GetRole", RoleName=caller.name)["Role"]
    assert json.loads(role["AssumeRolePolicyDocument"]) == json.loads(TRUST), role
    assert role["CreateDate"].endswith("Z") and role["RoleId"], role


@checks("GetRole (EntityNotExist.Role)")
def get_no_role(caller):
    caller.refused("EntityNotExist.Role", "GetRole", RoleName="sdk-absent")


@checks("GetRole (NoPermission)")
def get_role_without_permission(caller):
    key = caller.emulator.act("create-user", name=caller.name, permissions=["ram:List*"])["result"]
    user = caller.again(caller.emulator.with_key(key_id=key["accessKeyId"], secret=key["accessKeySecret"]))
    user.refused("NoPermission", "GetRole", RoleName=caller.name)


@checks("ListRoles")
def list_roles(caller):
    listed = caller.call("ListRoles", MaxItems=1000)["Roles"]["Role"]
    assert caller.name in [role["RoleName"] for role in listed], listed


@checks("UpdateRole")
def update_role(caller):
    trust = TRUST.replace("ecs.aliyuncs.com", "actiontrail.aliyuncs.com")
    caller.call("UpdateRole", RoleName=caller.name, NewAssumeRolePolicyDocument=trust)
    role = caller.call("GetRole", RoleName=caller.name)["Role"]
    assert json.loads(role["AssumeRolePolicyDocument"]) == json.loads(trust), role


@checks("CreatePolicy")
def create_policy(caller):
    policy = caller.call("CreatePolicy", PolicyName=caller.name, PolicyDocument=DOCUMENT, Description="for checks")["Policy"]
    assert policy["PolicyName"] == caller.name and policy["PolicyType"] == "Custom", policy


@checks("GetPolicy")
def get_policy(caller):
    answer = caller.call("GetPolicy", PolicyType="Custom", PolicyName=caller.name)
    assert json.loads(answer["DefaultPolicyVersion"]["PolicyDocument"]) == json.loads(DOCUMENT), answer
    assert answer["Policy"]["PolicyName"] == caller.name, answer


@checks("ListPolicies")
def list_policies_of_the_account(caller):
    listed = caller.call("ListPolicies", PolicyType="Custom", MaxItems=1000)
    [ours] = [one for one in listed["Policies"]["Policy"] if one["PolicyName"] == caller.name]
    assert ours["PolicyType"] == "Custom" and ours["CreateDate"].endswith("Z") and listed["IsTruncated"] is False, listed


@checks("ListPolicies (pages)")
def list_policies_by_pages(caller):
    first = caller.call("ListPolicies", PolicyType="System", MaxItems=3)
    rest = caller.call("ListPolicies", PolicyType="System", MaxItems=1000, Marker=first["Marker"])
    assert first["IsTruncated"] is True and rest["IsTruncated"] is False, first
    names = [one["PolicyName"] for page in [first, rest] for one in page["Policies"]["Policy"]]
    assert len(first["Policies"]["Policy"]) == 3 and len(set(names)) == len(names) > 5, names


@checks("GetPolicy (System)")
def get_system_policy(caller):
    answer = caller.call("GetPolicy", PolicyType="System", PolicyName="AliyunActionTrailRolePolicy")
    assert "innertrail_*" in answer["DefaultPolicyVersion"]["PolicyDocument"], answer


@checks("GetPolicyVersion")
def get_policy_version(caller):
    answer = caller.call("GetPolicyVersion", PolicyType="Custom", PolicyName=caller.name, VersionId="v1")
    assert json.loads(answer["PolicyVersion"]["PolicyDocument"]) == json.loads(DOCUMENT), answer


@checks("DeletePolicy (DeleteConflict.Policy.Role)")
def delete_attached_policy(caller):
    caller.call("AttachPolicyToRole", **ours(caller))
    caller.refused("DeleteConflict.Policy.Role", "DeletePolicy", PolicyName=caller.name)
    caller.call("DetachPolicyFromRole", **ours(caller))


@checks("AttachPolicyToRole")
def attach(caller):
    caller.call("AttachPolicyToRole", **ours(caller))


@checks("AttachPolicyToRole (EntityNotExist.Policy)")
def attach_nothing(caller):
    absent = ours(caller) | {"PolicyName": "sdk-absent"}
    caller.refused("EntityNotExist.Policy", "AttachPolicyToRole", **absent)


@checks("ListPoliciesForRole")
def list_policies(caller):
    listed = caller.call("ListPoliciesForRole", RoleName=caller.name)["Policies"]["Policy"]
    assert [(one["PolicyName"], one["PolicyType"]) for one in listed] == [(caller.name, "Custom")], listed


@checks("ListPoliciesForRole (none)")
def list_no_policies(caller):
    caller.call("DetachPolicyFromRole", **ours(caller))
    assert caller.call("ListPoliciesForRole", RoleName=caller.name)["Policies"]["Policy"] == []
    caller.call("AttachPolicyToRole", **ours(caller))


@checks("DetachPolicyFromRole")
def detach(caller):
    caller.call("DetachPolicyFromRole", **ours(caller))
    caller.refused("EntityNotExist.Role.Policy", "DetachPolicyFromRole", **ours(caller))


@checks("DeletePolicy")
def delete_policy(caller):
    caller.call("DeletePolicy", PolicyName=caller.name)
    caller.refused("EntityNotExist.Policy", "GetPolicy", PolicyType="Custom", PolicyName=caller.name)


@checks("DeleteRole")
def delete_role(caller):
    caller.call("DeleteRole", RoleName=caller.name)
    caller.refused("EntityNotExist.Role", "GetRole", RoleName=caller.name)


@checks("CreateServiceLinkedRole")
def create_service_linked_role(caller):
    try:
        answer = caller.call("CreateServiceLinkedRole", ServiceName="actiontrail.aliyuncs.com")
    except Exception as error:
        # The first column made it, and no operation of the emulator removes it.
        assert "EntityAlreadyExists.Role" in str(error), error
        return
    assert answer["Role"]["RoleName"] == "AliyunServiceRoleForActionTrail", answer


@checks("CreateUser")
def create_user(caller):
    said = {"DisplayName": "für Prüfungen", "Comments": "of the checks", "Email": "c@example.org"}
    user = caller.call("CreateUser", UserName=f"{caller.name}.u", **said)["User"]
    assert user["UserName"] == f"{caller.name}.u" and user["UserId"], user


@checks("GetUser")
def get_user(caller):
    user = caller.call("GetUser", UserName=f"{caller.name}.u")["User"]
    assert user["UserName"] == f"{caller.name}.u" and user["UserId"], user
    assert (user["DisplayName"], user["Comments"]) == ("für Prüfungen", "of the checks"), user
    assert user["CreateDate"].endswith("Z") and user["UpdateDate"].endswith("Z"), user
    caller.refused("EntityNotExist.User", "GetUser", UserName="sdk-absent")


@checks("ListUsers")
def list_users(caller):
    listed = caller.call("ListUsers", MaxItems=1000)["Users"]["User"]
    assert f"{caller.name}.u" in [user["UserName"] for user in listed], listed


@checks("CreateAccessKey")
def create_access_key(caller):
    key = caller.call("CreateAccessKey", UserName=f"{caller.name}.u")["AccessKey"]
    assert key["Status"] == "Active", key
    user = caller.again(caller.emulator.with_key(key_id=key["AccessKeyId"], secret=key["AccessKeySecret"]))
    user.refused("NoPermission", "GetRole", RoleName="AliyunActionTrailDefaultRole")


@checks("ListAccessKeys")
def list_access_keys(caller):
    keys = caller.call("ListAccessKeys", UserName=f"{caller.name}.u")["AccessKeys"]["AccessKey"]
    assert [key["Status"] for key in keys] == ["Active"] and "AccessKeySecret" not in keys[0], keys
    assert keys[0]["CreateDate"].endswith("Z"), keys


def reading(caller):
    """A system policy on the column's own user."""
    return {"PolicyType": "System", "PolicyName": "AliyunRAMReadOnlyAccess", "UserName": f"{caller.name}.u"}


@checks("AttachPolicyToUser")
def attach_to_user(caller):
    caller.call("AttachPolicyToUser", **reading(caller))
    caller.refused("EntityAlreadyExists.User.Policy", "AttachPolicyToUser", **reading(caller))


@checks("ListPoliciesForUser")
def list_user_policies(caller):
    listed = caller.call("ListPoliciesForUser", UserName=f"{caller.name}.u")["Policies"]["Policy"]
    assert [one["PolicyName"] for one in listed] == ["AliyunRAMReadOnlyAccess"], listed


@checks("DetachPolicyFromUser")
def detach_from_user(caller):
    caller.call("DetachPolicyFromUser", **reading(caller))
    assert caller.call("ListPoliciesForUser", UserName=f"{caller.name}.u")["Policies"]["Policy"] == []


@checks("DeleteUser (DeleteConflict.User.AccessKey)")
def delete_user_with_key(caller):
    caller.refused("DeleteConflict.User.AccessKey", "DeleteUser", UserName=f"{caller.name}.u")


@checks("DeleteAccessKey")
def delete_access_key(caller):
    user = {"UserName": f"{caller.name}.u"}
    [key] = caller.call("ListAccessKeys", **user)["AccessKeys"]["AccessKey"]
    caller.call("DeleteAccessKey", UserAccessKeyId=key["AccessKeyId"], **user)
    assert caller.call("ListAccessKeys", **user)["AccessKeys"]["AccessKey"] == []
    caller.refused("EntityNotExist.User.AccessKey", "DeleteAccessKey", UserAccessKeyId=key["AccessKeyId"], **user)


@checks("DeleteUser")
def delete_user(caller):
    caller.call("DeleteUser", UserName=f"{caller.name}.u")
    caller.refused("EntityNotExist.User", "GetUser", UserName=f"{caller.name}.u")
