"""pytest plugin: one `ok NAME` / `not ok NAME` / `skip NAME: why` line a test, and the closing count."""
counts = {"passed": 0, "failed": 0, "skipped": 0}


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        if report.when == "teardown" and report.outcome == "passed":
            return
        counts[report.outcome] += 1
        word = {"passed": "ok", "failed": "not ok", "skipped": "skip"}[report.outcome]
        why = f": {report.longrepr[2].removeprefix('Skipped: ')}" if report.skipped else ""
        print(f"\n{word} {report.nodeid.split('/')[-1]}{why}", flush=True)


def pytest_unconfigure(config):
    tail = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"\n{counts['passed']} passed, {counts['failed']} failed{tail}", flush=True)
