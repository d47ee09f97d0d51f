#!/usr/bin/env bash
# Measures the published product beside Debian's Prometheus and VictoriaMetrics: the same bytes to each, one after the other, alternating, in one run.
# Prints the tables of docs/performance.md; they are also in artifacts/performance/compare.md. About 20 minutes; every process that it starts is ended by its id.
#
#   tests/Load/compare.sh [--rounds 3] [--cases all|1000|10000|single] [--quick] [--only ingest|product|micro] [--published folder] [--work folder]
#
#   --cases      1000 and 10000 = organizations with 2,400 samples a request; single = 1,000 organizations with one organization a request
#   --quick      one round of a fifth of the scrapes: shows that everything works, not how fast it is
#   --only       ingest = the comparison, product = what has no peer (scale, detection, wallboards, snapshot, start), micro = tests/Benchmarks
#   --published  a published product instead of publishing this tree
#   --work       folder for prepared organizations (kept and used again) and data of the runs (removed); default artifacts/performance
set -euo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

rounds=3 cases=all only=all published="" work=$PWD/artifacts/performance share=1 quick=""
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=$2; shift 2 ;;
    --cases) cases=$2; shift 2 ;;
    --only) only=$2; shift 2 ;;
    --published) published=$2; shift 2 ;;
    --work) work=$(realpath -m "$2"); shift 2 ;;
    --quick) quick=yes share=5 rounds=1; shift ;;
    *) sed -n '2,11p' "$0" >&2; exit 2 ;;
  esac
done

email=load@forge.example password=walnut-harbour-lantern-mesa-81
mkdir -p "$work"
figures=$work/figures.tsv
report=$work/compare.md
: >"$figures"
server="" port="" data=""

say() { printf '\n== %s\n' "$*" >&2; }

stop_server() {
  if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
    kill -TERM "$server" 2>/dev/null || true
    for _ in $(seq 300); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$server" 2>/dev/null || true
  fi
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  server=""
  [ -z "$data" ] || rm -rf "$data"
  data=""
}
trap stop_server EXIT
trap 'exit 130' INT TERM

free_port() {
  local p
  while p=$((20000 + RANDOM % 20000)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
  done
}

wait_for() {
  for _ in $(seq 600); do
    kill -0 "$server" 2>/dev/null || { echo "The server ended while it was starting:" >&2; tail -20 "$work/server.log" >&2; exit 1; }
    [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port$1" || true)" = 200 ] && return
    sleep 0.1
  done
  echo "http://127.0.0.1:$port$1 did not become ready" >&2
  exit 1
}

# A peer's program: installed, or taken out of its Debian package without installing it (so no service is ever started).
find_peer() {
  local package=$1 binary=$2 folder=$work/peers/$1
  if command -v "$binary" >/dev/null; then command -v "$binary"; return; fi
  if [ ! -x "$folder/usr/bin/$binary" ]; then
    say "Fetching Debian's $package"
    mkdir -p "$folder"
    (cd "$folder" && { apt-get download -q "$package" || { apt-get update -q && apt-get download -q "$package"; }; } && dpkg-deb -x "$package"_*.deb .) >&2
  fi
  echo "$folder/usr/bin/$binary"
}

peer_version() {
  dpkg-query -W -f '${Package} ${Version}' "$1" 2>/dev/null || dpkg-deb -f "$work/peers/$1"/*.deb Package Version | sed 's/.*: //' | paste -sd' '
}

start_prometheus() {
  port=$(free_port) data=$(mktemp -d "$work/prometheus.XXXX")
  echo 'global: {}' >"$data/prometheus.yml"
  "$prometheus" --config.file="$data/prometheus.yml" --web.enable-remote-write-receiver --storage.tsdb.path="$data/tsdb" --web.listen-address="127.0.0.1:$port" >"$work/server.log" 2>&1 &
  server=$!
  wait_for /-/ready
}

start_victoria() {
  port=$(free_port) data=$(mktemp -d "$work/victoria.XXXX")
  "$victoria" -storageDataPath="$data" -httpListenAddr="127.0.0.1:$port" >"$work/server.log" 2>&1 &
  server=$!
  wait_for /health
}

# The product on a copy of prepared data; its limits per key are raised, because one key sends for everybody.
start_forge() {
  port=$(free_port) data=$(mktemp -d "$work/forge.XXXX")
  [ -z "${1:-}" ] || cp -a "$1/." "$data/"
  Forge__Ingest__SamplesPerSecond=100000000 Forge__Ingest__RequestsPerSecond=1000000 \
    dotnet "$published/Forge.Silo.dll" --urls "http://127.0.0.1:$port" --data "$data" >"$work/server.log" 2>&1 &
  server=$!
  wait_for /healthz/ready
}

load() { dotnet tests/Load/bin/Release/net10.0/Forge.Load.dll "$@"; }

signed_in() { echo --url "http://127.0.0.1:$port" --email "$email" --password "$password" --totp "$data/load-totp"; }

# Organizations are made once: 10,000 continue what 1,000 began. The folder without its ids file is not finished.
prepare() {
  local count=$1 from=${2:-} folder=$work/prepared-$1
  [ -f "$folder/ids.txt" ] && return
  say "Preparing $count organizations"
  start_forge "$from"
  local kept=$data
  # shellcheck disable=SC2046
  load prepare $(signed_in) --data "$data" --organizations "$count" --ids "$work/ids.new" --key-file "$data/key.txt" >&2
  data=""
  stop_server
  rm -rf "$folder" && mv "$kept" "$folder" && mv "$work/ids.new" "$folder/ids.txt"
}

# One measured run: organizations, samples a request, warm-up and measured scrapes, target.
measure() {
  local organizations=$1 batch=$2 warmup=$3 scrapes=$4 target=$5 folder=$work/prepared-$1
  local options=(--target "$target" --ids "$folder/ids.txt" --organizations "$organizations" --batch "$batch" --warmup $((warmup / share)) --scrapes $((scrapes / share)) --start "$start" --instance "$instance" --seconds 60 --figures "$figures")
  case $target in
    prometheus) start_prometheus ;;
    victoria) start_victoria ;;
    forge) start_forge "$folder"; options+=(--key "$(cat "$folder/key.txt")" --email "$email" --password "$password" --totp "$data/load-totp") ;;
  esac
  load ingest --url "http://127.0.0.1:$port" --pid "$server" "${options[@]}" >&2
  stop_server
}

compare() {
  local round
  for round in $(seq "$rounds"); do
    say "$1 organizations, $2 samples a request, round $round of $rounds"
    # Five hours back: far enough for every scrape, and no older than what the product takes.
    start=$((($(date +%s) - 5 * 3600) * 1000)) instance=compare-$1-$2-$round
    for target in prometheus victoria forge; do measure "$1" "$2" "$3" "$4" $target; done
  done
}

# The product document's scale. 10,000 organizations at 24,000 samples/s are real time (a scrape every 10 s); 1,000 at the same rate move ten times as fast.
scale() {
  local folder=$work/prepared-$1
  say "$1 organizations at 24,000 samples/s"
  start_forge "$folder"
  # shellcheck disable=SC2046
  load ingest $(signed_in) --pid "$server" --ids "$folder/ids.txt" --organizations "$1" --key "$(cat "$folder/key.txt")" --warmup $((20000 / $1)) --rate 24000 --seconds $((60 / share)) \
    --settle 12 --start $((($(date +%s) - 1200) * 1000)) --tail 0 --figures "$figures" >&2
  stop_server
}

product() {
  local folder=$work/prepared-1000
  scale 10000
  scale 1000
  local key
  key=$(cat "$folder/key.txt")
  : >"$work/product.txt"
  say "Wallboards, snapshot"
  start_forge "$folder"
  # shellcheck disable=SC2046
  {
    echo "Wallboards, 200 tiles changing a second, a server that has just started:"
    load swarm $(signed_in) --pid "$server" --ids "$folder/ids.txt" --key "$key" --clients $((1000 / share)) --seconds 20
    load snapshot $(signed_in) --rounds 200
  } | tee -a "$work/product.txt" >&2
  stop_server
  say "Detection"
  start_forge "$folder"
  # shellcheck disable=SC2046
  {
    echo "Detection, 1,000 organizations, 100,000 samples/s from others:"
    load detect $(signed_in) --rounds $((100 / share)) --ids "$folder/ids.txt" --background 100000 --background-key "$key"
    echo "Detection, quiet:"
    load detect $(signed_in) --rounds $((100 / share))
  } | tee -a "$work/product.txt" >&2
  stop_server
  say "Start"
  data=$(mktemp -d "$work/forge.XXXX") port=$(free_port)
  cp -a "$folder/." "$data/"
  load start --product "$published/Forge.Silo.dll" --data "$data" --url "http://127.0.0.1:$port" --key "$key" --organization "$(head -1 "$folder/ids.txt")" --rounds 3 | tee -a "$work/product.txt" >&2
  rm -rf "$data" && data=""
}

# Nanoseconds and bytes of the parts; --quick leaves it at one pass that only shows that they run.
micro() {
  say "Benchmarks"
  dotnet build tests/Benchmarks -c Release --nologo -v q -clp:NoSummary >&2
  rm -rf "$work/benchmarks"
  (cd "$work" && dotnet "$OLDPWD/tests/Benchmarks/bin/Release/net10.0/Forge.Benchmarks.dll" --filter '*' --artifacts "$work/benchmarks" ${quick:+--dry} >"$work/benchmarks.log") || { tail -30 "$work/benchmarks.log" >&2; exit 1; }
}

wants() { [ "$only" = all ] || [ "$only" = "$1" ]; }

say "Building"
dotnet build tests/Load -c Release --nologo -v q -clp:NoSummary >&2
if [ -z "$published" ] && [ "$only" != micro ]; then
  published=$PWD/artifacts/publish
  dotnet publish src/Silo -c Release -o "$published" --nologo -v q >&2
fi
if wants ingest; then
  prometheus=$(find_peer prometheus prometheus)
  victoria=$(find_peer victoria-metrics victoria-metrics)
fi
if wants ingest || wants product; then prepare 1000; fi
if wants product || { wants ingest && [[ "$cases" =~ ^(all|10000)$ ]]; }; then prepare 10000 "$work/prepared-1000"; fi

if wants ingest; then
  if [[ "$cases" =~ ^(all|1000)$ ]]; then compare 1000 2400 120 300; fi
  if [[ "$cases" =~ ^(all|10000)$ ]]; then compare 10000 2400 15 30; fi
  if [[ "$cases" =~ ^(all|single)$ ]]; then compare 1000 24 20 60; fi
fi
if wants product; then product; fi
if wants micro; then micro; fi

{
  echo "$(date -u +%F), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $(nproc) cores ($(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -1)), $(awk '/MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo), load average $(cut -d' ' -f1-3 /proc/loadavg) at the end, .NET $(dotnet --version)${quick:+; quick: not a measurement}"
  if wants ingest; then echo "Peers: Debian's $(peer_version prometheus), $(peer_version victoria-metrics)."; fi
  echo
  if [ -s "$figures" ]; then load table --figures "$figures"; fi
  if wants product; then
    echo '```'
    cat "$work/product.txt"
    echo '```'
  fi
  if wants micro; then
    for table in "$work"/benchmarks/results/*-report-github.md; do
      basename "$table" | sed 's/^Forge\.Benchmarks\.\(.*\)-report-github\.md$/\n**\1**\n/'
      grep '^|' "$table"
    done
  fi
} | tee "$report"
