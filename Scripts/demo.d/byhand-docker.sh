# A change by hand in a container; read by Scripts/demo.

bold "5. Somebody goes into a container with docker exec: an alert, and that container is replaced"
entered=$(docker ps --filter label=io.curfew.workload=web --format '{{.Names}}' | sort | sed -n 1p)
say "\$ docker exec $entered sh -c 'echo hacked > /tmp/note; id'"
docker exec "$entered" sh -c 'echo hacked > /tmp/note; id' | indent
# The list has only what is running.
fresh() { [ "$(docker ps --filter label=io.curfew.workload=web --format '{{.Names}}' | grep -vcx "$entered")" = 2 ]; }
await 15 cf events --workload web --kind entry.alert || broken "the entry was not noticed"
await 15 fresh || broken "the container was not replaced"
settled "not converged after the replacement"
cf events --workload web --kind entry.alert | tail -n 1 | indent
docker ps --filter label=io.curfew.workload=web --format '{{.Names}}  {{.ID}}  {{.Status}}' | indent
serves "version 1" || broken "the site does not answer after the replacement"
