"""What the kernel knows of a process: CPU time, memory, instructions."""
import os
import pathlib
import shutil
import signal
import subprocess

TICK_NS = 10**9 // os.sysconf("SC_CLK_TCK")


def tree(pid):
    """The process and all that descend from it (nginx works in a child)."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def cpu_ns(pid):
    """CPU time of a process tree, all threads. schedstat counts nanoseconds; without it, stat counts ticks."""
    total = 0
    for p in tree(pid):
        try:
            for task in pathlib.Path(f"/proc/{p}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            fields = pathlib.Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) * TICK_NS
    return total


def shield(pid, nice):
    """Gives the session of a process a priority against other sessions (sched(7), autogroup); nice(1) alone acts
    only within a session. Returns the priority it had, or None where there are no autogroups or no right."""
    path = pathlib.Path(f"/proc/{pid}/autogroup")
    try:
        before = int(path.read_text().split()[-1])
        path.write_text(str(nice))
        return before
    except (OSError, ValueError, IndexError):
        return None


def machine_ns():
    """CPU time of all that runs here, interrupts included, and time the host took away; since boot."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
    busy = sum(int(fields[i]) for i in (1, 2, 3, 6, 7))
    return busy * TICK_NS, int(fields[8]) * TICK_NS


def own_ns(pids):
    """CPU time of this process, of its children that have ended, and of the living process trees given."""
    return int(sum(os.times()[:4]) * 1e9) + sum(cpu_ns(p) for p in pids)


def _kib(path, *keys):
    found = dict.fromkeys(keys, 0)
    for line in pathlib.Path(path).read_text().splitlines():
        key, _, rest = line.partition(":")
        if key in found:
            found[key] = int(rest.split()[0]) * 1024
    return found


def memory(pid):
    """Bytes of a process tree: VmRSS, and from smaps_rollup the proportional and the private part."""
    total = {"rss": 0, "pss": 0, "private": 0}
    for p in tree(pid):
        total["rss"] += _kib(f"/proc/{p}/status", "VmRSS")["VmRSS"]
        maps = _kib(f"/proc/{p}/smaps_rollup", "Pss", "Private_Clean", "Private_Dirty")
        total["pss"] += maps["Pss"]
        total["private"] += maps["Private_Clean"] + maps["Private_Dirty"]
    return total


def stripped_bytes(program, folder):
    """Size of a program without symbols, or None."""
    path = shutil.which(program) or program
    copy = pathlib.Path(folder) / "stripped"
    if not os.path.exists(path):
        return None
    if subprocess.run(["strip", "-o", copy, path], capture_output=True).returncode:
        return None
    return copy.stat().st_size


class Instructions:
    """Counts a process tree's instructions with perf; without such a counter value stays None."""

    works = None

    def __init__(self, pid):
        self.value = None
        self.perf = None
        if Instructions.works is None:
            Instructions.works = self._count(["true"]) is not None
        if Instructions.works:
            pids = ",".join(map(str, tree(pid)))
            self.perf = subprocess.Popen(["perf", "stat", "-x,", "-e", "instructions", "-p", pids],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    @staticmethod
    def _parse(text):
        for line in text.splitlines():
            fields = line.split(",")
            if len(fields) > 2 and "instructions" in fields[2] and fields[0].isdigit():
                return int(fields[0])
        return None

    @classmethod
    def _count(cls, command):
        if not shutil.which("perf"):
            return None
        full = ["perf", "stat", "-x,", "-e", "instructions", *command]
        done = subprocess.run(full, capture_output=True, text=True)
        return cls._parse(done.stderr)

    def stop(self):
        if self.perf:
            self.perf.send_signal(signal.SIGINT)
            self.value = self._parse(self.perf.communicate(timeout=10)[1])
            self.perf = None
        return self.value
