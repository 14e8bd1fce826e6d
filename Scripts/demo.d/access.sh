# The access half; read by Scripts/demo.

port=18022
# sshd as a host would have it: it trusts the authority, and nothing but the authority.
start_sshd() {
    cat >"$home/ssh/config" <<CONFIG
ListenAddress 127.0.0.1
Port $port
HostKey $home/keys/host
PidFile $home/sshd.pid
TrustedUserCAKeys $home/keys/ca.pub
RevokedKeys $home/ssh/revoked
AuthorizedPrincipalsFile $home/ssh/principals/%u
AuthorizedKeysFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
LogLevel VERBOSE
CONFIG
    [ "$(id -u)" != 0 ] || mkdir -p /run/sshd
    /usr/sbin/sshd -f "$home/ssh/config" -E "$home/ssh/log"
    await 5 test -s "$home/sshd.pid" || broken "sshd does not start"
}
# ssh with alice's key and the certificate that lies beside it.
login() {
    ssh -F /dev/null -i "$home/keys/alice" -p $port -o BatchMode=yes -o IdentitiesOnly=yes -o LogLevel=ERROR \
        -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "$account@127.0.0.1" "$@" 2>&1
}
may_sudo() { runuser -u "$account" -- sudo -n /usr/bin/id; }
curfew_as() { local who=$1; shift; (cd "$home/$who" && XDG_STATE_HOME="$home/known-$who" "$curfew" "$@"); }
shown() { printf '  %s $ curfew %s\n' "$1" "${*:2}"; curfew_as "$@" 2>&1 | indent; }

bold "7. Access: nobody has any"
start_sshd
if login true >/dev/null; then broken "a login works without a grant"; else say "ssh: refused"; fi

bold "8. A request is a commit; nobody approves their own"
sync alice
shown alice request web-debug --for 12s --reason "INC-42: the site is slow" --name inc-42
if curfew_as alice approve inc-42 >"$home/refused" 2>&1; then broken "alice approved her own request"; fi
say "alice \$ curfew approve inc-42"
indent <"$home/refused"
shown bob who-can web-debug
(curfew_as bob explain inc-42 --config "$home/curfew.yaml" 2>&1 || true) | indent

bold "9. bob merges it, signed: that is the approval, and access begins"
sync bob
as bob merge -q --no-ff -m "Merge inc-42" origin/request/inc-42 && push bob
before=$(ids)
shown alice credentials inc-42 --key "$home/keys/alice" --curfew-key "$home/keys/curfew.pub" --wait 10s
said=$(login 'echo logged in as $(id -un)') || true
case $said in *"logged in as $account"*) say "ssh: $said" ;; *) broken "the login does not work: $said" ;; esac
if [ "$account" = curfew-demo ]; then
    said=$(may_sudo 2>&1) || true
    case $said in *"uid=0"*) say "sudo: $said" ;; *) broken "sudo does not work: $said" ;; esac
fi
if [ "$runtime" = docker ]; then
    shown alice exec inc-42 web --key "$home/keys/alice" --socket "$home/state/exec.sock" -- sh -c 'echo inside; id -u'
    recording=$(cf sessions --grant inc-42 --format json | sed -n 's/.*"recording" : "\(.*\)".*/\1/p' | sed -n 1p)
    [ -n "$recording" ] || broken "the session was not recorded"
    printf '  $ curfew replay %s\n' "$recording"
    cf replay "$recording" --speed 100 | indent
fi
run "$curfew" grants --config "$home/curfew.yaml"
login 'exec sleep 60' >"$home/session" & session=$!

bold "10. Its time is over: the host refuses, the open session is cut, Git tells it, what was touched is replaced"
await 30 newest_has "Revert grant inc-42" || broken "no revert of the grant after 30 s"
if login true >/dev/null; then broken "the login still works"; else say "ssh: refused"; fi
if [ "$account" = curfew-demo ]; then
    if may_sudo >/dev/null 2>&1; then broken "sudo still works"; else say "sudo: refused"; fi
fi
await 5 test ! -d "/proc/$session" || broken "the open session lives on"
wait $session 2>/dev/null || say "the open session: cut"
newest | indent
newest_has "bastion: gone" || broken "the revert does not tell how the end was proven"
settled "not converged after the end of the grant"
replaced() { [ -z "$(comm -12 <(echo "$before") <(ids) | grep '^web-')" ]; }
await 20 replaced || broken "the touched workload was not replaced"
settled "not converged after the replacement"
say "web: replaced by fresh instances"

bold "11. The branch is the audit trail, and git itself verifies it"
sync dave
curfew_as dave trust export --config "$home/curfew.yaml" >"$home/allowed_signers"
as dave log --format='%h %an: %s' -4 | indent
for commit in $(as dave rev-list HEAD); do
    as dave -c gpg.ssh.allowedSignersFile="$home/allowed_signers" verify-commit "$commit" 2>/dev/null \
        || broken "git does not verify $commit"
done
say "git verify-commit: all $(as dave rev-list --count HEAD) commits are good"
