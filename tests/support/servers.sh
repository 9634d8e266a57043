# shellcheck shell=bash
# What tests/run, tests/bench and tests/faults share: finding or installing what is missing, a
# directory and servers of the run's own, and leaving nothing behind. Sourced by
# a script that has set `me` to its name.
#
# shellcheck disable=SC2034,SC2154 # variables are shared with the script
# shellcheck disable=SC2317 # functions are called by name: timed, trap, started

say() { printf '%s: %s\n' "$me" "$*"; }
refuse() { say "$*" >&2; exit 2; }

# ---- leaving nothing behind -------------------------------------------------

scratch=''      # the one directory of this run
child=''        # the step that is running, leader of its own process group
tee_pid=''
postgres_pid=''
redis_pid=''
policy=''       # the policy-rc.d we wrote

# A step gets a session of its own: a Ctrl-C reaches this script alone, which
# then ends the step in order. (A background process of a script ignores
# SIGINT; `env` gives it the default back.)
detached() { exec env --default-signal=INT,QUIT setsid "$@" </dev/null; }

# ended PID SECONDS: waits for a process to be gone.
ended() {
    local tries=$(($2 * 20))
    while kill -0 "$1" 2>/dev/null; do
        ((tries-- > 0)) || return 1
        sleep 0.05
    done
}

# stop_server PID SIGNAL
stop_server() {
    [[ $1 ]] || return 0
    kill "-$2" "$1" 2>/dev/null || return 0
    ended "$1" 10 || kill -KILL "$1" 2>/dev/null || true
}

# postmaster: the PostgreSQL that runs now; one that was killed was started again by another hand.
postmaster() {
    local pid=''
    read -r pid 2>/dev/null <"$scratch/postgres/data/postmaster.pid" || true
    if grep -qsF "$scratch/postgres/data" "/proc/${pid:-none}/cmdline"; then printf '%s\n' "$pid"; fi
}

cleanup() {
    trap '' INT TERM HUP
    if [[ $child ]]; then
        # nextest passes this on to its tests and waits for them ten seconds
        kill -TERM -- "-$child" 2>/dev/null || kill -TERM "$child" 2>/dev/null || true
        ended "$child" 20 || true
        kill -KILL -- "-$child" 2>/dev/null || true
    fi
    stop_server "$postgres_pid" QUIT
    stop_server "$(postmaster)" QUIT
    stop_server "$redis_pid" TERM
    if [[ $tee_pid ]]; then
        ended "$tee_pid" 2 || kill -KILL "$tee_pid" 2>/dev/null || true
    fi
    local pid # one that was started, but not yet written down
    for pid in $(jobs -p); do stop_server "$pid" TERM; done
    [[ ! $policy ]] || rm -f "$policy"
    [[ ! $scratch ]] || rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# timed NAME COMMAND…: runs one step, says how long it took.
timed() {
    local name=$1 status=0 from=$EPOCHREALTIME took
    shift
    say "$name …"
    "$@" || status=$?
    took=$(((${EPOCHREALTIME/[.,]/} - ${from/[.,]/}) / 100000))
    say "$name: $((took / 10)).$((took % 10)) s"
    return "$status"
}

# step COMMAND…: runs a command that can be interrupted.
step() {
    detached "$@" &
    child=$!
    child_done
}

child_done() {
    local status=0
    wait "$child" || status=$?
    child=''
    return "$status"
}

# ---- finding or installing what is missing ----------------------------------

has() { command -v "$1" >/dev/null; }

# The newest PostgreSQL that can serve: Debian keeps servers out of PATH.
find_postgres() {
    local bin found=''
    while read -r bin; do
        [[ -x $bin/initdb && -x $bin/postgres ]] && found=$bin
    done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V)
    if [[ ! $found ]] && has initdb && has postgres; then
        found=$(dirname "$(command -v postgres)")
    fi
    pg_bin=$found
    [[ $found ]]
}

# Debian starts a service as soon as it is installed, unless this file forbids it.
forbid_services() {
    local file=/usr/sbin/policy-rc.d
    [[ ! -e $file ]] || return 0
    policy=$file
    printf '#!/bin/sh\nexit 101\n' >"$file"
    chmod 755 "$file"
}

# In the foreground, so that an interruption waits for dpkg to finish.
install_packages() {
    local apt=(apt-get -q -y -o DPkg::Lock::Timeout=300)
    export DEBIAN_FRONTEND=noninteractive
    forbid_services
    "${apt[@]}" update &&
        "${apt[@]}" install --no-install-recommends "$@" </dev/null || return 1
    [[ ! $policy ]] || rm -f "$policy"
    policy=''
}

# install_missing: calls the script's find_missing, installs the packages in
# `missing`, and looks again.
install_missing() {
    find_missing
    if ((${#missing[@]})); then
        if ((EUID != 0)) || ! has apt-get; then
            refuse "please install these Debian packages first (it takes root and apt-get): ${missing[*]}"
        fi
        timed "install ${missing[*]}" install_packages "${missing[@]}" ||
            refuse "apt-get could not install: ${missing[*]}"
        hash -r
        find_missing
        ((${#missing[@]} == 0)) || refuse "still missing after the installation: ${missing[*]}"
    fi
    has cargo || refuse 'cargo is not in PATH: please install a Rust toolchain first'
}

# ---- the run's own directory and service user -------------------------------

service=() # the words that run a command as the service user

make_scratch() {
    local base=${TMPDIR:-/tmp}
    if ((EUID == 0)); then # PostgreSQL refuses root
        user=postgres
        id "$user" >/dev/null 2>&1 || user=nobody
        service=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
    fi

    # The service user must reach it, and a socket's path has at most 107 bytes.
    if ((${#base} > 60)) || ! "${service[@]}" test -x "$base"; then base=/tmp; fi
    scratch=$(mktemp -d "$base/zhixiang-test.XXXXXX")
    chmod 711 "$scratch"
    mkdir -m 700 "$scratch/postgres" "$scratch/redis" "$scratch/tmp"
    if ((EUID == 0)); then chown "$user" "$scratch/postgres" "$scratch/redis"; fi
}

# ---- servers ----------------------------------------------------------------

# Below the range from which the kernel takes the ports of outgoing connections.
spare_port() {
    while port=$((20000 + RANDOM % 12000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return 0
    done
}

# ready PID FILE PATTERN: waits until a server wrote in its own file that it serves.
ready() {
    local tries=300
    until grep -qs "$3" "$2"; do
        kill -0 "$1" 2>/dev/null && ((tries-- > 0)) || return 1
        sleep 0.1
    done
}

# started NAME LOG FUNCTION: tries a few ports; another process may take one meanwhile.
started() {
    local name=$1 log=$2 try
    for try in 1 2 3 4 5; do
        spare_port
        if "$3"; then return 0; fi
        say "$name did not start on port $port (attempt $try)"
    done
    tail -n 20 "$log" >&2
    return 1
}

postgres_once() {
    local home=$scratch/postgres
    stop_server "$postgres_pid" QUIT
    detached "${service[@]}" "$pg_bin/postgres" -D "$home/data" -p "$port" \
        >>"$home/log" 2>&1 &
    postgres_pid=$!
    ready "$postgres_pid" "$home/data/postmaster.pid" '^ready' || return 1
    database_url=postgres://postgres@127.0.0.1:$port/postgres
}

# start_postgres: the script's own settings stand in `postgres_settings`.
start_postgres() {
    local home=$scratch/postgres
    (cd "$scratch" && "${service[@]}" "$pg_bin/initdb" --pgdata="$home/data" \
        --username=postgres --auth=trust --no-locale --encoding=UTF8 --no-sync >"$home/log" 2>&1) ||
        { cat "$home/log" >&2; return 1; }
    cat >>"$home/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$home'
max_connections = 300
$postgres_settings
CONF
    started PostgreSQL "$home/log" postgres_once
}

redis_once() {
    local home=$scratch/redis
    stop_server "$redis_pid" TERM
    detached "${service[@]}" redis-server --bind 127.0.0.1 --port "$port" \
        --save '' --appendonly no --dir "$home" >"$home/log" 2>&1 &
    redis_pid=$!
    ready "$redis_pid" "$home/log" 'Ready to accept connections' || return 1
    redis_url=redis://127.0.0.1:$port
}

start_redis() { started Redis "$scratch/redis/log" redis_once; }

# What a developer has set for a server of their own is not for the tests; how much they shall try is.
forget_settings() {
    local name
    while read -r name; do
        case $name in
        ZHIXIANG_TEST_MODEL_CASES | ZHIXIANG_TEST_RESETS) ;;
        *) unset "$name" ;;
        esac
    done < <(compgen -e ZHIXIANG_ || true)
}
