"""One other system, measured on records in a CSV file: what the bench `england` puts beside callgauge.

usage: compare.py postgresql|duckdb CSV FOLDER PRACTICE FIRST_DAY END_DAY

Prints one JSON object: name, load_secs, question_secs (four), answer; or {"missing": why}. Works in a folder of its own below FOLDER, which goes away again.
PostgreSQL is Debian's package; it is started here on a free port, as the user postgres where this runs as root, and stopped again.
CSV columns: source, call id, practice, inbound, callback made, London's clock time, outcome (1 answered, 2 ended in IVR, 3 missed, 4 callback requested), wait, talk.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 5
LONG_SECS = 30
BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")

COLUMNS = """source text not null, call_id text not null, practice text not null, inbound smallint not null, callback_made smallint not null,
    started_at timestamp not null, outcome smallint not null, wait integer, talk integer, primary key (source, call_id)"""

# The eight: call volumes, abandoned, times to answer, missed, wait before abandoned, call backs requested, made, call length; p50 and p90 of the durations.
EIGHT = """count(*) filter (where inbound = 1),
    count(*) filter (where inbound = 1 and outcome = 1),
    {percentiles} filter (where inbound = 1 and outcome = 1),
    avg(wait) filter (where inbound = 1 and outcome = 1),
    count(*) filter (where inbound = 1 and outcome = 2),
    count(*) filter (where inbound = 1 and outcome = 3),
    {percentiles} filter (where inbound = 1 and outcome = 3),
    avg(wait) filter (where inbound = 1 and outcome = 3),
    count(*) filter (where inbound = 1 and outcome = 4),
    count(*) filter (where callback_made = 1),
    {talk_percentiles} filter (where inbound = 1 and outcome = 1),
    avg(talk) filter (where inbound = 1 and outcome = 1)"""
# And the bands of the three durations: how many there are, and how many up to each edge.
BANDS = "".join(
    f""",
    count({duration}) filter (where inbound = 1 and outcome = {outcome}),
    """
    + ", ".join(
        f"count(*) filter (where inbound = 1 and outcome = {outcome} and {duration} <= {edge})"
        for edge in (60, 120, 300)
    )
    for duration, outcome in (("wait", 1), ("wait", 3), ("talk", 1))
)


def questions(percentiles: str, quarter_hour: str, rows: str, practice: str, first: str, end: str) -> list[str]:
    """The bench's four questions in SQL. As in the other answer, there is a row for every day and quarter hour, calls or not."""
    eight = EIGHT.format(percentiles=percentiles.format("wait"), talk_percentiles=percentiles.format("talk")) + BANDS
    month = f"started_at >= '{first}' and started_at < '{end}'"
    one = f"{month} and practice = '{practice}'"

    def all_of(step: str, bucket: str) -> str:
        series = f"generate_series(timestamp '{first}', timestamp '{end}' - interval '{step}', interval '{step}')"
        found = f"select {bucket} as bucket, {eight} from calls where {one} group by bucket"
        every = f"select {rows.format(series)} as bucket"
        return f"select * from ({every}) every_one left join ({found}) found using (bucket) order by bucket"

    return [
        f"select {eight} from calls where {month}",
        f"select practice, {eight} from calls where {month} group by practice order by practice",
        all_of("1 day", "date_trunc('day', started_at)"),
        all_of("15 minutes", quarter_hour),
    ]


def repeated(run) -> float:
    """Median seconds of several runs, or of one long one. `run` gives the seconds that it took."""
    times = [run()]
    while len(times) < RUNS and times[0] <= LONG_SECS:
        times.append(run())
    return statistics.median(times)


def duckdb(path: str, folder: str, asked: list[str]) -> dict:
    """In-process, in a database file with a primary key."""
    try:
        import duckdb
    except ImportError:
        return {"missing": "DuckDB, because this Python has no package duckdb"}
    sql = questions("quantile_disc({}, [0.5, 0.9])", "time_bucket(interval '15 minutes', started_at)", "unnest({})", *asked)
    place = pathlib.Path(folder, "calls.duckdb")

    def load() -> float:
        place.unlink(missing_ok=True)
        with duckdb.connect(str(place)) as connection:
            connection.execute(f"create table calls ({COLUMNS})")
            since = time.perf_counter()
            connection.execute(f"copy calls from '{path}' (format csv, header false)")
            connection.execute("checkpoint")
            return time.perf_counter() - since

    load_secs = repeated(load)
    with duckdb.connect(str(place)) as connection:

        def ask(text: str) -> float:
            since = time.perf_counter()
            connection.execute(text).fetchall()
            return time.perf_counter() - since

        question_secs = [repeated(lambda text=text: ask(text)) for text in sql]
        inbound, answered, waits = connection.execute(sql[0]).fetchone()[:3]
        rows = len(connection.execute(sql[1]).fetchall())
    return {
        "name": f"DuckDB {duckdb.__version__}",
        "load_secs": load_secs,
        "question_secs": question_secs,
        "answer": [inbound, answered, *waits, rows],
    }


class PostgreSQL:
    """A cluster of its own in a temporary folder."""

    def __init__(self, folder: str):
        self.data = f"{folder}/cluster"
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(folder, "postgres")
            os.chmod(folder, 0o755)
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # More generous than a fresh installation: a table and its indexes fit into memory, and so does sorting.
        settings = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c shared_buffers=2GB"
            " -c work_mem=256MB -c maintenance_work_mem=512MB -c max_wal_size=8GB"
        )
        self.run("pg_ctl", "-D", self.data, "-w", "-l", f"{folder}/log", "-o", settings, "start")

    def run(self, name: str, *arguments: str) -> None:
        """One of the server's programs."""
        command = [*self.user, str(BINARIES / name), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def stop(self) -> None:
        """Ends the cluster that was started here."""
        self.run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def psql(self, script: str) -> str:
        """Runs a script in one session and gives what it prints."""
        command = [str(BINARIES / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]
        command += ["-p", str(self.port), "-U", "postgres", "-f", "-", "postgres"]
        done = subprocess.run(command, input=script, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def seconds(self, script: str) -> list[float]:
        """What psql says each statement took, answer included; the answers themselves go nowhere."""
        printed = self.psql(f"\\timing on\n\\o /dev/null\n{script}\n")
        return [float(found) / 1000 for found in re.findall(r"^Time: ([0-9.]+) ms", printed, re.MULTILINE)]


def postgresql(path: str, folder: str, asked: list[str]) -> dict:
    """Over a local connection, by psql."""
    if not (BINARIES / "postgres").exists():
        return {"missing": f"PostgreSQL 15, because it is not in {BINARIES}"}
    percentiles = "percentile_disc(array[0.5, 0.9]) within group (order by {})"
    sql = questions(percentiles, "date_bin('15 minutes', started_at, timestamp '2000-01-01')", "{}", *asked)
    server = PostgreSQL(folder)
    try:

        def load() -> float:
            server.psql(f"drop table if exists calls; create table calls ({COLUMNS}); create index on calls (practice, started_at);")
            return server.seconds(f"\\copy calls from '{path}' (format csv)")[0]

        def ask(text: str) -> float:
            first = server.seconds(f"{text};")[0]
            return first if first > LONG_SECS else statistics.median(server.seconds(f"{text};\n" * RUNS))

        load_secs = repeated(load)
        server.psql("vacuum analyze calls;")
        question_secs = [ask(text) for text in sql]
        fields = server.psql(f"{sql[0]};").strip().split("|")
        rows = len(server.psql(f"{sql[1]};").strip().splitlines())
        version = server.psql("show server_version;").split()[0]
    finally:
        server.stop()
    waits = [int(wait) for wait in fields[2].strip("{}").split(",")]
    return {
        "name": f"PostgreSQL {version}",
        "load_secs": load_secs,
        "question_secs": question_secs,
        "answer": [int(fields[0]), int(fields[1]), *waits, rows],
    }


def main() -> None:
    system, path, base, *asked = sys.argv[1:]
    with tempfile.TemporaryDirectory(dir=base, prefix="callgauge-bench-") as folder:
        measured = {"postgresql": postgresql, "duckdb": duckdb}[system](path, folder, asked)
    json.dump(measured, sys.stdout)


if __name__ == "__main__":
    main()
