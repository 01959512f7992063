# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0
"""Prints what the Python client's watch shows of the user's namespaces, one JSON object a line.

It is written as the client's documentation tells: list, watch from there, and list again on 410.
"""

import json
import sys
import time

import urllib3
from kubernetes import client, config, watch

RESOURCE = ("tenantview.capsule.dev", "v1alpha1", "tenantnamespaces")


def tell(event, name):
    print(json.dumps({"observer": "python", "type": event, "name": name}), flush=True)


def relist(api, known):
    """Tells the difference to what is known, and returns the resourceVersion."""
    current = api.list_cluster_custom_object(*RESOURCE)
    names = {item["metadata"]["name"] for item in current["items"]}
    for name in sorted(known - names):
        tell("DELETED", name)
    for name in sorted(names - known):
        tell("ADDED", name)
    known.clear()
    known.update(names)
    return current["metadata"]["resourceVersion"]


def main():
    config.load_kube_config()
    api = client.CustomObjectsApi()
    known = set()
    while True:
        try:
            version = relist(api, known)
            for event in watch.Watch().stream(api.list_cluster_custom_object, *RESOURCE, resource_version=version):
                name = event["object"]["metadata"]["name"]
                if event["type"] == "DELETED":
                    known.discard(name)
                else:
                    known.add(name)
                tell(event["type"], name)
        except (client.ApiException, urllib3.exceptions.HTTPError) as err:
            print(err, file=sys.stderr, flush=True)
            time.sleep(0.2)


main()
