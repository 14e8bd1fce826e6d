# Keys, a Git remote made from this project's own manifests/ and policies/, and a configuration; read by Scripts/demo.

bold "Set-up: keys, and a Git remote made from this project's own manifests/ and policies/"
mkdir -p "$home/keys" && chmod 711 "$home" "$home/keys"
for name in alice bob dave curfew ca host; do ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$home/keys/$name"; done
if [ "$(id -u)" = 0 ]; then
    account=curfew-demo
    : >"$home/account"
    useradd -M -N -s /bin/sh "$account" 2>/dev/null || true
    usermod -p '*' "$account" # no password, and not locked either
else
    account=$(id -un)
    say "not root: the demo logs in to your own account, and leaves sudo out"
fi
git init -q --bare -b main "$home/remote.git"
git init -q -b main "$home/dave"
signer dave
cp -r manifests policies "$home/dave/"
# The keys that were just made, where the sample has none.
for name in alice bob dave; do
    key=$(cut -d' ' -f1,2 "$home/keys/$name.pub")
    sed -i "/name: $name }/,/^---/{s|signingKeys: \[\]|signingKeys: [\"$key\"]|;s|loginKeys: \[\]|loginKeys: [\"$key\"]|}" \
        "$home/dave/policies/people.yaml"
done
if [ "$account" != curfew-demo ]; then
    sed -i "s/curfew-demo/$account/" "$home/dave/policies/"*.yaml
    sed -i '/backend: root/d' "$home/dave/policies/access.yaml"
fi
by_hand="pkill -9 -o -f 'httpd -f -p 127.0.0.1'"
if [ "$runtime" = docker ]; then
    say "an own Docker engine, and one word changed in each manifest: runtime: docker"
    base=$(Scripts/engine start "$home/engine")
    docker() { command docker --host "unix://$home/engine/docker.sock" "$@"; }
    sed -i 's/runtime: local/runtime: docker/' "$home/dave/manifests/"*/*.yaml
    # A way into the containers, beside the login and the one command of root's.
    sed -i '/backend: bastion/a\    - { backend: door, with: { workloads: [web], commands: [[sh], [sh, -c, "echo inside; id -u"]] } }' \
        "$home/dave/policies/access.yaml"
    by_hand="docker --host unix://$home/engine/docker.sock exec <one of 'docker ps'> id"
fi
as dave remote add origin "$home/remote.git"
as dave add -A && as dave commit -qm "First version" && push dave
clone alice
clone bob
cat >"$home/curfew.yaml" <<YAML
apiVersion: curfew/v1
kind: Configuration
repository: { url: "file://$home/remote.git", branch: main, interval: 1s }
state: "$home/state"
observe: { interval: 2s }
identity: { name: Curfew, email: curfew@example.org, signingKey: "$home/keys/curfew" }
trust: { mode: signed, root: $(tip), owners: [dave] }
access:
  bastion: { type: ssh, ca: "$home/keys/ca", krl: "$home/ssh/revoked", principals: "$home/ssh/principals", authLog: "$home/ssh/log", host: 127.0.0.1 }
YAML
if [ "$account" = curfew-demo ]; then
    echo "  root: { type: sudo, prefix: curfew-demo-, log: \"$home/ssh/sudo.log\" }" >>"$home/curfew.yaml"
    printf 'Defaults:%s logfile=%s/ssh/sudo.log, !syslog\n' "$account" "$home" >/etc/sudoers.d/zz-curfew-demo
    chmod 440 /etc/sudoers.d/zz-curfew-demo
fi
if [ "$runtime" = docker ]; then
    cat >>"$home/curfew.yaml" <<YAML
  door: { type: docker-exec, runtime: docker }
runtimes:
  docker: { type: docker, endpoints: ["unix://$home/engine/docker.sock"], base: "$base" }
YAML
fi
mkdir -p "$home/ssh/principals"
: >"$home/ssh/sudo.log"
run "$curfew" validate "$home/dave" --config "$home/curfew.yaml"
