"""An adapter in Python: serves callgauge.adapter.v1.AdapterService for a vendor whose call log is a CSV file.

usage: adapter.py PROTO_FOLDER

Needs grpcio-tools. callgauge starts it (program = ["python3", "adapter.py", "../../../proto"]) and reads the first line of its standard output; it ends when
its standard input is closed. Each function has the name and the duties that the comments of adapter_service.proto give it.

The file has the columns id, began, queue, rang_secs, talked_secs, result; began is an instant in UTC. Its settings are `file`, its path, and `rows`, the
rows of a page.
"""

import csv
import json
import pathlib
import sys
import tempfile
from concurrent import futures
from datetime import datetime

import grpc
from google.protobuf import duration_pb2, timestamp_pb2
from grpc_tools import protoc


def generate(protos: pathlib.Path, out: str) -> None:
    """Makes Python modules of the protos."""
    files = sorted(str(path.relative_to(protos)) for path in protos.rglob("callgauge/**/*.proto"))
    well_known = pathlib.Path(protoc.__file__).parent / "_proto"
    code = protoc.main(["protoc", f"-I{protos}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}", *files])
    assert code == 0, "the protos do not compile"
    sys.path.insert(0, out)


class Refused(Exception):
    """What an operator has to change, with the status that says so."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def settings_of(text: str) -> tuple[pathlib.Path, int]:
    """The source's own settings."""
    settings = json.loads(text or "{}")
    if not isinstance(settings.get("file"), str):
        raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "settings.file: must be the path of the call log")
    return pathlib.Path(settings["file"]), int(settings.get("rows", 100))


def instant(text: str) -> float:
    """Seconds since 1970 of a text such as 2026-02-02T09:00:00Z."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if at.tzinfo is None:
        raise ValueError("has no offset")
    return at.timestamp()


def seconds(text: str):
    """A whole number of seconds as a duration; none where the field is empty, which is not 0."""
    return duration_pb2.Duration(seconds=int(text)) if text else None


def call_of(row: dict, adapter, records):
    """Their row as our call. Their words and ours: answered is ANSWERED, hung_up is MISSED (abandoned in queue), anything else is UNCLASSIFIED."""
    outcomes = {
        "answered": (records.OUTCOME_ANSWERED, records.OUTCOME_REASON_UNSPECIFIED),
        "hung_up": (records.OUTCOME_MISSED, records.OUTCOME_REASON_ABANDONED_IN_QUEUE),
    }
    outcome, reason = outcomes.get(row["result"], (records.OUTCOME_UNCLASSIFIED, records.OUTCOME_REASON_UNSPECIFIED))
    record = records.CallRecord(
        call_id=row["id"],
        direction=records.DIRECTION_INBOUND,
        started_at=timestamp_pb2.Timestamp(seconds=int(instant(row["began"]))),
        outcome=outcome,
        outcome_reason=reason,
        wait=seconds(row["rang_secs"]),
        talk=seconds(row["talked_secs"]) if row["result"] == "answered" else None,
    )
    return adapter.Call(record=record, places=[adapter.Place(queue=row["queue"])])


def read(path: pathlib.Path) -> list[dict]:
    """The call log."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))
    except OSError as fault:
        raise Refused(grpc.StatusCode.FAILED_PRECONDITION, f"settings.file: {path} cannot be read: {fault.strerror}") from fault


def servicer(adapter, base, records):
    """The service, over the generated modules."""

    def refusing(method):
        def call(self, request, context):
            try:
                return method(self, request)
            except Refused as refused:
                context.abort(refused.code, str(refused))

        return call

    class CsvAdapter(base):
        def Describe(self, request, context):
            return adapter.DescribeResponse(
                contract_version=1,
                vendor="example_csv",
                title="A call log as CSV",
                version="1",
                reads="Rows of a CSV file.",
                late_by=duration_pb2.Duration(seconds=3600),
                longest_window=duration_pb2.Duration(seconds=86400),
                sees_corrections=True,
                delivers=False,
            )

        @refusing
        def Check(self, request):
            path, _ = settings_of(request.settings_json)
            rows = read(path)
            sample = [call_of(row, adapter, records) for row in rows[:10]]
            return adapter.CheckResponse(works=[f"{path.name} has {len(rows)} rows"], sample=sample)

        @refusing
        def FetchCalls(self, request):
            path, most = settings_of(request.settings_json)
            page = adapter.FetchCallsResponse()
            first = int(request.cursor or 0)
            rows = read(path)
            words = {}
            for row in rows[first : first + most]:
                try:
                    began = instant(row["began"])
                    # The window says which rows; the cursor only says how far the file was read.
                    if request.window_start_time.seconds <= began < request.window_end_time.seconds:
                        page.calls.append(call_of(row, adapter, records))
                        if row["result"] not in ("answered", "hung_up"):
                            words[row["result"]] = words.get(row["result"], 0) + 1
                except (KeyError, TypeError, ValueError):
                    rejected = page.rejected_rows.add()
                    rejected.row_id = row.get("id") or ""
                    rejected.message = "the row does not have the columns that it should, or one of them is no time or number"
                    rejected.row_json = json.dumps({"id": row.get("id")})
            for word, count in words.items():
                page.unknown_words.add(field="result", word=word[:64], count=count)
            if first + most < len(rows):
                page.next_cursor = str(first + most)
            return page

    return CsvAdapter()


def main() -> None:
    with tempfile.TemporaryDirectory() as out:
        generate(pathlib.Path(sys.argv[1]).resolve(), out)
        from callgauge.adapter.v1 import adapter_service_pb2, adapter_service_pb2_grpc
        from callgauge.v1 import call_record_pb2

        server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
        service = servicer(adapter_service_pb2, adapter_service_pb2_grpc.AdapterServiceServicer, call_record_pb2)
        adapter_service_pb2_grpc.add_AdapterServiceServicer_to_server(service, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        print(f"listening on 127.0.0.1:{port}", flush=True)
        sys.stdin.read()
        server.stop(grace=1).wait()


if __name__ == "__main__":
    main()
