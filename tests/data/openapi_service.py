"""Serves an OpenAPI 3.0 document strictly: what the document does not allow is refused, with the reason, and counted.

    python3 tests/data/openapi_service.py DOCUMENT.json

It prints its address, and runs until it is stopped. Every parameter and body is held against its schema; authorization is
asked for where the document says so (any token will do). A good request gets the first good status of its operation.
`GET /_seen` tells how often each operation was answered well, and each refusal. Only the standard library is needed.
"""

import collections
import datetime
import json
import re
import sys
from email import message_from_bytes
from email.policy import HTTP
from urllib.parse import parse_qsl, unquote

sys.dont_write_bytecode = True
from plain_http import run  # noqa: E402

with open(sys.argv[1], encoding="utf-8") as file:
    DOCUMENT = json.load(file)
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
SEEN, REFUSED = collections.Counter(), collections.Counter()


class Refused(Exception):
    """A request that the document does not allow."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status, self.why = status, why


def resolved(value):
    while "$ref" in value:
        target = DOCUMENT
        for part in value["$ref"].lstrip("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def is_of_type(kind, value):
    if kind in ("integer", "number"):
        whole = not isinstance(value, float) or value.is_integer()
        return isinstance(value, (int, float)) and not isinstance(value, bool) and (kind == "number" or whole)
    return isinstance(value, {"object": dict, "array": list, "string": str, "boolean": bool}[kind])


def is_date(text):
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text) and datetime.date.fromisoformat(text)


def is_time(text):
    whole = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    return whole and is_date(whole[1]) and datetime.time.fromisoformat(whole[2])


FORMATS = {
    "uuid": lambda text: re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text),
    "date": is_date,
    "date-time": is_time,
    "email": lambda text: re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text),
    "uri": lambda text: re.fullmatch(r"[a-z]+://\S+", text),
}


def check(schema, value, where):
    """Raises unless the schema allows the value."""
    schema = resolved(schema)
    def must(holds, what):
        if not holds:
            raise Refused(422, f"{where}: {json.dumps(value)[:60]} {what}")

    if value is None:
        must(schema.get("nullable"), "may not be null")
        return
    if "type" in schema:
        must(is_of_type(schema["type"], value), f"is no {schema['type']}")
    if "enum" in schema:
        must(value in schema["enum"], f"is none of {schema['enum']}")
    for part in schema.get("allOf", []):
        check(part, value, where)
    for word in ("oneOf", "anyOf"):
        if word in schema:
            fits = 0
            for part in schema[word]:
                try:
                    check(part, value, where)
                    fits += 1
                except Refused:
                    pass
            must(fits == 1 or word == "anyOf" and fits > 0, f"fits {fits} of {word}")
    if isinstance(value, dict):
        for name in schema.get("required", []):
            must(name in value, f"lacks {name}")
        must(len(value) >= schema.get("minProperties", 0), "has too few properties")
        for name, inner in value.items():
            if name in schema.get("properties", {}):
                must(not resolved(schema["properties"][name]).get("readOnly"), f"has {name}, which is read only")
                check(schema["properties"][name], inner, f"{where}/{name}")
            elif schema.get("additionalProperties") is False:
                must(False, f"has {name}, which is not allowed")
            elif isinstance(schema.get("additionalProperties"), dict):
                check(schema["additionalProperties"], inner, f"{where}/{name}")
    if isinstance(value, list):
        must(schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)), "has too few or many items")
        must(not schema.get("uniqueItems") or len({json.dumps(item) for item in value}) == len(value), "repeats an item")
        for item in value:
            check(schema.get("items", {}), item, f"{where}/items")
    if isinstance(value, str):
        must(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)), "has a wrong length")
        must(re.search(schema.get("pattern", ""), value), "does not fit the pattern")
        must(FORMATS.get(schema.get("format"), lambda _: True)(value), f"is no {schema.get('format')}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        least, most = schema.get("minimum", value), schema.get("maximum", value)
        must(least <= value <= most, "is out of range")
        must(not schema.get("exclusiveMinimum") or value > least, "is the excluded minimum")
        must(not schema.get("exclusiveMaximum") or value < most, "is the excluded maximum")
        times = value / schema.get("multipleOf", 1)
        must("multipleOf" not in schema or abs(times - round(times)) < 1e-6, "is no multiple")


def of_text(schema, text):
    """A text of a URL, a header or a form as what its schema says."""
    kind = resolved(schema).get("type")
    if kind in ("integer", "number", "boolean"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def parameter(described, path_values, query, headers):
    described = resolved(described)
    name, place, schema = described["name"], described["in"], described.get("schema", {})
    inner = resolved(schema)
    if place == "path":
        value = of_text(schema, path_values[name])
    elif place == "query" and inner.get("type") == "object":
        pairs = {key: text for key, text in query if key.startswith(f"{name}[")}
        query[:] = [pair for pair in query if not pair[0].startswith(f"{name}[")]
        value = {key[len(name) + 1 : -1]: of_text(inner["properties"].get(key[len(name) + 1 : -1], {}), text) for key, text in pairs.items()} or None
    elif place == "query":
        texts = [text for key, text in query if key == name]
        query[:] = [pair for pair in query if pair[0] != name]
        if inner.get("type") == "array":
            if texts and described.get("explode") is False:
                texts = texts[0].split(",")
            value = [of_text(inner.get("items", {}), text) for text in texts] or None
        else:
            value = of_text(schema, texts[0]) if texts else None
    else:
        source = headers if place == "header" else dict(part.strip().split("=", 1) for part in headers.get("cookie", "").split(";") if "=" in part)
        text = source.get(name.lower() if place == "header" else name)
        value = None if text is None else of_text(schema, text)
    if value is None:
        if described.get("required"):
            raise Refused(400, f"the {place} parameter {name} is not there")
        return
    check(schema, value, f"{place} {name}")


def is_allowed(requirement, headers, query):
    schemes = DOCUMENT["components"]["securitySchemes"]
    authorization = headers.get("authorization", "")
    for name in requirement:
        scheme = schemes[name]
        keys = [key for key, _ in query]
        has = {
            "oauth2": re.fullmatch("Bearer .+", authorization),
            "http": re.fullmatch("Basic .+", authorization),
            "apiKey": scheme.get("in") == "query" and scheme.get("name") in keys,
        }[scheme["type"]]
        if not has:
            return False
    return True


def body_of(described, kind, body):
    described = resolved(described)
    content = described["content"]
    plain = kind.split(";")[0].strip()
    if not body and not described.get("required"):
        return
    if plain not in content:
        raise Refused(415, f"{plain or 'no type'} is none of {list(content)}")
    schema = content[plain].get("schema", {})
    fields = resolved(schema).get("properties", {})
    if plain.endswith("json"):
        try:
            value = json.loads(body)
        except ValueError:
            raise Refused(400, f"the body is no JSON: {body[:80]!r}") from None
    elif plain == "application/x-www-form-urlencoded":
        value = {name: of_text(fields.get(name, {}), text) for name, text in parse_qsl(body.decode(), keep_blank_values=True)}
    elif plain == "multipart/form-data":
        message = message_from_bytes(f"content-type: {kind}\r\n\r\n".encode() + body, policy=HTTP)
        value = {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            value[name] = of_text(fields.get(name, {}), part.get_payload(decode=True).decode())
    else:
        value = body.decode()
    check(schema, value, "body")


def operation_of(method, path):
    for template, item in DOCUMENT["paths"].items():
        names = re.findall(r"{([^}]+)}", template)
        pattern = "".join("([^/]+)" if part.startswith("{") else re.escape(part) for part in re.split(r"({[^}]+})", template))
        found = re.fullmatch(pattern, path)
        if found and method in item:
            return item, item[method], dict(zip(names, map(unquote, found.groups())))
    raise Refused(404, f"{method} {path} is not in the document")


def answer(method, target, headers, body):
    path, _, text = target.partition("?")
    if path == "/_seen":
        return 200, {"seen": SEEN, "refused": REFUSED}
    name = f"{method} {path}"
    try:
        item, operation, values = operation_of(method.lower(), path)
        name = operation["operationId"]
        query = parse_qsl(text, keep_blank_values=True)
        allowed = operation.get("security", DOCUMENT.get("security", []))
        if allowed and not any(is_allowed(one, headers, query) for one in allowed):
            raise Refused(401, "no authorization")
        query = [pair for pair in query if pair[0] not in [scheme.get("name") for scheme in DOCUMENT["components"]["securitySchemes"].values()]]
        for described in [*item.get("parameters", []), *operation.get("parameters", [])]:
            parameter(described, values, query, headers)
        if query:
            raise Refused(400, f"{query[0][0]} is no parameter")
        if "requestBody" in operation:
            body_of(operation["requestBody"], headers.get("content-type", ""), body)
        elif body:
            raise Refused(400, "no body is described")
        SEEN[name] += 1
        good = next(status for status in operation["responses"] if status.startswith("2"))
        return (int(good) if good.isdigit() else 200), {}
    except Refused as refused:
        REFUSED[f"{name}: {refused.why}"] += 1
        return refused.status, {"error": refused.why}


def written(method, target, headers, body):
    status, content = answer(method, target, headers, body)
    content = b"" if method == "HEAD" or status == 204 else json.dumps(content).encode()
    length = "" if status == 204 else f"content-length: {len(content)}\r\n"
    return f"HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n{length}\r\n".encode() + content


if __name__ == "__main__":
    run(written)
