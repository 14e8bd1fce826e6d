# A change by hand in a sandbox; read by Scripts/demo.

bold "5. A file changed by hand: the instances that have it are replaced"
before=$(cf status --format json)
tree=$(as alice rev-parse HEAD:manifests/web/site)
file=$(find "$home/state/runtimes" -path "*$tree*" -name index.html -print -quit)
chmod u+w "$file" && sed -i 's/version 1/hacked/' "$file"
say "changed ${file#"$home/"}"
await 15 cf events --workload web --kind plan.repair || broken "the change was not noticed"
await 15 serves "version 1" || broken "the changed file is still served"
cf status --wait --timeout 20s >/dev/null || broken "not converged after the repair"
cf events --workload web --kind plan.repair | tail -n 1 | indent
[ "$before" != "$(cf status --format json)" ] || broken "the instances are the same as before"
