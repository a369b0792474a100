#!/usr/bin/env bash
# The front door, from outside: the real binary, driven by the real grpcurl and by a Python client made from the protos.
#
# usage: tests/grpcurl.sh [BINARY]   (default: the release build)
# Needs grpcurl and a python3 with the packages of .ci/requirements.txt on the PATH; .ci/run puts them there.
# Starts one server at a time on a port that the system gives and a folder of its own, and stops it again.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=$(realpath "${1:-${CALLGAUGE_BIN:-${CARGO_TARGET_DIR:-$here/../target}/release/callgauge}}")
scratch=$(mktemp -d)
server=
log=
address=

# Ends the server that this script started, if it still runs, and takes its folder away.
clean_up() {
    if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then kill -KILL "$server"; wait "$server" 2>/dev/null || true; fi
    rm -rf "$scratch"
}
trap clean_up EXIT

fail() {
    printf 'NOT SO: %s\n' "$1" >&2
    [ -z "${2:-}" ] || printf '%s\n' "$2" | head -60 >&2
    [ -z "$log" ] || { echo "the server's log:" >&2; tail -20 "$log" >&2; }
    exit 1
}

# start NAME: a server on the one data folder; returns when it says where it listens.
start() {
    log=$scratch/$1.log
    "$binary" serve --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 --data "$scratch/data" >"$scratch/$1.out" 2>"$log" &
    server=$!
    for _ in $(seq 200); do
        address=$(sed -n 's/^callgauge .* listening on \(127\.0\.0\.1:[0-9][0-9]*\).*/\1/p' "$log" | head -1)
        [ -z "$address" ] || return 0
        kill -0 "$server" 2>/dev/null || fail "the server ended by itself"
        sleep 0.1
    done
    fail "the server does not say where it listens"
}

# stop SIGNAL: the server drains and ends with 0 within 10 s.
stop() {
    local code=0 since=$SECONDS
    kill -"$1" "$server"
    wait "$server" || code=$?
    server=
    [ "$code" -eq 0 ] || fail "exit code $code after SIG$1"
    [ $((SECONDS - since)) -le 10 ] || fail "draining took $((SECONDS - since)) s"
    echo "ok: SIG$1 ends it with 0"
}

# call METHOD JSON: the answer, or grpcurl's exit code.
call() { grpcurl -plaintext -emit-defaults -d "$2" "$address" "$1"; }

# has WHAT TEXT NEEDLE...: every needle is in the text.
has() {
    local what=$1 text=$2 needle
    shift 2
    for needle in "$@"; do
        grep -qF -- "$needle" <<<"$text" || fail "$what: there is no $needle in the answer" "$text"
    done
    echo "ok: $what"
}

# is WHAT JSON PYTHON: the expression holds of the answer `a`, whose fields are named as in the protos.
is() {
    python3 -c '
import json, re, sys
def named(x):
    if isinstance(x, dict): return {re.sub("[A-Z]", lambda c: "_" + c[0].lower(), key): named(value) for key, value in x.items()}
    return [named(value) for value in x] if isinstance(x, list) else x
a = named(json.loads(sys.argv[1]))
sys.exit(0 if eval("(" + sys.argv[2] + ")") else 1)' "$2" "$3" || fail "$1: $3" "$2"
    echo "ok: $1"
}

# refuses WHAT METHOD JSON CODE REASON WORD: an error with this code and ErrorInfo reason, and a message that has the word.
refuses() {
    local text
    if text=$(call "$2" "$3" 2>&1); then fail "$1: was taken" "$text"; fi
    has "refused: $1" "$text" "Code: $4" "\"reason\":\"$5\"" '"domain":"callgauge.v1"' "$6"
}

command -v grpcurl >/dev/null || fail 'grpcurl is not on the PATH: .ci/run brings it'
[ -x "$binary" ] || fail "there is no $binary: cargo build --release"
start first
echo "== $("$binary" --version) on $address"

has 'health says SERVING' "$(call grpc.health.v1.Health/Check '{}')" '"status": "SERVING"'
has 'health of one service' "$(call grpc.health.v1.Health/Check '{"service":"callgauge.v1.MetricsService"}')" '"status": "SERVING"'
has 'reflection lists the services' "$(grpcurl -plaintext "$address" list)" \
    callgauge.v1.AdminService callgauge.v1.CallRecordService callgauge.v1.ComparisonService callgauge.v1.MetricsService callgauge.v1.OrganisationService \
    grpc.health.v1.Health grpc.reflection.v1.ServerReflection grpc.reflection.v1alpha.ServerReflection
has 'describe shows methods with their comments' "$(grpcurl -plaintext "$address" describe callgauge.v1.MetricsService)" \
    'rpc QueryMetrics ( .callgauge.v1.QueryMetricsRequest ) returns ( .callgauge.v1.QueryMetricsResponse );' \
    'An empty request is answered with INVALID_ARGUMENT and an example.'
has 'describe shows fields with their units' "$(grpcurl -plaintext "$address" describe callgauge.v1.CallRecord)" \
    'string call_id = 1;' 'All durations are whole seconds'

organisations='code,name,level,parents,from_date,until_date
Y60,Midlands (made up),region,,,
QHG,Example ICB,icb,Y60,,
M1J4Y,Example sub-ICB location,sub_icb,QHG Y60,,
U12345,Example PCN,pcn,QHG Y60,,
A81001,Example Surgery,practice,U12345 M1J4Y QHG Y60,,
A81002,Other Surgery,practice,U12345 M1J4Y QHG Y60,,'
as_request() { python3 -c 'import json,sys; print(json.dumps({"csv": sys.argv[1] + "\n"}))' "$1"; }
is 'organisations go in' "$(call callgauge.v1.OrganisationService/ImportOrganisations "$(as_request "$organisations")")" \
    'a["rows"] == "6" and a["organisations_added"] == "6"'
is 'the same file again changes nothing' "$(call callgauge.v1.OrganisationService/ImportOrganisations "$(as_request "$organisations")")" \
    'a["organisations_added"] == "0" and a["organisations_changed"] == "0" and a["memberships_added"] == "0" and a["memberships_changed"] == "0"'
is 'an organisation comes out' "$(call callgauge.v1.OrganisationService/GetOrganisation '{"code":"a81001"}')" \
    'a["organisation"]["name"] == "Example Surgery" and len(a["organisation"]["memberships"]) == 4'

# One call of every outcome; a callback that was asked for and made; a contradiction; a practice that nobody has heard of yet.
inbound='"practice_code":"A81001","direction":"DIRECTION_INBOUND"'
calls='{"source_id":"acme","records":[
  {"call_id":"c-1",'$inbound',"started_at":"2026-02-02T08:00:01Z","outcome":"OUTCOME_ANSWERED","wait":"42s","talk":"180s","line":"reception"},
  {"call_id":"c-2",'$inbound',"started_at":"2026-02-02T08:05:00Z","outcome":"OUTCOME_ANSWERED","wait":"121.9s","talk":"60s","line":"reception"},
  {"call_id":"c-3",'$inbound',"started_at":"2026-02-02T08:07:00Z","outcome":"OUTCOME_MISSED","outcome_reason":"OUTCOME_REASON_ABANDONED_IN_QUEUE","wait":"95s"},
  {"call_id":"c-4",'$inbound',"started_at":"2026-02-02T19:30:00Z","outcome":"OUTCOME_ENDED_IN_IVR","ivr":"20s"},
  {"call_id":"c-5",'$inbound',"started_at":"2026-02-03T08:01:00Z","outcome":"OUTCOME_CALLBACK_REQUESTED","callback":{"requested":{"timing":"CALLBACK_TIMING_VIRTUAL_QUEUE"}}},
  {"call_id":"c-6","practice_code":"A81001","direction":"DIRECTION_OUTBOUND","started_at":"2026-02-03T08:21:00Z","outcome":"OUTCOME_ANSWERED","talk":"30s","callback":{"made":{"for_call_id":"c-5","attempt":1,"automatic":true}}},
  {"call_id":"c-7",'$inbound',"started_at":"2026-02-03T09:00:00Z","outcome":"OUTCOME_MISSED","wait":"5s","talk":"1s"},
  {"call_id":"c-8","practice_code":"A81003","direction":"DIRECTION_INBOUND","started_at":"2026-02-03T09:00:00Z","outcome":"OUTCOME_UNCLASSIFIED"}]}'
verdicts='[r["verdict"][8:] for r in a["results"]]'
is 'calls go in, bad ones are refused alone' "$(call callgauge.v1.CallRecordService/SubmitCallRecords "$calls")" \
    "$verdicts == ['ACCEPTED']*6 + ['REJECTED']*2 and a['receipt']['id'] and len(a['receipt']['hash']) == 64
     and a['results'][6]['rejection']['field'] == 'talk' and a['results'][6]['rejection']['reason'] == 'REJECT_REASON_CONTRADICTION'
     and a['results'][7]['rejection']['reason'] == 'REJECT_REASON_UNKNOWN_PRACTICE'"
is 'the same again counts nothing twice' "$(call callgauge.v1.CallRecordService/SubmitCallRecords "$calls")" \
    "$verdicts == ['DUPLICATE']*6 + ['REJECTED']*2"
is 'an import that makes the practice known sends its call through' \
    "$(call callgauge.v1.OrganisationService/ImportOrganisations "$(as_request 'code,name,level,parents,from_date,until_date
A81003,Third Surgery,practice,U12345 M1J4Y QHG Y60,,')")" 'a["rejects_redriven"] == "1"'
stream='{"source_id":"acme","batch_number":1,"records":[{"call_id":"s-1","practice_code":"A81002","direction":"DIRECTION_INBOUND","started_at":"2026-02-04T10:00:00Z","outcome":"OUTCOME_MISSED","wait":"60s"}]}
{"batch_number":2,"records":[{"call_id":"s-1","practice_code":"A81002","direction":"DIRECTION_INBOUND","started_at":"2026-02-04T10:00:00Z","outcome":"OUTCOME_MISSED","wait":"60s"},
 {"call_id":"s-2","practice_code":"A81002","direction":"DIRECTION_INBOUND","started_at":"2026-02-04T10:01:00Z","outcome":"OUTCOME_ANSWERED","wait":"61s","talk":"0s"}]}'
acks=$(grpcurl -plaintext -emit-defaults -d @ "$address" callgauge.v1.CallRecordService/StreamCallRecords <<<"$stream")
is 'a stream has an ack for every batch' "$(python3 -c '
import json,sys
d,t,found=json.JSONDecoder(),sys.argv[1].strip(),[]
while t:
    one,end=d.raw_decode(t); found.append(one); t=t[end:].strip()
print(json.dumps(found))' "$acks")" \
    '[(b["batch_number"], [v[8:] for v in b["verdicts"]]) for b in a] == [("1", ["ACCEPTED"]), ("2", ["DUPLICATE", "ACCEPTED"])]'
is 'a call comes out as it went in' "$(call callgauge.v1.CallRecordService/GetCallRecord '{"source_id":"acme","call_id":"c-2"}')" \
    'a["record"]["record"]["wait"] == "121s" and a["record"]["record"]["line"] == "reception" and a["record"]["record"]["practice_code"] == "A81001"'
is 'calls are listed by what they were' \
    "$(call callgauge.v1.CallRecordService/ListCallRecords '{"organisation_code":"A81001","start_date":"2026-02-02","end_date":"2026-02-03","outcomes":["OUTCOME_MISSED"]}')" \
    '[r["record"]["call_id"] for r in a["records"]] == ["c-3"] and a["total_size"] == "1"'

# The metrics, by hand: 5 inbound calls, of which 2 answered (waits 42 and 121, talk 180 and 60).
question='{"organisation_codes":["A81001"],"month":"2026-02"}'
check_metrics() {
    local answer
    answer=$(call callgauge.v1.MetricsService/QueryMetrics "$question")
    is "$1: calls by outcome add up" "$answer" 'a["first_day"] == "2026-02-01" and a["last_day"] == "2026-02-28" and len(a["rows"]) == 1
        and a["rows"][0]["outcome_check"] == {"inbound": "5", "answered": "2", "ended_in_ivr": "1", "missed": "1", "callback_requested": "1", "unclassified": "0"}'
    is "$1: the eight metrics" "$answer" '(lambda v: [v[n]["count"]["count"] for n in
        ("call_volumes", "calls_abandoned", "missed_call_volumes", "call_backs_requested", "call_backs_made")] == ["5", "1", "1", "1", "1"]
        and [(p["percent"], p["secs"]) for p in v["call_times_to_answer"]["distribution"]["percentiles"]] == [(50, "42"), (90, "121")]
        and v["call_times_to_answer"]["distribution"]["mean_secs"] == 81.5 and v["average_call_length"]["distribution"]["mean_secs"] == 120
        and v["wait_time_before_call_abandoned"]["distribution"]["percentiles"][0]["secs"] == "95" and len(v) == 8)({m["metric"]: m for m in a["rows"][0]["values"]})'
}
check_metrics 'as sent'
is 'a row for each practice, and they add up to the ICB' \
    "$(call callgauge.v1.MetricsService/QueryMetrics '{"organisation_codes":["QHG"],"group_by":"LEVEL_PRACTICE","month":"2026-02"}')" \
    '[(r["organisation"]["code"], r["calls"]) for r in a["rows"] if r["calls"] != "0"] == [("A81001", "6"), ("A81002", "2"), ("A81003", "1")]'
is 'zero calls are no value, not 0 seconds' \
    "$(call callgauge.v1.MetricsService/QueryMetrics '{"organisation_codes":["A81003"],"month":"2026-02","metrics":["call_times_to_answer"]}')" \
    'a["rows"][0]["values"][0]["absence"] == "ABSENCE_NO_CALLS"'

refuses 'an unknown organisation' callgauge.v1.MetricsService/QueryMetrics '{"organisation_codes":["Z99999"],"month":"2026-02"}' NotFound UNKNOWN_ORGANISATION Z99999
refuses 'a month that is none' callgauge.v1.MetricsService/QueryMetrics '{"organisation_codes":["A81001"],"month":"2026-13"}' InvalidArgument INVALID_FIELD month
refuses 'an empty question' callgauge.v1.MetricsService/QueryMetrics '{}' InvalidArgument INVALID_FIELD '"organisation_codes"'
refuses 'a call that is not there' callgauge.v1.CallRecordService/GetCallRecord '{"source_id":"acme","call_id":"nobody"}' NotFound UNKNOWN_CALL acme

python3 "$here/python_client.py" "$address" "$here/../proto" || fail 'the Python client'

# The command line is one more client; a backup is taken while the service serves.
command_line() { "$binary" "$@" --server "http://$address"; }
is 'the command line gives the same numbers' "$(command_line query --org A81001 --month 2026-02 --format json)" \
    'a["call_volumes"] == 5 and a["missed_call_volumes"] == 1 and a["call_times_to_answer_mean_secs"] == 81.5 and a["call_times_to_answer_p90_secs"] == 121'
command_line backup "$scratch/backup" >"$scratch/backup.txt" || fail 'a backup while serving'
"$binary" restore "$scratch/backup" --data "$scratch/restored" >"$scratch/restore.txt" || fail 'restore'
"$binary" verify --data "$scratch/restored" >"$scratch/verify.txt" || fail 'verify of what was restored' "$(cat "$scratch/verify.txt")"
echo 'ok: a backup while serving, restored and verified'

if second=$("$binary" serve --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 --data "$scratch/data" 2>&1 >/dev/null); then fail 'a second server on the same folder was let in'; fi
[ "$(grep -c '^callgauge: ' <<<"$second")" -eq 1 ] && ! grep -q panicked <<<"$second" || fail 'a second server on the same folder says why in one line' "$second"
echo "ok: refused: $(grep '^callgauge: ' <<<"$second")"

stop TERM
start second
check_metrics 'after a restart'
{ kill -KILL "$server"; wait "$server" || true; } 2>/dev/null
start third
check_metrics 'after SIGKILL'
stop INT
"$binary" verify --data "$scratch/data" >"$scratch/verify.txt" || fail 'verify after all that' "$(cat "$scratch/verify.txt")"
echo 'ok: the folder is sound'
for out in "$scratch"/*.out; do [ ! -s "$out" ] || fail 'serve wrote to standard output, which is for data' "$(cat "$out")"; done
echo '== all of it holds'
