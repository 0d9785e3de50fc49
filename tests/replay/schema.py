# SPDX-License-Identifier: MIT
"""Holds a document against a JSON schema of the few words that check.schema.json uses; a field that
the schema does not describe is a fault, and so is a word that is not known here."""
import re

TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}
KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "type", "required", "properties",
    "additionalProperties", "items", "enum", "const", "minimum", "pattern",
}


def faults(value, schema, root, path="$"):
    """Yields what is wrong with VALUE, one text each."""
    for word in set(schema) - KNOWN:
        yield f"{path}: the schema says {word}, which this test does not know"
    if "$ref" in schema:
        yield from faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, path)
    types = schema.get("type", [])
    types = types if isinstance(types, list) else [types]
    if types and not any(TYPES[name](value) for name in types):
        yield f"{path}: {value!r} is not {' or '.join(types)}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{path}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if "minimum" in schema and value is not None and value < schema["minimum"]:
        yield f"{path}: {value!r} is too small"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{path}: {value!r} does not look like {schema['pattern']}"
    if isinstance(value, dict):
        yield from object_faults(value, schema, root, path)
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from faults(item, schema["items"], root, f"{path}[{i}]")


def object_faults(value, schema, root, path):
    properties, other = schema.get("properties", {}), schema.get("additionalProperties")
    for name in schema.get("required", []):
        if name not in value:
            yield f"{path}: {name} is missing"
    for name in set(properties) - set(schema.get("required", [])):
        yield f"{path}: the schema does not require {name}"
    for name, item in value.items():
        if name not in properties and other is None:
            yield f"{path}: {name} is not in the schema"
        else:
            yield from faults(item, properties.get(name, other), root, f"{path}.{name}")
