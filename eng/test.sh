#!/usr/bin/env bash
# Installs what the tests need, builds once, runs every test project, and ends with "N passed, N failed".
# eng/test.sh [project ...]   only these test projects, e.g. eng/test.sh Domain Grains
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
results=$root/artifacts/test-results
publish=$root/artifacts/publish
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

say() { printf '\n== %s\n' "$*"; }

has_postgres() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }

install_missing() {
  command -v dotnet >/dev/null || { echo "The .NET SDK of global.json is missing: https://dotnet.microsoft.com/download" >&2; exit 1; }
  local missing=()
  command -v chromium >/dev/null || missing+=(chromium)
  command -v prometheus >/dev/null || missing+=(prometheus)
  command -v haproxy >/dev/null || missing+=(haproxy)
  [ -e /usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1 ] || missing+=(libfaketime)
  # The OpenTelemetry SDK for JavaScript needs 18.19 or newer; whatever is there already is left alone.
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  has_postgres || missing+=(postgresql)
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests start real programs that are missing here: ${missing[*]}. Install them (Debian: apt-get install ${missing[*]}) or run this as root." >&2
    exit 1
  fi
  say "Installing ${missing[*]}"
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

projects() {
  if [ $# -gt 0 ]; then
    for name in "$@"; do echo "${name%.Tests}"; done
  else
    # The end-to-end tests measure seconds: they run last, alone.
    for folder in tests/*.Tests; do basename "$folder" .Tests; done | grep -v '^EndToEnd$'
    echo EndToEnd
  fi
}

# Runs one project, or a part of it under another name; what it prints comes at its end when it runs beside others.
run_project() {   # label, project, arguments…
  local label=$1 name=$2 code=0
  shift 2
  # An xunit v3 project is a program: running it directly needs no test host.
  timeout 19m $slow dotnet "tests/$name.Tests/bin/Debug/net10.0/Forge.$name.Tests.dll" -noLogo -noColor "$@" -result-trx "$results/$label.trx" || code=$?
  echo "$code" >"$results/$label.code"
}

# Figures come from the trx file, so a run that died without one counts as a failure.
count_project() {   # label, seconds
  local label=$1 code
  code=$(cat "$results/$label.code" 2>/dev/null || echo 1)
  local counters
  counters=$(grep -o '<Counters [^>]*>' "$results/$label.trx" 2>/dev/null | head -1 || true)
  local passed failed
  passed=$(sed -n 's/.* passed="\([0-9]*\)".*/\1/p' <<<"$counters"); passed=${passed:-0}
  failed=$(sed -n 's/.* failed="\([0-9]*\)".*/\1/p' <<<"$counters"); failed=${failed:-0}
  local total
  total=$(sed -n 's/.* total="\([0-9]*\)".*/\1/p' <<<"$counters"); total=${total:-0}
  local note=""
  if [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; note="ended with $code"; fi
  if [ "$total" -eq 0 ] && [ "$failed" -eq 0 ]; then failed=1; note="no test ran"; fi
  printf '%s %s %s %s %s %s\n' "$label" "$passed" "$failed" "$((total - passed > failed ? total - passed - failed : 0))" "$2" "$note" >>"$results/summary"
}

install_missing
mapfile -t chosen < <(projects "$@")
rm -rf "$results" && mkdir -p "$results" && : >"$results/summary"

say "Building"
started=$SECONDS
if ! dotnet build Forge.Orleans.sln --nologo -v q -clp:NoSummary; then
  echo "The build failed: no test ran."
  echo "0 passed, 1 failed"
  exit 1
fi
echo "built in $((SECONDS - started)) s"

# What is shipped is published beside the fast tests. So is the one test that only waits: a real outage and its end take three minutes. It measures seconds, so the others give way to it.
beside="" slow=""
waits='Forge.EndToEnd.Tests.Sla.BreachTests'
if [[ " ${chosen[*]} " == *" EndToEnd "* ]] && [ ${#chosen[@]} -gt 1 ]; then
  {
    if [ -z "${FORGE_PUBLISHED:-}" ]; then dotnet publish src/Silo -c Release -o "$publish" --nologo -v q >"$results/publish.log" 2>&1 || exit 1; fi
    touch "$results/published"
    FORGE_PUBLISHED=${FORGE_PUBLISHED:-$publish} run_project EndToEnd.waits EndToEnd -class "$waits" >"$results/EndToEnd.waits.log" 2>&1
  } &
  beside=$!
  slow="nice -n 10"
fi

for name in "${chosen[@]}"; do
  started=$SECONDS part=()
  say "$name.Tests"
  if [ "$name" = EndToEnd ] && [ -n "$beside" ]; then
    wait "$beside" || true
    slow=""
    if [ ! -e "$results/published" ]; then
      cat "$results/publish.log"
      printf 'EndToEnd 0 1 0 0 publish failed\n' >>"$results/summary"
      continue
    fi
    cat "$results/EndToEnd.waits.log"
    count_project EndToEnd.waits 0
    export FORGE_PUBLISHED=${FORGE_PUBLISHED:-$publish}
    part=(-class- "$waits")
    started=$SECONDS
  fi
  run_project "$name" "$name" ${part[@]+"${part[@]}"}
  count_project "$name" "$((SECONDS - started))"
done

say "Summary ($SECONDS s)"
printf '%-16s %7s %7s %8s %6s\n' project passed failed skipped s
passed=0 failed=0
while read -r name p f skipped seconds note; do
  printf '%-16s %7s %7s %8s %6s %s\n' "$name" "$p" "$f" "$skipped" "$seconds" "$note"
  passed=$((passed + p)) failed=$((failed + f))
done <"$results/summary"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
