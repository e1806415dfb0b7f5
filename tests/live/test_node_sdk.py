"""The official Node SDK: each case is one function of node/cases.mjs, run in one process that prints a line of
JSON a case."""
import json
import os
import subprocess

import pytest
from conftest import Weir, config

import provider as mock

CASES = ["plain", "iterate", "helper", "usage", "tools", "unknown_model", "bad_request",
         "one_request_when_exhausted", "failover", "after_clean", "after_done", "after_cut", "after_error",
         "after_reset", "helper_after_clean", "helper_after_cut", "helper_after_error", "abort"]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    providers = mock.Provider("one", mock.SCRIPTS), mock.Provider("two", mock.SCRIPTS)
    weir = Weir(tmp_path_factory.mktemp("node"), config(*providers))
    env = {**os.environ, "WEIR_URL": f"http://127.0.0.1:{weir.port}/v1", "WANT": mock.TEXT}
    r = subprocess.run(["node", "cases.mjs", *CASES], cwd=os.environ["LIVE_NODE"], env=env, capture_output=True,
                       text=True, timeout=120)
    weir.wait_metric("weir_exchanges_open", 0)
    weir.stop()
    [p.close() for p in providers]
    assert r.returncode == 0, r.stderr
    return {line["case"]: line for line in map(json.loads, r.stdout.splitlines())}


@pytest.mark.parametrize("case", CASES)
def test_node(results, case):
    assert results[case]["ok"], results[case].get("why")
