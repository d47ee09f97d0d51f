#!/usr/bin/env bash
# A whole cluster on this machine, as processes: PostgreSQL, silos, web nodes and a proxy, all on loopback. For trying out, tests and rehearsals; docs: deploy/README.md.
#
#   deploy/cluster.sh up [--silos 3] [--webs 2] [--published folder] [--dir folder] [--port 5180] [--grpc-port 4317]
#   deploy/cluster.sh status | down | wipe            [--dir folder]
#   deploy/cluster.sh start|stop|kill|log <name>      [--dir folder]     name: silo-1 …, web-1 …, proxy, postgres
#   deploy/cluster.sh start silo-4 | web-3            one more than before, known to the proxy at once
#   deploy/cluster.sh run <command …>                 the product's command line on this cluster, e.g. run audit verify
#
# up keeps what it finds in the folder (default artifacts/cluster) and goes on with it; down stops everything and keeps the data; wipe removes it.
# Every password and key is made at the first up and lies in files of mode 0600 in the folder. Nothing listens beyond loopback.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
umask 077

usage() { sed -n '2,12p' "$0" >&2; exit 2; }
[ $# -gt 0 ] || usage
action=$1; shift
dir=$root/artifacts/cluster silos=3 webs=2 published="" port=5180 grpc=4317 rest=()
while [ $# -gt 0 ]; do
  case $1 in
    --dir) dir=$(realpath -m "$2"); shift 2 ;;
    --silos) silos=$2; shift 2 ;;
    --webs) webs=$2; shift 2 ;;
    --published) published=$(realpath "$2"); shift 2 ;;
    --port) port=$2; shift 2 ;;
    --grpc-port) grpc=$2; shift 2 ;;
    *) rest+=("$1"); shift ;;
  esac
done
# Ports and program of a cluster stay what they were at its first up.
[ ! -f "$dir/settings" ] || . "$dir/settings"

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

free_port() {
  local p
  while p=$((20000 + RANDOM % 12000)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
  done
}

secret() { [ -s "$1" ] || head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$1"; cat "$1"; }

# A process is ours when the one with this id was started when we noted it: ids are used again.
started_at() { cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null; }
note() { echo "$2 $(started_at "$2")" >"$dir/run/$1"; }
pid_of() {
  local pid at
  [ -f "$dir/run/$1" ] || return 1
  read -r pid at <"$dir/run/$1"
  [ -n "$pid" ] && [ "$(started_at "$pid")" = "$at" ] && [ "$(cut -d' ' -f3 "/proc/$pid/stat")" != Z ] && echo "$pid"
}

launch() {   # name, command…
  local name=$1; shift
  setsid nohup "$@" >>"$dir/log/$name.log" 2>&1 </dev/null &
  note "$name" $!
}

end() {   # name, signal, seconds
  local pid
  pid=$(pid_of "$1") || { rm -f "$dir/run/$1"; return 0; }
  kill "-$2" "$pid" 2>/dev/null || true
  for _ in $(seq $(($3 * 10))); do pid_of "$1" >/dev/null || break; sleep 0.1; done
  if pid_of "$1" >/dev/null; then say "$1 did not stop within $3 s: killed"; kill -KILL "$pid"; sleep 0.3; fi
  rm -f "$dir/run/$1"
}

wait_ready() {   # name, port
  for _ in $(seq 600); do
    [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$2/healthz/ready" 2>/dev/null)" = 200 ] && return 0
    pid_of "$1" >/dev/null || { tail -5 "$dir/log/$1.log" >&2; die "$1 ended while it started; its log is $dir/log/$1.log"; }
    sleep 0.1
  done
  die "$1 was not ready within a minute; its log is $dir/log/$1.log"
}

# --- PostgreSQL
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
pg_bin() { for b in /usr/lib/postgresql/*/bin; do [ -x "$b/initdb" ] && found=$b; done; [ -n "${found:-}" ] || found=$(dirname "$(command -v initdb || die 'PostgreSQL 15 or newer is not installed: apt-get install postgresql')"); echo "$found"; }
psql_super() { PGPASSWORD=$(cat "$dir/secrets/postgres") "$(pg_bin)/psql" -qAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$pg_port" -U postgres "$@"; }

start_postgres() {
  local bin; bin=$(pg_bin)
  if [ ! -d "$dir/pg/data" ]; then
    mkdir -p "$dir/pg"; secret "$dir/secrets/postgres" >/dev/null; cp "$dir/secrets/postgres" "$dir/pg/first"
    [ "$(id -u)" != 0 ] || chown -R postgres "$dir/pg"
    as_postgres "$bin/initdb" -D "$dir/pg/data" -U postgres -A scram-sha-256 --pwfile="$dir/pg/first" -E UTF8 --locale=C >"$dir/log/initdb.log" 2>&1 || die "initdb failed: $dir/log/initdb.log"
    rm "$dir/pg/first"
    printf "listen_addresses = '127.0.0.1'\nport = %s\nunix_socket_directories = ''\nmax_connections = 300\n" "$pg_port" >>"$dir/pg/data/postgresql.conf"
  fi
  as_postgres "$bin/pg_ctl" -D "$dir/pg/data" -l "$dir/pg/log" -w -t 60 start >/dev/null || die "PostgreSQL did not start: $dir/pg/log"
  note postgres "$(head -1 "$dir/pg/data/postmaster.pid")"
}
stop_postgres() {
  pid_of postgres >/dev/null || { rm -f "$dir/run/postgres"; return 0; }
  as_postgres "$(pg_bin)/pg_ctl" -D "$dir/pg/data" -m fast -w -t 60 stop >/dev/null || true
  rm -f "$dir/run/postgres"
}

connection() { printf 'Host=127.0.0.1;Port=%s;Database=forge;Username=%s;Password=%s;Maximum Pool Size=40' "$pg_port" "$1" "$(secret "$dir/secrets/$1")" >"$dir/secrets/$1.connection"; }

prepare_database() {
  [ "$(psql_super -d postgres -c "SELECT count(*) FROM pg_database WHERE datname = 'forge'")" = 1 ] || psql_super -d postgres -c 'CREATE DATABASE forge'
  # Accounts, then what they may on what there is; the migrator makes the tables; then once more for the new ones.
  accounts() { psql_super -d forge -c 'SET client_min_messages = warning' -f "$root/deploy/postgres/accounts.sql" >/dev/null; }
  [ "$(psql_super -d forge -c "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'forge\\_%'")" = 4 ] || make_roles
  for account in forge_migrator forge_app forge_web; do
    connection "$account"
    printf "ALTER ROLE %s PASSWORD '%s';" "$account" "$(cat "$dir/secrets/$account")" | psql_super -d forge
  done
  (cd "$dir" && Forge__Storage__PostgresConnectionFile=$dir/secrets/forge_migrator.connection Forge__Keys__Directory=$dir/keys dotnet "$program/Forge.Silo.dll" --migrate --init-keys --data "$dir/data/migrate") >>"$dir/log/migrate.log" 2>&1 || { tail -3 "$dir/log/migrate.log" >&2; die "the migration failed: $dir/log/migrate.log"; }
  accounts
}
# Before the first migration there are no tables to grant on: only what the migrator needs.
make_roles() {
  psql_super -d forge -c 'CREATE ROLE forge_owner NOLOGIN; CREATE ROLE forge_migrator LOGIN; CREATE ROLE forge_app LOGIN; CREATE ROLE forge_web LOGIN; GRANT forge_owner TO forge_migrator; ALTER ROLE forge_migrator SET role = forge_owner; GRANT CREATE ON DATABASE forge TO forge_owner; GRANT USAGE, CREATE ON SCHEMA public TO forge_owner'
}

# --- the product
port_of() { [ -s "$dir/ports/$1" ] || free_port >"$dir/ports/$1"; cat "$dir/ports/$1"; }
web_keys() {   # a web node gets what it needs and no more
  mkdir -p "$dir/keys-web"
  cp "$dir"/keys/actor-* "$dir"/keys/identity-* "$dir/keys-web/"
}
start_silo() {
  launch "$1" env Forge__Roles=silo Forge__Log__Format=json Forge__Storage__PostgresConnectionFile="$dir/secrets/forge_app.connection" Forge__Keys__Directory="$dir/keys" \
    Forge__Journal__SealFile="$dir/data/$1/journal-seals.log" Forge__Cluster__SiloPort="$(port_of "$1.silo")" Forge__Cluster__GatewayPort="$(port_of "$1.gateway")" \
    dotnet "$program/Forge.Silo.dll" --urls "http://127.0.0.1:$(port_of "$1")" --data "$dir/data/$1" ${extra:-}
}
start_web() {
  launch "$1" env Forge__Roles=web Forge__Log__Format=json Forge__Identity__PostgresConnectionFile="$dir/secrets/forge_web.connection" Forge__Keys__Directory="$dir/keys-web" \
    Forge__Http__BaseUrl="http://localhost:$port" Forge__Ingest__GrpcPort="$(port_of "$1.grpc")" \
    dotnet "$program/Forge.Silo.dll" --urls "http://127.0.0.1:$(port_of "$1")" --data "$dir/data/$1" ${extra:-}
}

write_proxy() {
  local web
  {
    cat <<CONFIG
global
  maxconn 9000
  hard-stop-after 5s
defaults
  mode http
  timeout connect 2s
  timeout client 65s
  timeout server 65s
  timeout tunnel 1h
  timeout http-request 15s
  option redispatch
  retries 3
  retry-on conn-failure
frontend people
  bind 127.0.0.1:$port
  option forwardfor
  default_backend webs
backend webs
  balance leastconn
  # SignalR's negotiation and its connection belong to one node; a browser comes back to it while it lives.
  cookie forge-node insert indirect nocache httponly attr "SameSite=Strict"
  option httpchk GET /healthz/ready
  http-check expect status 200
  default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
CONFIG
    for web in $(names web); do echo "  server $web 127.0.0.1:$(port_of "$web") check cookie $web"; done
    cat <<CONFIG
frontend telemetry
  bind 127.0.0.1:$grpc proto h2
  default_backend otlp
backend otlp
  balance leastconn
  option httpchk GET /healthz/ready
  default-server inter 500ms fall 2 rise 1
CONFIG
    for web in $(names web); do echo "  server $web 127.0.0.1:$(port_of "$web.grpc") proto h2 check port $(port_of "$web") check-proto h1"; done
  } >"$dir/proxy.cfg"
}
start_proxy() {
  command -v haproxy >/dev/null || die 'haproxy is not installed: apt-get install haproxy'
  write_proxy
  haproxy -c -q -f "$dir/proxy.cfg" || die "the proxy refuses $dir/proxy.cfg"
  # Beside an older one it takes over the ports without a gap; the older one ends within 5 s.
  launch proxy haproxy -db -f "$dir/proxy.cfg" ${1:+-sf "$1"}
  for _ in $(seq 50); do curl -s -o /dev/null "http://127.0.0.1:$port/healthz/live" && return 0; sleep 0.1; done
  die "the proxy does not answer; its log is $dir/log/proxy.log"
}
renew_proxy() { local old; if old=$(pid_of proxy); then start_proxy "$old"; fi; }

names() { ls "$dir/members" 2>/dev/null | grep "^$1-" | sort -t- -k2n || true; }
start_one() {
  case $1 in
    postgres) start_postgres ;;
    proxy) start_proxy ;;
    silo-[0-9]*) touch "$dir/members/$1"; start_silo "$1"; wait_ready "$1" "$(port_of "$1")" ;;
    web-[0-9]*) local new=""; [ -e "$dir/members/$1" ] || new=yes; touch "$dir/members/$1"; start_web "$1"; wait_ready "$1" "$(port_of "$1")"; [ -z "$new" ] || renew_proxy ;;
    *) die "There is no $1: silo-N, web-N, proxy or postgres." ;;
  esac
}
stop_one() { case $1 in postgres) stop_postgres ;; proxy) end proxy TERM 5 ;; *) end "$1" TERM 40 ;; esac; }

status() {
  local name pid
  printf '%-10s %-8s %s\n' name process answers
  for name in postgres $(names silo) $(names web) proxy; do
    if ! pid=$(pid_of "$name"); then printf '%-10s %-8s\n' "$name" -; continue; fi
    case $name in
      postgres) printf '%-10s %-8s %s\n' "$name" "$pid" "127.0.0.1:$pg_port" ;;
      proxy) printf '%-10s %-8s %s\n' "$name" "$pid" "http://localhost:$port  OTLP/gRPC 127.0.0.1:$grpc" ;;
      *) printf '%-10s %-8s %s %s\n' "$name" "$pid" "http://127.0.0.1:$(port_of "$name")" "$(curl -s -m 5 "http://127.0.0.1:$(port_of "$name")/healthz/ready" || echo 'no answer')" ;;
    esac
  done
}

down() {
  local name left=0
  end proxy TERM 5
  for name in $(names web); do end "$name" TERM 40 & done; wait
  for name in $(names silo); do end "$name" TERM 40 & done; wait
  stop_postgres
  for name in postgres proxy $(names silo) $(names web); do if pid_of "$name" >/dev/null; then say "$name still runs"; left=1; fi; done
  [ "$left" = 0 ] && say "Nothing of the cluster runs any more. Its data is in $dir."
}

case $action in
  up)
    mkdir -p "$dir"/{run,log,secrets,ports,members,data,pg} && chmod 711 "$dir" "$dir/pg"
    if [ ! -f "$dir/settings" ]; then
      pg_port=$(free_port)
      [ -n "$published" ] || published=$root/artifacts/publish
      printf 'port=%q grpc=%q pg_port=%q program=%q\n' "$port" "$grpc" "$pg_port" "$published" >"$dir/settings"
      . "$dir/settings"
    elif [ -n "$published" ] && [ "$published" != "$program" ]; then
      printf 'port=%q grpc=%q pg_port=%q program=%q\n' "$port" "$grpc" "$pg_port" "$published" >"$dir/settings"
      . "$dir/settings"
    fi
    if [ ! -f "$program/Forge.Silo.dll" ]; then say "Publishing the product to $program"; dotnet publish "$root/src/Silo" -c Release -o "$program" --nologo -v q >"$dir/log/publish.log" 2>&1 || die "the build failed: $dir/log/publish.log"; fi
    pid_of postgres >/dev/null || start_postgres
    prepare_database
    web_keys
    for i in $(seq "$silos"); do touch "$dir/members/silo-$i"; done
    for i in $(seq "$webs"); do touch "$dir/members/web-$i"; done
    for name in $(names silo); do pid_of "$name" >/dev/null || start_silo "$name"; done
    for name in $(names silo); do wait_ready "$name" "$(port_of "$name")"; done
    for name in $(names web); do pid_of "$name" >/dev/null || start_web "$name"; done
    for name in $(names web); do wait_ready "$name" "$(port_of "$name")"; done
    pid_of proxy >/dev/null || start_proxy
    status
    link=$(head -c 100 "$(ls "$dir"/data/web-*/setup-token 2>/dev/null | head -1)" 2>/dev/null || true)
    [ -z "$link" ] || say "Make the first administrator: http://localhost:$port/setup#$link"
    ;;
  status) [ -f "$dir/settings" ] || die "There is no cluster in $dir."; status ;;
  down) [ -f "$dir/settings" ] || die "There is no cluster in $dir."; down ;;
  wipe) [ ! -f "$dir/settings" ] || down; rm -rf "$dir" ;;
  start) start_one "${rest[0]:?name}" ;;
  stop) stop_one "${rest[0]:?name}" ;;
  kill) end "${rest[0]:?name}" KILL 5 ;;
  log) tail -n 50 "$dir/log/${rest[0]:?name}.log" ;;
  run) Forge__Storage__PostgresConnectionFile=$dir/secrets/forge_app.connection Forge__Identity__PostgresConnectionFile=$dir/secrets/forge_web.connection Forge__Keys__Directory=$dir/keys Forge__Http__BaseUrl=http://localhost:$port dotnet "$program/Forge.Silo.dll" "${rest[@]}" --data "$dir/data/shell" ;;
  *) usage ;;
esac
