"""Start-up, memory and scaling of the program. Usage: small.py NASMITH TABLE FASHION"""
import json
import os
import statistics
import subprocess
import sys
import time

nasmith, table, fashion = sys.argv[1:4]
failed = False


def verdict(name, value, unit, limit, below=True):
    global failed
    good = value <= limit if below else value >= limit
    failed |= not good
    print(f"{name}: {value:.1f} {unit} ({'at most' if below else 'at least'} {limit}): "
          f"{'ok' if good else 'MISSED'}", flush=True)


def rss_mb(pid, field="VmRSS"):
    try:
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith(field):
                    return int(line.split()[1]) / 1024
    except FileNotFoundError:
        pass
    return 0.0


def is_worker(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return b"\0worker\0" in f.read()
    except FileNotFoundError:
        return False


def workers_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(x) for x in f.read().split() if is_worker(x)]
    except FileNotFoundError:
        return []


def version_ms():
    times = []
    for _ in range(21):
        start = time.perf_counter()
        subprocess.run([nasmith, "--version"], check=True, stdout=subprocess.DEVNULL)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def first_output_ms(data, *options):
    times = []
    for i in range(5):
        start = time.perf_counter()
        p = subprocess.Popen([nasmith, "search", data, "--trials", "1", "--epochs", "1",
                              "--study", f"first{i}.nas.db", *options],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        p.stderr.read(1)
        times.append(1000 * (time.perf_counter() - start))
        p.kill()
        p.wait()
    return statistics.median(times)


def run_watched(*args, until_s=None):
    """Run a search; return wall seconds and the RSS of supervisor and workers over time."""
    start = time.perf_counter()
    p = subprocess.Popen([nasmith, "search", *args, "-q", "--json"],
                         stdout=subprocess.PIPE)
    samples = []
    while p.poll() is None:
        workers = [rss_mb(c) for c in workers_of(p.pid)]
        samples.append((time.perf_counter() - start, rss_mb(p.pid), max(workers, default=0)))
        time.sleep(0.05)
        if until_s and time.perf_counter() - start > until_s:
            p.send_signal(2)
            until_s = None
    return time.perf_counter() - start, samples, p.stdout.read()


verdict("nasmith --version", version_ms(), "ms", 10)
verdict("first output", first_output_ms(table, "--label", "diagnosis"), "ms", 100)

_, samples, out = run_watched(table, "--label", "diagnosis", "--trials", "500", "--epochs", "4",
                              "-j", "1", "--study", "flat.nas.db")
workers = [w for _, _, w in samples if w > 0]
tenth = max(1, len(workers) // 10)
early = statistics.median(workers[tenth:2 * tenth] or workers)
late = statistics.median(workers[-2 * tenth:-tenth] or workers)
print(f"worker RSS over {json.loads(out)['trials']['scored']} trials of a table: "
      f"{early:.1f} MB early, {late:.1f} MB late")
verdict("growth of a worker over 500 trials", late - early, "MB", 2)


def rate(workers, study, *args):
    seconds, _, out = run_watched(*args, "-j", str(workers), "--study", study)
    return json.loads(out)["evaluations"]["done"] / seconds


# Random networks, all trained in full: the same work for one worker and for two. A search
# that learns proposes other networks when answers come in another order.
SAME = ["--strategy", "random", "--scheduler", "none", "--export", "none", "--no-report"]
ratios = []
for i in range(3):
    one = rate(1, f"one{i}.nas.db", table, "--label", "diagnosis", "--trials", "600",
               "--epochs", "40", *SAME)
    two = rate(2, f"two{i}.nas.db", table, "--label", "diagnosis", "--trials", "600",
               "--epochs", "40", *SAME)
    ratios.append(two / one)
verdict("two workers against one, table", statistics.median(ratios), "x", 1.8, below=False)

if os.path.isdir(fashion):
    _, samples, _ = run_watched(fashion, "--time", "45s", "--max-ram", "64KiB", "--study",
                                "memory.nas.db")
    verdict("worker RSS on Fashion-MNIST", max(w for _, _, w in samples), "MB", 300)
    verdict("supervisor RSS", max(s for _, s, _ in samples), "MB", 50)
    ratios = []
    for i in range(2):
        one = rate(1, f"f1{i}.nas.db", fashion, "--trials", "12", "--epochs", "1",
                   "--max-macs", "1M", *SAME)
        two = rate(2, f"f2{i}.nas.db", fashion, "--trials", "12", "--epochs", "1",
                   "--max-macs", "1M", *SAME)
        ratios.append(two / one)
    verdict("two workers against one, Fashion-MNIST", statistics.median(ratios), "x", 1.5,
            below=False)
else:
    print(f"skipped: {fashion} is absent")
sys.exit(failed)
