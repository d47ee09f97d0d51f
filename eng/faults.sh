#!/usr/bin/env bash
# Runs the fault table with real processes and writes docs/faults.md from what it saw.
#
#   eng/faults.sh [--seeds "1 2 3"] [--nemesis 10] [--published folder] [--previous folder] [class or method filter …]
#
#   --nemesis    minutes of the mix of faults (0: not run)
#   --published  a published product instead of publishing this tree
#   --previous   a published older build for the rolling upgrade; default: the tag or commit in deploy/upgrade-from, built in artifacts/previous
# About 15 minutes a seed and the nemesis; every process that it starts is ended by its id. A case whose means are missing says "not run", never "passed".
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
seeds="1 2 3" nemesis=10 published="" previous="" filters=()
while [ $# -gt 0 ]; do
  case $1 in
    --seeds) seeds=$2; shift 2 ;;
    --nemesis) nemesis=$2; shift 2 ;;
    --published) published=$(realpath "$2"); shift 2 ;;
    --previous) previous=$(realpath "$2"); shift 2 ;;
    -*) sed -n '2,9p' "$0" >&2; exit 2 ;;
    *) filters+=("$1"); shift ;;
  esac
done
say() { printf '\n== %s\n' "$*"; }

say "Building"
dotnet build tests/EndToEnd.Tests --nologo -v q -clp:NoSummary
if [ -z "$published" ]; then
  published=$PWD/artifacts/publish
  dotnet publish src/Silo -c Release -o "$published" --nologo -v q
fi
if [ -z "$previous" ]; then
  from=$(cat deploy/upgrade-from)
  previous=$PWD/artifacts/previous/$from
  if [ ! -e "$previous/Forge.Silo.dll" ]; then
    say "Building $from to upgrade from"
    tree=$(mktemp -d)
    git worktree add --detach "$tree" "$from" >/dev/null
    (cd "$tree" && dotnet publish src/Silo -c Release -o "$previous" --nologo -v q)
    git worktree remove --force "$tree"
  fi
fi

export FORGE_FAULTS=all FORGE_PUBLISHED=$published FORGE_PREVIOUS=$previous FORGE_NEMESIS_MINUTES=$nemesis
figures=artifacts/faults.tsv
mkdir -p artifacts && rm -f "$figures"
code=0 skip=(-class- Forge.EndToEnd.Tests.Faults.NemesisTests)
[ "$nemesis" = 0 ] || skip=()
for seed in $seeds; do
  say "Seed $seed"
  export FORGE_FAULT_SEED=$seed
  if [ ${#filters[@]} -gt 0 ]; then
    for filter in "${filters[@]}"; do dotnet tests/EndToEnd.Tests/bin/Debug/net10.0/Forge.EndToEnd.Tests.dll -noLogo -noColor -class "$filter" || code=1; done
  else
    dotnet tests/EndToEnd.Tests/bin/Debug/net10.0/Forge.EndToEnd.Tests.dll -noLogo -noColor -trait "Category=Fault" "${skip[@]}" || code=1
  fi
  skip=(-class- Forge.EndToEnd.Tests.Faults.NemesisTests)   # the mix once, with the first seed
done

say "docs/faults.md"
{
  cat <<'HEAD'
# Faults

What the product does when its parts break. Real processes on one machine with 2 cores: a PostgreSQL of its own, 3 silos, 2 web nodes, 12 organizations that send without a break through whichever node answers, a wallboard that comes back by itself. Written by `eng/faults.sh`; one line a case and seed, as measured. After every case the same is checked: every acknowledged request counted once, no second violation for one outage, the board equal to the API, `audit verify` without a finding.

| fault | seed | measured | must hold |
|---|---|---|---|
HEAD
  sort -t$'\t' -k1,1V -k2,2n "$figures" | awk -F'\t' '{ printf "| %s | %s | %s | %s |\n", $1, $2, $3, $4 }'
  printf '\n'
  cat eng/faults-elsewhere.md
} >docs/faults.md
[ "$code" = 0 ] && echo "every case passed" || echo "a case failed: see above"
exit "$code"
