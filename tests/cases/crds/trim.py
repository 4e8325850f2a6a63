"""Writes the CRDs of this folder from the files that their projects publish: trim.py FOLDER (needs PyYAML).

What no test reads is left out: descriptions, CEL rules, other kinds and versions, and parts of Gloo that are not about routing.
"""

import pathlib
import sys

import yaml

# The published file, the kind and the version, and the file of this folder.
CRDS = [
    ("gw-std.yaml", "HTTPRoute", "v1", "gateway-standard-HTTPRoute.yaml"),
    ("gw-exp.yaml", "HTTPRoute", "v1", "gateway-experimental-HTTPRoute.yaml"),
    ("istio.yaml", "VirtualService", "v1", "istio-VirtualService.yaml"),
    ("istio.yaml", "DestinationRule", "v1", "istio-DestinationRule.yaml"),
    ("gloo-VirtualService.yaml", "VirtualService", "v1", "gloo-VirtualService.yaml"),
    ("gloo-RouteTable.yaml", "RouteTable", "v1", "gloo-RouteTable.yaml"),
]


def fields(name, schemas, gloo):
    """The fields of an object. A field that is left out is an unknown field to the tests, which refuse it."""
    if gloo:
        without = {"destinationSpec", "namespacedStatuses", "sslConfig", "status", "subset"}
        schemas = {field: schema for field, schema in schemas.items() if field not in without}
        if name == "options":
            schemas = {field: schema for field, schema in schemas.items() if field == "headerManipulation"}
    return {field: trimmed(schema, gloo, field) for field, schema in schemas.items()}


def trimmed(schema, gloo, name=""):
    if isinstance(schema, list):
        return [trimmed(item, gloo) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in ("description", "x-kubernetes-validations")}
    return {
        key: fields(name, value, gloo) if key == "properties" else trimmed(value, gloo, name)
        for key, value in kept.items()
    }


def crd(path, kind, version):
    documents = yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader)
    (whole,) = [document for document in documents if document and document["spec"]["names"]["kind"] == kind]
    (found,) = [entry for entry in whole["spec"]["versions"] if entry["name"] == version]
    schema = trimmed(found["schema"]["openAPIV3Schema"], path.name.startswith("gloo"))
    versions = [{"name": version, "schema": {"openAPIV3Schema": schema}}]
    return {"spec": {"group": whole["spec"]["group"], "names": {"kind": kind}, "versions": versions}}


here = pathlib.Path(__file__).parent
for file, kind, version, written in CRDS:
    text = yaml.dump(crd(pathlib.Path(sys.argv[1], file), kind, version), Dumper=yaml.CSafeDumper, width=120)
    (here / written).write_text(text)
