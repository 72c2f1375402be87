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
    user = caller.call("CreateUser", UserName=f"{caller.name}.u", DisplayName="für Prüfungen")["User"]
    assert user["UserName"] == f"{caller.name}.u" and user["UserId"], user


@checks("GetUser")
def get_user(caller):
    user = caller.call("GetUser", UserName=f"{caller.name}.u")["User"]
    assert user["UserName"] == f"{caller.name}.u" and user["UserId"], user
    caller.refused("EntityNotExist.User", "GetUser", UserName="sdk-absent")


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
