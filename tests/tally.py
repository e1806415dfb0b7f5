"""Turns meson's testlog.json into result lines: "ok NAME", "not ok NAME" or "skip NAME", one for each test case.

A program that prints TAP (cmocka does) counts by its cases, any other as one.  A program that ended badly has at least
one "not ok", whatever it printed before.  The output of programs that failed goes to standard error.
"""
import json
import re
import sys

CASE = re.compile(r"^(not )?ok\b\s*\d*\s*(?:-\s*)?(.*?)\s*(#\s*skip\b.*)?$", re.I)
PLAN = re.compile(r"^1\.\.(\d+)")
SHOWN = 60      # lines of a failed program's output


def cases(output):
    """(what, name) of each TAP case; None when the output is not TAP."""
    found, is_tap = [], False
    for line in output.splitlines():
        is_tap = is_tap or bool(PLAN.match(line))
        match = CASE.match(line)
        if match:
            what = "skip" if match.group(3) else "not ok" if match.group(1) else "ok"
            found.append((what, match.group(2)))
    return found if is_tap else None


def planned(output):
    return sum(int(m.group(1)) for m in map(PLAN.match, output.splitlines()) if m)


def results(run):
    name, result = run["name"], run["result"]
    output = run.get("stdout", "")
    found = cases(output)
    ended_well = result in ("OK", "EXPECTEDFAIL", "SKIP")
    if found is None:
        return [("skip" if result == "SKIP" else "ok" if ended_well else "not ok", name)]
    if ended_well and planned(output) != len(found):
        found.append(("not ok", "%d cases planned, %d run" % (planned(output), len(found))))
    if not ended_well and not any(what == "not ok" for what, _ in found):
        found.append(("not ok", "ended with %s after %d cases" % (result, len(found))))
    return [(what, "%s: %s" % (name, case)) for what, case in found]


def show(run):
    print("    ---- %s: %s ----" % (run["name"], run["result"]))
    for stream in ("stdout", "stderr"):
        said = [line for line in run.get(stream, "").splitlines() if not line.startswith("ok ")]
        for line in said[:SHOWN // 2] + said[SHOWN // 2:][-SHOWN // 2:]:
            print("    " + line)


def main(path):
    with open(path, encoding="utf-8") as log:
        runs = [json.loads(line) for line in log]
    failed = []
    for run in runs:
        run["name"] = run["name"].partition(":")[2] or run["name"]      # without the project
        found = results(run)
        for what, name in found:
            print(what, name)
        if any(what == "not ok" for what, _ in found):
            failed.append(run)
    for run in failed:
        show(run)


def selftest():
    def one(stdout, result="OK"):
        return [what for what, _ in results({"name": "n", "result": result, "stdout": stdout})]
    assert one("1..2\nok 1 - a\nnot ok 2 - b\n", "FAIL") == ["ok", "not ok"]
    assert one("1..2\nok 1 - a\n", "ERROR") == ["ok", "not ok"]
    assert one("1..2\nok 1 - a\n", "OK") == ["ok", "not ok"]
    assert one("1..2\nok 1 - a\nok 2 - b # SKIP no net\n") == ["ok", "skip"]
    assert one("ok then\n") == ["ok"]
    assert one("", "TIMEOUT") == ["not ok"]
    assert one("", "SKIP") == ["skip"]


if __name__ == "__main__":
    if sys.argv[1:] == ["--selftest"]:
        selftest()
    else:
        main(sys.argv[1])
