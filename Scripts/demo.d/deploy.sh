# The deploying half; read by Scripts/demo.

title() { curl -fsS -m 5 "$web" 2>/dev/null | sed -n 's:.*<h1>\(.*\)</h1>.*:\1:p'; }
serves() { [ "$(title)" = "$1" ]; }
# Merges a branch of alice's with one change to main, as a forge's merge button does.
merge() {
    local name=$1 message=$2; shift 2
    sync alice && as alice checkout -q -b "$name"
    "$@"
    as alice commit -qam "$message" && as alice checkout -q main && as alice merge -q --no-ff -m "Merge $name: $message" "$name" && push alice
    as alice rev-parse HEAD
}
set_title() { sed -i "s:<h1>.*</h1>:<h1>$1</h1>:" "$home/alice/manifests/web/site/index.html"; }
break_web() { sed -i 's/^  command:.*/  command: [sh, -c, "echo cannot open the database; exit 3"]/' "$home/alice/manifests/web/web.yaml"; }
ids() { cf status --format json | sed -n 's/.*"id" : "\(.*\)".*/\1/p' | sort; }

bold "1. Deploy: the branch says it, so it runs"
start_daemon
settled "the first revision is not converged after 30 s"
cf status | indent
serves "version 1" || broken "the site does not answer with version 1"

bold "2. A merge replaces every instance, under steady requests"
wrk -t1 -c8 -d8s "$web" >"$home/wrk.txt" 2>&1 & load=$!
merge headline "Say version 2" set_title "version 2" >/dev/null
settled "the merge is not converged"
wait $load || true
sed -n 's/^ *\([0-9]* requests in .*\)/\1/p' "$home/wrk.txt" | indent
if grep -Eq 'Socket errors|Non-2xx' "$home/wrk.txt"; then grep -E 'Socket errors|Non-2xx' "$home/wrk.txt"; broken "requests failed during the replacement"; else say "no request failed"; fi
serves "version 2" || broken "the site does not answer with version 2"

bold "3. A broken merge never takes the old version down, and is reverted in Git by Curfew"
merge refactor "Refactor the start command" break_web >/dev/null
fails=0
end=$((SECONDS + 30))
until newest_has 'Curfew-Revert:'; do
    serves "version 2" || fails=$((fails + 1))
    [ $SECONDS -lt $end ] || { broken "no revert commit after 30 s"; break; }
    sleep 0.2
done
[ $fails = 0 ] || broken "the old version did not answer $fails times"
git -C "$home/remote.git" log -1 --format='%h %an: %B' main | indent
settled "the revert is not converged"

bold "4. A rollback is a git revert"
sync alice
as alice revert --no-edit -m 1 "$(as alice log --merges --grep 'Merge headline' -1 --format=%H)" >/dev/null && push alice
settled "the rollback is not converged"
serves "version 1" || broken "the site does not answer with version 1 again"
say "$web says: $(title)"

. "Scripts/demo.d/byhand-$runtime.sh"

bold "6. The daemon is killed with -9 and started again: nothing is lost, nothing is doubled"
before=$(ids)
kill -9 "$daemon_pid" && wait "$daemon_pid" 2>/dev/null || true
serves "version 1" || broken "the site does not answer while the daemon is dead"
start_daemon
await 10 test -s "$home/state/lock"
cf status --wait --timeout 20s >/dev/null || broken "not converged after the restart"
[ "$before" = "$(ids)" ] || broken "the instances are not the same after the restart"
say "the same instances, still serving:"
ids | sed 's/^/      /'
run "$curfew" events --config "$home/curfew.yaml" --verify
