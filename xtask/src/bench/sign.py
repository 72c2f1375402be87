"""Makes a trail on the moto server at argv[1] and prints two requests signed with SigV4, as JSON."""

import json
import sys

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"
KEY = Credentials("bench", "bench")
endpoint = sys.argv[1]


def client(service):
    return boto3.client(
        service, endpoint_url=endpoint, region_name=REGION,
        aws_access_key_id=KEY.access_key, aws_secret_access_key=KEY.secret_key,
    )


def signed(service, headers, body):
    request = AWSRequest(method="POST", url=endpoint + "/", data=body, headers=headers)
    SigV4Auth(KEY, service, REGION).add_auth(request)
    prepared = request.prepare()
    return {"headers": dict(prepared.headers.items()), "body": body}


client("s3").create_bucket(Bucket="bench")
client("cloudtrail").create_trail(Name="bench", S3BucketName="bench")
form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
target = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails",
}
json.dump(
    {
        "GetCallerIdentity": signed("sts", form, "Action=GetCallerIdentity&Version=2011-06-15"),
        "DescribeTrails": signed("cloudtrail", target, "{}"),
    },
    sys.stdout,
)
