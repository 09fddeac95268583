"""Kills processes of a search at random and looks at what is left. See kill.sh."""
import collections
import json
import os
import random
import signal
import subprocess
import sys
import time

program, table, rounds = os.path.abspath(sys.argv[1]), sys.argv[2], int(sys.argv[3])
seed = int(os.environ.get("SEED", time.time()))
random.seed(seed)
print(f"seed {seed}")
search = [program, "search", table, "--label", "diagnosis", "--trials", "1200",
          "--epochs", "200", "-j", "2", "--study", "kill.nas.db", "-q"]


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            fields = open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(name))
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def finished():
    """Evaluations that are done, each with its value; fails if one is there twice."""
    out = subprocess.run([program, "trials", "--json", "kill.nas.db"], check=True,
                         capture_output=True, text=True).stdout
    done = {}
    for trial in json.loads(out)["trials"]:
        specs = collections.Counter()
        for e in trial["evaluations"]:
            spec = (trial["trial"], e["purpose"], e["rung"], e["fold"], e["repeat"])
            specs[spec] += 1
            assert specs[spec] == 1, f"stored twice: {spec}"
            if e["state"] == "done":
                done[spec] = (e["value"], e["finished_ms"])
    return done


before, workers, supervisors = {}, 0, 0
for _ in range(rounds):
    process = subprocess.Popen(search, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.1 + 3 * random.random())
    targets = children(process.pid)
    if targets and random.random() < 0.6:
        kill(random.choice(targets))
        workers += 1
        time.sleep(1.5 * random.random())
    if process.poll() is None:
        kill(process.pid)
        supervisors += 1
    process.wait()
    if not os.path.exists("kill.nas.db"):
        continue
    now = finished()
    lost = [spec for spec in before if now.get(spec) != before[spec]]
    assert not lost, f"lost or changed: {lost[:3]}"
    before = now
print(f"killed {workers} workers and {supervisors} supervisors; "
      f"{len(before)} evaluations done, none lost, none twice")
subprocess.run(search, check=True, stdout=subprocess.DEVNULL)
now = finished()
assert all(now.get(spec) == before[spec] for spec in before)
states = collections.Counter()
out = subprocess.run([program, "trials", "--json", "kill.nas.db"], check=True,
                     capture_output=True, text=True).stdout
for trial in json.loads(out)["trials"]:
    for e in trial["evaluations"]:
        states[e["state"]] += 1
print(f"then finished: {dict(states)}")
assert states["running"] == 0 and states["queued"] == 0, states
