#!/usr/bin/env bash
# An adapter in another language, run by the real binary: the example in Python is started by callgauge, checked and read, and held to the conformance kit.
#
# usage: tests/python_adapter.sh [BINARY]   (default: the release build)
# Needs a python3 with grpcio-tools on the PATH; .ci/run puts it there. Works in a folder of its own and takes it away again.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
binary=$(realpath "${1:-${CALLGAUGE_BIN:-${CARGO_TARGET_DIR:-$root/target}/release/callgauge}}")
scratch=$(mktemp -d)
trap '[ -z "${serving:-}" ] || kill "$serving" 2>/dev/null || true; rm -rf "$scratch"' EXIT

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

# What a program of its own does wrong ends its reading with a line that says so.
broken() { # WHAT SED LINE: started with this change of it, a reading of the example fails, and says so.
    sed "$2" "$root/adapters/examples/python/adapter.py" >"$scratch/broken.py"
    cmp -s "$root/adapters/examples/python/adapter.py" "$scratch/broken.py" && fail "$1: the example has changed, and this change of it does nothing"
    sed "s#$root/adapters/examples/python/adapter.py#$scratch/broken.py#" "$scratch/callgauge.toml" >"$scratch/broken.toml"
    if "$binary" --config "$scratch/broken.toml" source sync python --data "$scratch/data" >/dev/null 2>"$scratch/err"; then fail "$1: it is read all the same"; fi
    is "$1" "$(cat "$scratch/err")" "$3"
}
broken 'another version of the contract is refused' 's/contract_version=1/contract_version=2/' 'speaks version 2 of the contract'
broken 'a page that is too large is refused' \
    's/^            words = {}/&; page.unknown_words.add(field="x", word="y" * 5000000, count=1)/' 'more than 4 MiB at once'
broken 'a program that does not say where it listens is told of' 's/print(f"listening on /print(f"ready at /' 'is not "listening on ADDRESS:PORT"'
sed -i 's/^program/answer_within_secs = 3\nprogram/' "$scratch/callgauge.toml"
broken 'a program that is asked and does not answer is given up' 's/^            words = {}/            __import__("time").sleep(60)/' \
    'gave no answer within 3 s (answer_within_secs)'
sed -i '/^answer_within_secs/d' "$scratch/callgauge.toml"
broken 'a program that ends while it is asked is told of' 's/^            words = {}/            __import__("os")._exit(3)/' 'the adapter'"'"'s program ended'
# A program that ended is started again, after a pause.
sed 's/^            words = {}/&; pathlib.Path(sys.argv[2]).exists() or (pathlib.Path(sys.argv[2]).touch(), __import__("os")._exit(3))/' \
    "$root/adapters/examples/python/adapter.py" >"$scratch/broken.py"
sed -e "s#\"$root/adapters/examples/python/adapter.py\", \"$root/proto\"#\"$scratch/broken.py\", \"$root/proto\", \"$scratch/ended\"#" \
    -e 's/^program/poll_interval_secs = 10\nprogram/' "$scratch/callgauge.toml" >"$scratch/again.toml"
"$binary" --config "$scratch/again.toml" serve --listen 127.0.0.1:0 --metrics-listen off --data "$scratch/data" >"$scratch/serve.log" 2>&1 &
serving=$!
for _ in $(seq 300); do grep -q 'listening on' "$scratch/serve.log" && break; sleep 0.1; done
url=http://$(sed -n 's/.*listening on \([0-9.:]*\).*/\1/p' "$scratch/serve.log" | head -1)
for _ in $(seq 300); do [ -e "$scratch/ended" ] && "$binary" source list --server "$url" | grep -q 'waiting  20' && break; sleep 0.1; done
again=$("$binary" source list --server "$url")
kill "$serving"; wait "$serving" || true
serving=
is 'a program that ended is started again and read to the end' "$again" 'waiting  20'
is 'and what ended it is in the log' "$(cat "$scratch/serve.log")" 'a reading failed'

# The conformance kit, on the example as it is and on two that are wrong.
example=$root/adapters/examples/python
kit() { "$binary" adapter test --script "$example/script.toml" "$@" 2>"$scratch/err"; }
report=$(kit --program python3 "$example/adapter.py" "$root/proto") || fail 'the example does not pass the kit' "$report"
is 'the kit passes the example' "$report" ', 0 failed'
# wrong WHAT SED LINE: with this change the kit fails, and says so in this line.
wrong() {
    sed "$2" "$example/adapter.py" >"$scratch/wrong.py"
    cmp -s "$example/adapter.py" "$scratch/wrong.py" && fail "$1: the example has changed, and this change of it does nothing"
    if report=$(kit --program python3 "$scratch/wrong.py" "$root/proto"); then fail "$1: it passes" "$report"; fi
    is "$1" "$report" "$3"
}
wrong 'a row with a caller in it is found' 's/json.dumps({"id": row.get("id")})/json.dumps(row)/' 'FAILED     nothing personal comes out'
wrong 'what is kept in memory instead of the cursor is found' \
    's/words = {}/words = {}; rows = rows if globals().setdefault("began_here", not request.cursor) else []/' 'FAILED     killed after every page'
mkfifo "$scratch/input"
python3 "$example/adapter.py" "$root/proto" <"$scratch/input" >"$scratch/said" &
exec 3>"$scratch/input"
for _ in $(seq 300); do [ -s "$scratch/said" ] && break; sleep 0.1; done
report=$(kit --connect "http://$(sed 's/^listening on //' "$scratch/said")") || fail 'the example does not pass the kit where it runs by itself' "$report"
is 'the kit passes it where it runs by itself' "$report" ', 0 failed'
exec 3>&-
wait
