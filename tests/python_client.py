"""A client in another language: stubs made from the protos by grpcio-tools, against a running server.

usage: python_client.py HOST:PORT PROTO_FOLDER

Asks health, walks the schema through reflection v1, types every example of the protos' comments, submits, queries, and reads the reason of an
error. Expects the organisations and the calls that tests/grpcurl.sh sent. The generated modules go to a temporary folder.
"""

import pathlib
import re
import sys
import tempfile

import grpc
from google.protobuf import descriptor_pb2, json_format
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_status import rpc_status
from grpc_tools import protoc


def generate(protos: pathlib.Path, out: str) -> None:
    """Makes Python modules of all protos."""
    files = sorted(str(path.relative_to(protos)) for path in protos.rglob("*.proto"))
    well_known = pathlib.Path(protoc.__file__).parent / "_proto"
    code = protoc.main(["protoc", f"-I{protos}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}", *files])
    assert code == 0, "the protos do not compile with protoc"
    sys.path.insert(0, out)


def health(channel: grpc.Channel) -> None:
    """The standard health service, by its published client."""
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING, answer


def reflection_v1(channel: grpc.Channel) -> None:
    """The service list and one file. The messages of v1 are those of v1alpha, only the name of the service differs."""
    ask = channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    questions = [
        reflection_pb2.ServerReflectionRequest(list_services="*"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="callgauge.v1.MetricsService"),
    ]
    services, symbol = list(ask(iter(questions), timeout=10))
    names = {service.name for service in services.list_services_response.service}
    assert {"callgauge.v1.CallRecordService", "callgauge.v1.MetricsService", "grpc.health.v1.Health"} <= names, names
    files = [
        descriptor_pb2.FileDescriptorProto.FromString(data)
        for data in symbol.file_descriptor_response.file_descriptor_proto
    ]
    assert any(file.name == "callgauge/v1/metrics_service.proto" for file in files), [file.name for file in files]


def examples(protos: pathlib.Path):
    """Every `// Example...: {json}` above an rpc, with the names of its service and method."""
    for path in sorted(protos.rglob("*_service.proto")):
        service, waiting = None, []
        for line in path.read_text().splitlines():
            if found := re.match(r"service (\w+) {", line):
                service = found[1]
            elif found := re.match(r"\s*// Example[^:{]*: ({.*})$", line):
                waiting.append(found[1])
            elif found := re.match(r"\s*rpc (\w+)\((stream )?", line):
                yield from ((service, found[1], bool(found[2]), text) for text in waiting)
                waiting = []


def type_examples(channel: grpc.Channel, protos: pathlib.Path, scratch: str) -> int:
    """What the comments tell people to type is taken, every line of it."""
    from callgauge.v1 import admin_service_pb2, admin_service_pb2_grpc, call_record_service_pb2, call_record_service_pb2_grpc
    from callgauge.v1 import comparison_service_pb2, comparison_service_pb2_grpc
    from callgauge.v1 import indicator_service_pb2, indicator_service_pb2_grpc
    from callgauge.v1 import metrics_service_pb2, metrics_service_pb2_grpc, organisation_service_pb2, organisation_service_pb2_grpc
    from callgauge.v1 import source_service_pb2, source_service_pb2_grpc

    modules = {
        "AdminService": (admin_service_pb2, admin_service_pb2_grpc),
        "CallRecordService": (call_record_service_pb2, call_record_service_pb2_grpc),
        "ComparisonService": (comparison_service_pb2, comparison_service_pb2_grpc),
        "IndicatorService": (indicator_service_pb2, indicator_service_pb2_grpc),
        "MetricsService": (metrics_service_pb2, metrics_service_pb2_grpc),
        "OrganisationService": (organisation_service_pb2, organisation_service_pb2_grpc),
        "SourceService": (source_service_pb2, source_service_pb2_grpc),
    }
    # Organisations first and backup last: the other examples are about what those put in.
    order = {"OrganisationService": 0, "CallRecordService": 1, "MetricsService": 2, "IndicatorService": 3, "ComparisonService": 4, "SourceService": 5, "AdminService": 6}
    typed = 0
    for service, method, streams, text in sorted(examples(protos), key=lambda one: order[one[0]]):
        messages, stubs = modules[service]
        # A source and a practice of their own, so that nobody else's numbers move.
        text = text.replace("/var/backups/callgauge", scratch).replace("acme", "examples").replace("A81001", "A81004")
        request = json_format.Parse(text, getattr(messages, f"{method}Request")())
        stub = getattr(getattr(stubs, f"{service}Stub")(channel), method)
        try:
            answer = list(stub(iter([request]), timeout=30)) if streams else stub(request, timeout=30)
            if method == "SyncSource":
                answer = list(answer)
        except grpc.RpcError as error:
            # The server of this test reads no vendor account: it has to say so, and nothing else.
            if service == "SourceService" and error.code() == grpc.StatusCode.NOT_FOUND:
                typed += 1
                continue
            raise AssertionError(f"the example of {service}.{method} is refused: {text}: {error.details()}") from error
        assert answer is not None
        typed += 1
    assert typed >= 10, f"only {typed} examples were found"
    return typed


def submit_and_query(channel: grpc.Channel) -> None:
    """A correction that moves a call to another day, seen by the next query."""
    from callgauge.v1 import call_record_pb2, call_record_service_pb2, call_record_service_pb2_grpc
    from callgauge.v1 import metrics_service_pb2, metrics_service_pb2_grpc

    calls = call_record_service_pb2_grpc.CallRecordServiceStub(channel)
    metrics = metrics_service_pb2_grpc.MetricsServiceStub(channel)

    def record(started_at: str, revision: int) -> call_record_pb2.CallRecord:
        call = call_record_pb2.CallRecord(
            call_id="p-1",
            practice_code="A81002",
            revision=revision,
            direction=call_record_pb2.DIRECTION_INBOUND,
            outcome=call_record_pb2.OUTCOME_ANSWERED,
        )
        call.started_at.FromJsonString(started_at)
        call.wait.FromSeconds(7)
        call.talk.FromSeconds(70)
        return call

    def send(call: call_record_pb2.CallRecord) -> int:
        answer = calls.SubmitCallRecords(
            call_record_service_pb2.SubmitCallRecordsRequest(source_id="python", records=[call]), timeout=10
        )
        return answer.results[0].verdict

    def by_day() -> dict[str, int]:
        answer = metrics.QueryMetrics(
            metrics_service_pb2.QueryMetricsRequest(
                organisation_codes=["A81002"],
                start_date="2026-02-09",
                end_date="2026-02-12",
                granularity=metrics_service_pb2.GRANULARITY_DAY,
                metrics=["call_volumes"],
            ),
            timeout=10,
        )
        return {row.bucket.start[:10]: row.outcome_check.inbound for row in answer.rows if row.calls}

    assert send(record("2026-02-09T12:00:00Z", 1)) == call_record_service_pb2.VERDICT_ACCEPTED
    assert by_day() == {"2026-02-09": 1}, by_day()
    assert send(record("2026-02-11T12:00:00Z", 2)) == call_record_service_pb2.VERDICT_REVISED
    assert by_day() == {"2026-02-11": 1}, by_day()
    assert send(record("2026-02-09T12:00:00Z", 1)) == call_record_service_pb2.VERDICT_STALE
    assert by_day() == {"2026-02-11": 1}, by_day()
    retraction = call_record_pb2.CallRecord(
        call_id="p-1",
        practice_code="A81002",
        revision=3,
        retracted=True,
        direction=call_record_pb2.DIRECTION_INBOUND,
        started_at=record("2026-02-11T12:00:00Z", 2).started_at,
    )
    assert send(retraction) == call_record_service_pb2.VERDICT_RETRACTED
    assert by_day() == {}, by_day()


def read_error(channel: grpc.Channel) -> None:
    """Code, ErrorInfo and BadRequest of a refusal, as a program reads them."""
    from callgauge.v1 import metrics_service_pb2, metrics_service_pb2_grpc

    metrics = metrics_service_pb2_grpc.MetricsServiceStub(channel)
    try:
        metrics.QueryMetrics(metrics_service_pb2.QueryMetricsRequest(organisation_codes=["A81001"], month="May"), timeout=10)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
        info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        found = [detail.Unpack(info) or detail.Unpack(request) for detail in rpc_status.from_call(error).details]
        assert found and all(found), found
        assert (info.reason, info.domain, info.metadata["field"]) == ("INVALID_FIELD", "callgauge.v1", "month"), info
        assert request.field_violations[0].field == "month", request
    else:
        raise AssertionError("a month called May was taken")


def main() -> None:
    address, protos = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as scratch, grpc.insecure_channel(address) as channel:
        generate(protos, scratch)
        health(channel)
        reflection_v1(channel)
        print("ok: Python: health, reflection v1")
        typed = type_examples(channel, protos, scratch)
        print(f"ok: Python: all {typed} examples of the protos' comments are taken")
        submit_and_query(channel)
        print("ok: Python: a call is corrected, moved and retracted, and each query shows it")
        read_error(channel)
        print("ok: Python: an error's code, reason and field")


if __name__ == "__main__":
    main()
