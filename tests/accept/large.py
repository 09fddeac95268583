"""Large data sets: memory, progress, interruption. See large.sh."""
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time

program, maker = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
gigabytes, images = float(sys.argv[3]), int(sys.argv[4])
LIMIT_MB = 500
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print(f"FAILED: {what}")


def tree(root):
    """The process and all below it."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parents[int(name)] = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    found = {root}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


class Memory:
    """Peaks of every process of a tree: VmHWM of the kernel is exact, its parts are
    what was seen."""

    def __init__(self):
        self.peak, self.anon, self.file = {}, {}, {}

    def look(self, root):
        for pid in tree(root):
            try:
                with open(f"/proc/{pid}/status") as file:
                    rows = dict(line.split(":", 1) for line in file if ":" in line)
                with open(f"/proc/{pid}/cmdline") as file:
                    words = file.read().split("\0")
            except OSError:
                continue
            if "VmHWM" not in rows or os.path.basename(words[0]) not in ("nasmith", "exe"):
                continue
            name = f"{words[1] if len(words) > 1 else '?'} {pid}"
            for store, key in ((self.peak, "VmHWM"), (self.anon, "RssAnon"),
                               (self.file, "RssFile")):
                store[name] = max(store.get(name, 0), int(rows[key].split()[0]) / 1000)

    def report(self, what):
        for name in sorted(self.peak, key=self.peak.get, reverse=True)[:4]:
            print(f"  {what}, {name}: {self.peak[name]:.0f} MB (own {self.anon[name]:.0f}, "
                  f"of files {self.file[name]:.0f})")
        worst = max(self.peak.values(), default=0)
        check(0 < worst <= LIMIT_MB, f"{what}: {worst:.0f} MB in memory, {LIMIT_MB} allowed")


def run(what, words, until=None):
    """Run on a terminal of its own for stderr. @param until: killed when it says so."""
    memory, seen = Memory(), bytearray()
    ours, theirs = pty.openpty()

    def drain():
        while True:
            try:
                got = os.read(ours, 65536)
            except OSError:
                return
            if not got:
                return
            seen.extend(got)

    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    start = time.time()
    with open("output.txt", "w") as output:
        process = subprocess.Popen([program, *words], stdout=output, stderr=theirs)
        os.close(theirs)
        killed = False
        while process.poll() is None:
            if until is None:
                memory.look(process.pid)
            if until is not None and not killed and until():
                process.send_signal(signal.SIGKILL)
                killed = True
            time.sleep(0.05 if until is None or killed else 0.002)
    reader.join(5)
    os.close(ours)
    seconds = time.time() - start
    if until is None:
        check(process.returncode == 0, f"{what}: exit code {process.returncode}\n"
              + seen.decode(errors="replace")[-2000:])
        memory.report(what)
        print(f"  {what}: {seconds:.0f} s")
    else:
        check(killed, f"{what}: it ended before it could be killed")
    return seen.decode(errors="replace"), seconds


def half_written(folder):
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [name for name in names if name.endswith(".tmp")]


def campaign(name, data):
    print(f"{name}:")
    text, seconds = run(f"{name} check", ["data", "check", data])
    if seconds > 4:
        check("reading rows" in text and " left" in text, f"{name} check: progress is shown")
    study, folder = f"{name}.nas.db", f"{name}.nas/data"
    search = ["search", data, "--study", study, "--trials", "2", "--epochs", "1",
              "-j", "2", "--no-report", "--export", "none"]

    def is_writing():
        try:
            return any(os.path.getsize(os.path.join(folder, name)) > 0
                       for name in half_written(folder))
        except FileNotFoundError:  # whole meanwhile
            return False

    run(f"{name} killed", search, until=is_writing)
    check(len(half_written(folder)) > 0, f"{name}: the kill left something half written")
    check(not os.path.exists(os.path.join(folder, "search.nasd")),
          f"{name}: nothing half written is taken for whole")
    run(f"{name} search", search)
    check(os.path.exists(os.path.join(folder, "search.nasd")), f"{name}: prepared")
    check(half_written(folder) == [], f"{name}: nothing is left of the killed run")
    shutil.rmtree(f"{name}.nas")


start = time.time()
subprocess.run([maker, "csv", str(gigabytes * 1e9), "table.csv"], check=True)
print(f"{os.path.getsize('table.csv') / 1e9:.2f} GB of CSV in {time.time() - start:.0f} s")
campaign("table", "table.csv")
os.remove("table.csv")
start = time.time()
subprocess.run([maker, "png", str(images), "pictures"], check=True)
print(f"{images} PNGs in {time.time() - start:.0f} s")
campaign("pictures", "pictures")
sys.exit(1 if failures else 0)
