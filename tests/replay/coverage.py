# SPDX-License-Identifier: MIT
"""Is every rule in a check module's table shown by a replay case, at every level that the table
promises? A rule whose states are "any" takes its level from an option: one case is enough, but not
one where all is well. Arguments name modules; without any, all modules that there are. With -v it
names the cases of each rule."""
import json
import pathlib
import subprocess
import sys

from outputs import BUILD, HERE, MODULES, STATES, Case, describe, failures


def listed(program, folder):
    """The modules that PROGRAM can load from FOLDER."""
    done = subprocess.run([str(BUILD / program), "--list", "--module-dir", folder],
                          stdout=subprocess.PIPE, check=True)
    return {line.split()[0] for line in done.stdout.decode().splitlines() if line.strip()}


def modules_there():
    """Every check module that can be loaded, and every one that has cases. Actions have no rules."""
    actions = listed("fleet_action", str(BUILD / "plugins/actions/.libs"))
    with_cases = {now.parent.parent.name for now in HERE.glob("*/*/now")}
    return sorted(listed("check_fleet", MODULES) | with_cases - actions)


def seen_in(module):
    """The cases by rule and state: {"failed": {"CRITICAL": ["runs/failed", ...]}}."""
    seen = {}
    for now in sorted(HERE.glob(f"{module}/*/now")):
        case = Case(f"{module}/{now.parent.name}")
        text, _ = case.replay("json")
        for part in json.loads(text)["parts"]:
            if part["rule"]:
                seen.setdefault(part["rule"], {}).setdefault(part["state"], set()).add(case.name)
    return seen


def wanted_states(rule):
    """What must be seen: each state of the table, or for "any" whatever is not OK."""
    if rule["states"] == "any":
        return [("WARNING, CRITICAL or UNKNOWN", set(STATES) - {"OK"})]
    return [(state, {state}) for state in rule["states"].split(", ")]


def check(module, is_verbose):
    tables = describe(module)
    where = f"tests/replay/{module}/CASE/{{now,args,expect,...}}"
    if not tables.get("rules"):
        failures.append(f"{module}: its table .rules is empty, so --explain cannot say why")
        return
    seen = seen_in(module)
    if not seen:
        failures.append(f"{module}: has no replay case with a part by a rule; write {where}")
        return
    for rule in tables["rules"]:
        name, states = rule["name"], seen.pop(rule["name"], {})
        if is_verbose:
            print(f"{module}: {name}: " + "; ".join(
                f"{state} by {len(cases)}: {min(cases)}" for state, cases in states.items()))
        if not states:
            failures.append(f"{module}: no case shows the rule {name} ({rule['states']}: "
                            f"{rule['when']}); write {where}, or take the rule out")
            continue
        for words, wanted in wanted_states(rule):
            if wanted & set(states):
                continue
            failures.append(f"{module}: the rule {name} is {words} in no case, only "
                            f"{', '.join(sorted(states))} (as in {min(min(states.values()))}); "
                            f"write {where}, or correct .states of the table")
    for name, states in seen.items():
        failures.append(f"{module}: {min(min(states.values()))} has a part by the rule {name}, "
                        f"which the table does not have")


def main(arguments):
    is_verbose = "-v" in arguments
    modules = [name for name in arguments if name != "-v"] or modules_there()
    for module in modules:
        try:
            check(module, is_verbose)
        except (subprocess.CalledProcessError, json.JSONDecodeError) as fault:
            failures.append(f"{module}: cannot be described: is it in plugins/modules.am? {fault}")
    for failure in failures:
        print(f"not ok - {failure}")
    print(f"coverage: {len(modules)} modules, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
