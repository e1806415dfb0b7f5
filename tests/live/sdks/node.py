"""Adapters in Node: one process each, started at the first use, a line of JSON for each request and each answer."""
import itertools
import json
import os
import subprocess


class Node:
    def __init__(self, script):
        self.script, self.process, self.numbers = script, None, itertools.count()

    def run(self, root, api, spec):
        if self.process is None:
            self.process = subprocess.Popen(["node", self.script], cwd=os.environ["LIVE_NODE"], text=True,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        number = next(self.numbers)
        self.process.stdin.write(json.dumps({"id": number, "root": root, "api": api, "spec": spec}) + "\n")
        self.process.stdin.flush()
        while line := self.process.stdout.readline():
            if line.startswith("{"):
                said = json.loads(line)
                if said["id"] == number:
                    assert "crash" not in said, said["crash"]
                    return said["answers"]
        raise AssertionError(f"{self.script} ended with {self.process.wait()}")

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait(10)
