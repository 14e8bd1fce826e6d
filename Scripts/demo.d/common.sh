# What both halves of the demo use; read by Scripts/demo.

bold() { printf '\n\033[1m%s\033[0m\n' "$*"; }
say() { printf '  %s\n' "$*"; }
indent() { sed 's/^/    /'; }
run() { printf '  $ %s\n' "$*"; "$@" 2>&1 | indent; }
broken() {
    printf '\nPROMISE BROKEN: %s\n' "$*" >&2
    tail -n 20 "$home/daemon.log" >&2 || true
    [ "$check" = 1 ] && exit 1
    return 0
}
cf() { "$curfew" "$1" --config "$home/curfew.yaml" "${@:2}"; }
daemon_pid=
sshd_pid=
start_daemon() {
    "$curfew" run --config "$home/curfew.yaml" >>"$home/daemon.log" 2>&1 &
    daemon_pid=$!
}
# Waits until a command succeeds, at most $1 seconds.
await() {
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}
# Ends the process that a file names, if its command line is one of this demo's.
end_process() {
    local pid
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] || return 0
    case $(tr '\0' ' ' <"/proc/$pid/cmdline") in
    *"$home"*) kill "$pid" 2>/dev/null && await 10 test ! -d "/proc/$pid" || true ;;
    esac
}
# Sets everything back to nothing, also what a killed run left behind.
wipe() {
    [ -n "$daemon_pid" ] && kill "$daemon_pid" 2>/dev/null && wait "$daemon_pid" 2>/dev/null || true
    if [ -f "$home/curfew.yaml" ]; then
        end_process "$home/state/lock"
        end_process "$home/sshd.pid"
        cf teardown --yes >/dev/null 2>&1 || true
    fi
    if [ -d "$home/engine" ]; then Scripts/engine stop "$home/engine"; fi
    if [ "$(id -u)" = 0 ]; then
        rm -f /etc/sudoers.d/curfew-demo-* /etc/sudoers.d/zz-curfew-demo
        if [ -f "$home/account" ]; then
            pkill -KILL -u "$account" 2>/dev/null || true
            await 5 userdel "$account" || true
        fi
    fi
    chmod -R u+w "$home" 2>/dev/null || true
    rm -rf "$home"
}
finish() {
    code=$?
    trap - EXIT
    wipe
    [ $code = 0 ] || printf '\nThe demo ended with an error (%s).\n' $code >&2
    exit $code
}
# git as somebody: each has a clone of their own, and signs every commit and tag.
as() { local who=$1; shift; git -C "$home/$who" "$@"; }
clone() {
    git clone -q "$home/remote.git" "$home/$1" 2>/dev/null
    signer "$1"
}
signer() {
    as "$1" config user.name "$1"
    as "$1" config user.email "$1@example.org"
    as "$1" config user.signingkey "$home/keys/$1"
    as "$1" config gpg.format ssh
    as "$1" config commit.gpgsign true
    as "$1" config tag.gpgsign true
}
sync() { as "$1" fetch -q origin && as "$1" checkout -q -B main origin/main; }
push() { as "$1" push -q origin HEAD:main; }
tip() { git -C "$home/remote.git" rev-parse main; }
settled() { cf status --wait --timeout 30s --revision "$(tip)" >/dev/null || broken "$1"; }
newest() { git -C "$home/remote.git" log -1 --format=%B main; }
newest_has() { case $(newest) in *"$1"*) true ;; *) false ;; esac; }
