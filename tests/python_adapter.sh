#!/usr/bin/env bash
# An adapter in another language, run by the real binary: the example in Python is started by callgauge, checked and read.
#
# usage: tests/python_adapter.sh [BINARY]   (default: the release build)
# Needs a python3 with grpcio-tools on the PATH; .ci/run puts it there. Works in a folder of its own and takes it away again.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
binary=$(realpath "${1:-${CALLGAUGE_BIN:-${CARGO_TARGET_DIR:-$root/target}/release/callgauge}}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    printf 'NOT SO: %s\n' "$1" >&2
    [ -z "${2:-}" ] || printf '%s\n' "$2" >&2
    exit 1
}

# is WHAT TEXT NEEDLE: the needle is in the text.
is() {
    case $2 in *"$3"*) echo "ok: $1" ;; *) fail "$1: no $3 in" "$2" ;; esac
}

day=$(date -u -d '2 days ago' +%F)
printf 'id,began,queue,rang_secs,talked_secs,result\n' >"$scratch/log.csv"
for n in $(seq 10 29); do printf 'c-%s,%sT09:%s:00Z,Desk,12,60,answered\n' "$n" "$day" "$n" >>"$scratch/log.csv"; done
printf 'c-x,%sT10:00:00Z,Desk,30,,hung_up\nc-y,soon,Desk,30,,hung_up\nc-z,%sT10:01:00Z,Desk,5,,evaporated\n' "$day" "$day" >>"$scratch/log.csv"
printf 'code,name,level,parents,from_date,until_date\nQHG,Example ICB,icb,,,\nA81001,Example Surgery,practice,QHG,,\n' >"$scratch/organisations.csv"
cat >"$scratch/callgauge.toml" <<TOML
[[source]]
id = "python"
program = ["python3", "$root/adapters/examples/python/adapter.py", "$root/proto"]
start = "$(date -u -d '3 days ago' +%F)"
settings = { file = "$scratch/log.csv", rows = 7 }
[[source.mapping]]
queue = "Desk"
practice = "A81001"
TOML

run() { "$binary" --config "$scratch/callgauge.toml" "$@" --data "$scratch/data" 2>"$scratch/err" || fail "$*" "$(cat "$scratch/err")"; }
mkdir "$scratch/data"
run org import "$scratch/organisations.csv" >/dev/null
is 'a check shows calls that would come' "$(run source check python)" 'A81001'
is 'a reading takes what can be mapped' "$(run source sync python)" '22 accepted'
is 'a second reading doubles nothing' "$(run source sync python --from "${day}T00:00:00Z")" '22 duplicate'
is 'the row that is none is kept' "$(run source rejects python)" 'malformed'
is 'words that the adapter does not know are counted' "$(run source list)" 'evaporated'
# What the operator has to change is said, and reading goes on when it was changed.
mv "$scratch/log.csv" "$scratch/away.csv"
if "$binary" --config "$scratch/callgauge.toml" source sync python --data "$scratch/data" >/dev/null 2>"$scratch/err"; then fail 'a missing file is no failure'; fi
is 'a failure says what to change' "$(cat "$scratch/err")" 'cannot be read'
mv "$scratch/away.csv" "$scratch/log.csv"
run source sync python >/dev/null
echo 'ok: and goes on when it is mended'
