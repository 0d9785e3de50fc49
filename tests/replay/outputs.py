# SPDX-License-Identifier: MIT
"""What holds for the output of every replay case, in every format: the forms parse, they say the
same, the first line can be read in a text message, and the tables of the module are the truth.
Arguments name cases: run/failed-pdb."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import exposition
import schema as schemas

HERE = pathlib.Path(__file__).resolve().parent
TOP = pathlib.Path(os.environ.get("top_srcdir", HERE.parent.parent)).resolve()
BUILD = pathlib.Path(os.environ["top_builddir"]).resolve()
CHECK_FLEET = os.environ.get("CHECK_FLEET", str(BUILD / "check_fleet"))
MODULES = os.environ.get("MODULES_DIR", str(BUILD / "plugins/checks/.libs"))
SCHEMA = json.loads((TOP / "packaging/check.schema.json").read_text())
STATES = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
BADNESS = {"OK": 0, "UNKNOWN": 1, "WARNING": 2, "CRITICAL": 3}
CUT = re.compile(r"\.\.\. [0-9]+ more lines?")
PERF = re.compile(
    r"(?:'((?:[^'=]|'')+)'|([^ '=|]+))=(U|-?[0-9]+)(s|ms|us|%|B|KB|MB|GB|c)?"
    r"(?:;([^; ]*))?(?:;([^; ]*))?(?:;(-?[0-9]*))?(?:;(-?[0-9]*))?(?: |$)"
)
RANGE = re.compile(r"@?((-?[0-9]+|~)?:)?(-?[0-9]+)?")
failures = []
families_seen = {}


class Case:
    def __init__(self, name):
        self.name = name
        self.module = name.split("/")[0]
        self.dir = HERE / name

    def complain(self, what):
        failures.append(f"{self.name}: {what}")

    def hold(self, truth, what):
        if not truth:
            self.complain(what)
        return truth

    def replay(self, form):
        replay = os.environ.get("REPLAY", str(BUILD / "tests/replay/replay"))
        done = subprocess.run(
            [replay, self.module, str(self.dir), form],
            env={**os.environ, "MODULES_DIR": MODULES}, stdout=subprocess.PIPE, check=False,
        )
        self.hold(done.returncode == 0, f"replay {form} failed: {done.returncode}")
        self.hold(len(done.stdout) <= (1 << 20) + 10, f"{form} is too large")
        text = done.stdout.decode("utf-8")  # strict
        found = re.fullmatch(r"(.*?)exit ([0-3])\n", text, re.S)
        return found[1], int(found[2])

    def verbosity(self):
        args = self.dir / "args"
        return args.exists() and "-v" in args.read_text().split("\n")


def describe(module):
    program = [CHECK_FLEET, module, "--module-dir", MODULES, "--describe"]
    return json.loads(subprocess.run(program, stdout=subprocess.PIPE, check=True).stdout)


def no_twice(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"a name twice in {names}")
    return dict(pairs)


# ---- The forms


def read_perf(case, text):
    """The perfdata of the first line as the JSON has it."""
    values, at = [], 0
    while at < len(text):
        found = PERF.match(text, at)
        if not case.hold(found, f"perfdata cannot be read from {text[at:]!r} on"):
            break
        quoted, plain, value, uom, warning, critical, low, high = found.groups()
        for limit in (warning, critical):
            case.hold(RANGE.fullmatch(limit or ""), f"not a range: {limit}")
        values.append({
            "label": quoted.replace("''", "'") if quoted else plain,
            "value": None if value == "U" else int(value), "uom": uom or "",
            "warning": warning or None, "critical": critical or None,
            "min": int(low) if low else None, "max": int(high) if high else None,
        })
        at = found.end()
    return values


def read_plugin(case, text, code):
    lines = text.split("\n")
    case.hold(text.endswith("\n"), "no line end at the end")
    case.hold(text.count("|") <= 1 and "|" not in "".join(lines[1:]), "a second |")
    case.hold(all(c == "\n" or c >= " " for c in text), "control characters")
    case.hold(len(text.encode()) <= 8000, "more than Nagios keeps")
    found = re.fullmatch(r"([A-Z0-9-]+) (OK|WARNING|CRITICAL|UNKNOWN) - (.*?)(?: \| (.*))?", lines[0])
    if not case.hold(found, f"first line: {lines[0]}"):
        return None
    case.hold(found[1] == case.module.upper(), "another module's name")
    case.hold(STATES.index(found[2]) == code, "the exit code is not the state's")
    return {"state": found[2], "summary": found[3], "perfdata": read_perf(case, found[4] or ""),
            "long": lines[1:-1], "first": lines[0]}


def read_json(case, text, code):
    case.hold(text.count("\n") == 1, "JSON is not one line")
    document = json.loads(text, object_pairs_hook=no_twice)
    for fault in schemas.faults(document, SCHEMA, SCHEMA):
        case.complain("JSON: " + fault)
    case.hold(document["exit_code"] == code == STATES.index(document["state"]), "JSON: exit code")
    return document


# ---- What they say


def same_as_plugin(case, plugin, document):
    for name in ("state", "summary"):
        case.hold(plugin[name] == document[name], f"JSON has another {name}: {document[name]}")
    # U has no unit in plugin output.
    theirs = [{**v, "uom": "" if v["value"] is None else v["uom"]} for v in document["perfdata"]]
    case.hold(plugin["perfdata"] == theirs, "JSON has other perfdata")
    parts = [f"[{part['state']}] {part['text']}" for part in document["parts"]]
    for line in plugin["long"]:
        case.hold(line in parts or line in document["lines"] or CUT.fullmatch(line),
                  f"JSON lacks the line {line}")
    if any(CUT.fullmatch(line) for line in plugin["long"]):
        return
    for part, text in zip(document["parts"], parts):
        if part["state"] != "OK" and part["text"] not in plugin["summary"]:
            case.hold(text in plugin["long"], f"plugin output lacks the part {text}")
    for line in document["lines"]:
        case.hold(line in plugin["long"] or not line, f"plugin output lacks the line {line}")


def tables_are_true(case, document, tables):
    rules = {rule["name"]: rule for rule in tables["rules"]}
    case.hold([(v["label"], v["uom"]) for v in document["perfdata"]]
              == [(row["label"], row["uom"]) for row in tables["perfs"]],
              f"perfdata is not what the table says: {[v['label'] for v in document['perfdata']]}")
    options = {option["name"] for option in tables["options"]}
    for part in document["parts"]:
        case.hold(BADNESS[part["state"]] <= BADNESS[document["state"]],
                  f"a part is worse than the whole: {part['text']}")
        case.hold(part["option"] is None or part["option"] in options,
                  f"a part names an option that is none: {part['option']}")
        rule = rules.get(part["rule"])
        if part["rule"] is None and re.match(r"(and|\.\.\.) [0-9]+ more", part["text"]):
            continue
        if not case.hold(rule, f"a part names the rule {part['rule']}: {part['text']}"):
            continue
        case.hold(part["when"] == rule["when"], "the rule's text")
        limits_are_true(case, part)
        by_option = (rule["states"] == "any" and part["state"] != "OK"
                     and not re.match(r"and [0-9]+ more", part["text"]))
        case.hold(not by_option or part["option"] or part["warning"] or part["critical"],
                  f"a part names neither limit nor option for its level: {part['text']}")
        case.hold(part["state"] == "OK" or part["state"] in rule["states"].split(", ")
                  or rule["states"] == "any",
                  f"rule {rule['name']} gives {part['state']}, which its table does not say")


def alerts(limit, value):
    """Does the range LIMIT of the plugin guidelines alert for VALUE?"""
    found = re.fullmatch(r"(@?)(?:(-?[0-9]*|~):)?(-?[0-9]*)", limit)
    inside, start, end = found.groups()
    low = float("-inf") if start == "~" else int(start or 0)
    high = int(end) if end else float("inf")
    return (low <= value <= high) == (inside == "@")


def limits_are_true(case, part):
    """A part that names a value and limits has the level that follows from them."""
    if part["value"] is None or not (part["warning"] or part["critical"]):
        return
    level = "OK"
    for limit, word in (("warning", "WARNING"), ("critical", "CRITICAL")):
        if part[limit] and alerts(part[limit], part["value"]):
            level = word
    case.hold(part["state"] == level, f"{part['value']} against {part['warning']} and "
              f"{part['critical']} is {level}, not {part['state']}: {part['text']}")


def clean(text):
    """What plugin output makes of the characters that names of the cases have."""
    return " ".join(text.translate(str.maketrans("|<>&", "/()+")).split())


def state_of_run(case, name):
    answer = json.loads((case.dir / "runs.json").read_text())
    for run in answer["value"]:
        if clean(run["name"]) == name:
            status = run.get("properties", {}).get("status") or {}
            return clean((status.get("status") or {}).get("state") or "without a state")
    return None


def first_line_says_it(case, document):
    """In the first 80 characters: the fleet, and the run and its state where there is one."""
    start = document["summary"][:80]
    if document["error"] and document["error"]["code"] == "usage":
        return  # about the command line, not about a fleet
    case.hold(not document["fleet"] or document["fleet"] in start, f"no fleet in: {start}")
    run = document["labels"].get("run")
    if run is None:
        return
    case.hold(run in start, f"no run in: {start}")
    if case.module in ("run", "runs"):
        state = state_of_run(case, run)
        case.hold(state and state in start, f"no state {state} in: {start}")


def as_metric(value):
    """Name, without the prefix, and value of a perfdata row: what check_fleet(1) says."""
    name = re.sub(r"_(total|count|sum|bucket)$", "", value["label"])
    if value["uom"] == "%":
        name = re.sub(r"^percent_|_percent$", "", name)
        return name + "_ratio", value["value"] / 100
    suffix, by = {"s": ("_seconds", 1), "B": ("_bytes", 1), "ms": ("_seconds", 0.001),
                  "": ("", 1), "c": ("", 1)}[value["uom"]]
    return name.removesuffix(suffix) + suffix, value["value"] * by


def metrics_say_it(case, text, document, tables):
    try:
        families = exposition.read(text)
    except exposition.Invalid as fault:
        case.complain(f"OpenMetrics: {fault}")
        return
    prefix = f"fleetmon_{case.module.replace('-', '_')}_"
    for name, (help_text, kind, samples) in families.items():
        case.hold(name.startswith((prefix, "fleetmon_check_")), f"metric {name}")
        case.hold(families_seen.setdefault(name, (help_text, kind)) == (help_text, kind),
                  f"{name} has another HELP than elsewhere")
        case.hold(len(samples) == 1, f"{name} has {len(samples)} samples")
    want = {name: value for name, value in
            (as_metric(v) for v in document["perfdata"] if v["value"] is not None)}
    have = {name.removeprefix(prefix): float(family[2][0][1]) for name, family in families.items()
            if name.startswith(prefix) and name != prefix + "info"}
    case.hold(want == have, f"OpenMetrics says {have}, JSON {want}")
    helps = {as_metric({**row, "value": 0})[0]: row["help"] for row in tables["perfs"]}
    for name in have:
        case.hold(families[prefix + name][0] == helps[name], f"HELP of {name}")
    labels, value = families["fleetmon_check_state"][2][0]
    case.hold(float(value) == document["exit_code"], "fleetmon_check_state")
    case.hold(labels["module"] == case.module and labels.get("fleet") == document["fleet"],
              f"labels of fleetmon_check_state: {labels}")
    if document["labels"]:
        about = families[prefix + "info"][2][0][0]
        for key, label in document["labels"].items():
            found = about.get("found_" + key, about.get(key, ""))
            case.hold(found[:100] == label[:100], f"info lacks {key}: {about}")
        for key, label in labels.items():
            case.hold(key == "module" or about.get(key) == label, f"info cannot join by {key}")
    # The series are the same whatever was found.
    del labels["module"]
    for name in have:
        case.hold(families[prefix + name][2][0][0] == labels, f"labels of {name}")


def explanation_says_it(case, text, plugin, document):
    lines = text.split("\n")
    case.hold(lines[0] == plugin["first"], "--explain has another first line")
    for part in document["parts"]:
        shown = f"[{part['state']}] {part['text']}"
        if not case.hold(shown in lines, f"--explain lacks {shown}") or not part["rule"]:
            continue
        because = [lines[i + 1] for i, line in enumerate(lines) if line == shown]
        case.hold(any(line.startswith(f"  because: rule {part['rule']}")
                      and (part["option"] or "") in line for line in because),
                  f"--explain does not say why: {because}")
    for line in plugin["long"]:
        case.hold(line in lines or CUT.fullmatch(line), f"--explain lacks {line}")
    for one in document["data"]:
        case.hold(any(line.startswith(f"data: {one['kind']}, ") and one["read"] in line
                      and f"request id {one['correlation_id']}" in line for line in lines),
                  f"--explain does not say where {one['kind']} is from")


def check(case, tables):
    text, code = case.replay("plugin")
    plugin = read_plugin(case, text, code)
    text, json_code = case.replay("json")
    document = read_json(case, text, json_code)
    case.hold(code == json_code, "JSON has another exit code")
    if not plugin:
        return
    same_as_plugin(case, plugin, document)
    tables_are_true(case, document, tables)
    first_line_says_it(case, document)
    text, metrics_code = case.replay("openmetrics")
    case.hold(code == metrics_code, "OpenMetrics has another exit code")
    metrics_say_it(case, text, document, tables)
    text, explained_code = case.replay("explain")
    case.hold(code == explained_code, "--explain has another exit code")
    explanation_says_it(case, text, plugin, document)


def failure_says_it(module, tables, name, arguments):
    """A check that cannot begin: every format says so, with every label. Returns the document."""
    case = Case(f"{module}/{name}")
    forms = {}
    for form in ("plugin", "json", "openmetrics"):
        done = subprocess.run(
            [CHECK_FLEET, module, "--module-dir", MODULES, *arguments,
             "--output", form], stdout=subprocess.PIPE, check=False)
        case.hold(done.returncode == 3, f"{form}: exit {done.returncode}")
        forms[form] = done.stdout.decode("utf-8")
    plugin = read_plugin(case, forms["plugin"], 3)
    document = read_json(case, forms["json"], 3)
    same_as_plugin(case, plugin, document)
    tables_are_true(case, document, tables)
    case.hold(document["error"], "no error")
    case.hold(all(value["value"] is None for value in document["perfdata"]), "values from nowhere")
    metrics_say_it(case, forms["openmetrics"], document, tables)
    return case, document


CONFIGURATION = """
cache_dir = "DIR/cache";
credentials: { app: { type = "client_secret"; secret_file = "DIR/none";
    tenant = "00000000-0000-0000-0000-000000000001";
    client_id = "00000000-0000-0000-0000-000000000002"; }; };
fleets: { prod: { subscription = "00000000-0000-0000-0000-000000000003"; resource_group = "rg-fleet";
    fleet = "contoso"; reader = "app"; }; };
estates: { prod: { reader = "app"; }; };
"""


def failures_say_it(module, tables):
    case, document = failure_says_it(module, tables, "no-configuration",
                                     ["--config", "/nonexistent/fleetmon.conf"])
    case.hold(document["error"]["code"] == "configuration", f"error {document['error']}")
    case.hold("/nonexistent/fleetmon.conf" in document["error"]["message"], "error.message")
    # Whoever looks at the monitoring itself has something to say without a secret, too.
    if not tables["needs"] or "permissions" in tables["needs"]:
        return
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "fleetmon.conf")
        config.write_text(CONFIGURATION.replace("DIR", folder))
        config.chmod(0o600)
        pathlib.Path(folder, "cache").mkdir(0o700)
        case, document = failure_says_it(module, tables, "no-secret", ["--config", str(config)])
    case.hold(document["fleet"] == "prod", f"fleet {document['fleet']}")
    about = "" if tables["needs"] == ["estate"] else "/fleets/contoso"
    case.hold((document["fleet_id"] or "").endswith(about), f"{document['fleet_id']}")
    case.hold(about or not document["fleet_id"], f"an estate's {document['fleet_id']}")
    case.hold(f"{folder}/none" in document["error"]["message"], f"error {document['error']}")
    first_line_says_it(case, document)


def main():
    # A sweep like those of tests/faults/action-lib.sh: FLEETMON_STRIDE thins it.
    names = sys.argv[1:] or sorted(
        str(now.parent.relative_to(HERE)) for now in HERE.glob("*/*/now")
        if os.path.exists(f"{MODULES}/{now.parent.parent.name}.so"))[
            ::int(os.environ.get("FLEETMON_STRIDE", "1"))]
    tables, begun = {}, set()
    for name in names:
        case = Case(name)
        if case.module not in tables:
            tables[case.module] = describe(case.module)
        try:
            if case.module not in begun:
                begun.add(case.module)
                failures_say_it(case.module, tables[case.module])
            check(case, tables[case.module])
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            case.complain(f"{type(fault).__name__}: {fault}")
    manual = (TOP / "packaging/man/check_fleet.1").read_text()
    for field in SCHEMA["properties"]:
        if not re.search(rf"(^\.BR?|\") {field}( \"|$)", manual, re.M):
            failures.append(f"check_fleet.1 does not describe {field}")
    for failure in failures:
        print("not ok -", failure)
    print(f"outputs: {len(names)} cases, {len(failures)} failed")
    return 1 if failures or not names else 0


if __name__ == "__main__":
    sys.exit(main())
