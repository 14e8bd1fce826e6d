@testable import CurfewDesiredState
import CurfewModel
import Testing

@Suite struct ComposeServiceTests {
    private typealias Fixture = ComposeFixture

    @Test func commandsAndEntrypoints() throws {
        let plain = try Fixture.web("    command: run --flag 'two words'")
        #expect(plain.command.isEmpty)
        #expect(plain.container.args == ["run", "--flag", "two words"])
        let both = try Fixture.web("    entrypoint: [/entry, \"-x\"]\n    command: [a, \"$$(id)\"]")
        #expect(both.command == ["/entry", "-x"])
        // `$(` has no meaning to Compose and one to Curfew.
        #expect(both.container.args == ["a", "$$(id)"])
        let cleared = try Fixture.web("    entrypoint: []\n    command: python -m app")
        #expect(cleared.command == ["python", "-m", "app"])
        #expect(cleared.container.args.isEmpty)
        #expect(Fixture.service("    entrypoint: ''").errors.first?.contains("without a command nothing is left") == true)
        #expect(Fixture.service("    command: \"echo 'x\"").errors.first?.contains("a quote is not closed") == true)
        #expect(try Fixture.web("    command:\n    user: 1000:1000\n    working_dir: /srv").container.user == "1000:1000")
    }

    @Test func environment() throws {
        let list = Fixture.service(
            """
                environment:
                  - A=1
                  - B=x=y
                  - "C="
                  - GIVEN
                  - MISSING
                  - DB_PASSWORD=${PW}
                  - URL=postgres://u:p@h/d
                  - TOKEN_FILE=/run/secrets/token
                  - PROMPT=$$(date) $$HOME
            """
        ) { $0.variables = ["GIVEN": "yes", "PW": "hunter2"] }
        let env = try Fixture.decoded(#require(list.workloads.first)).env
        #expect(
            env == [
                "A": "1", "B": "x=y", "C": "", "GIVEN": "yes", "TOKEN_FILE": "/run/secrets/token", "PROMPT": "$$(date) $HOME",
            ])
        #expect(list.tells("services.web.environment.DB_PASSWORD", "looks like a secret"))
        #expect(list.tells("services.web.environment.URL", "looks like a secret"))
        #expect(list.tells("services.web.environment[4]", "MISSING has no value"))
        #expect(!list.texts.joined().contains("hunter2"))
        let map = try Fixture.web("    environment:\n      N: 5\n      B: true\n      F: 0.30\n      S: 'x'\n      E: ''")
        #expect(map.env == ["N": "5", "B": "true", "F": "0.30", "S": "x", "E": ""])
        let kept = try Fixture.web("    environment: { CACHE_KEY: v1 }") { $0.keptVariables = ["CACHE_KEY"] }
        #expect(kept.env == ["CACHE_KEY": "v1"])
    }

    @Test func secretsStayOutOfEveryOtherField() {
        let result = Fixture.service("    command: redis-server --requirepass ${REDIS_PASSWORD}") {
            $0.variables = ["REDIS_PASSWORD": "hunter2"]
        }
        #expect(result.workloads.isEmpty)
        #expect(result.tells("services.web.command", "holds the value of REDIS_PASSWORD"))
        #expect(!result.texts.joined().contains("hunter2"))
    }

    @Test func environmentFilesAreReadBesideAndOverridden() throws {
        let result = Fixture.service(
            "    env_file: [app.env, { path: no.env, required: false }]\n    environment: { A: mine }",
            files: ["app.env": "A=theirs\nB=2\nAPI_KEY=abc\n"])
        #expect(try Fixture.decoded(#require(result.workloads.first)).env == ["A": "mine", "B": "2"])
        #expect(result.tells("services.web.env_file(app.env).API_KEY", "looks like a secret"))
        #expect(result.tells("services.web.env_file[1]", "'no.env' is not carried over"))
        let broken = Fixture.service("    env_file: app.env", files: ["app.env": "A=1\n='\n"])
        #expect(broken.errors.first?.contains("line 2") == true, "\(broken.texts)")
    }

    @Test func ports() throws {
        let result = Fixture.service(
            """
                ports:
                  - "8080:80"
                  - 9000-9001:9000-9001
                  - "127.0.0.1:8443:443"
                  - "53:53/udp"
                  - "7000"
                  - { target: 3000, published: "3001", app_protocol: http, name: Web_UI, host_ip: 0.0.0.0, mode: host }
                expose: [80, "5000"]
            """)
        let ports = try Fixture.decoded(#require(result.workloads.first)).ports
        #expect(
            ports.map { "\($0.name) \($0.expose ?? 0) \($0.port ?? 0) \($0.mode)" } == [
                "tcp-80 8080 80 tcp", "tcp-9000 9000 9000 tcp", "tcp-9001 9001 9001 tcp", "tcp-443 8443 443 tcp",
                "tcp-7000 0 7000 tcp", "web-ui 3001 3000 http", "tcp-5000 0 5000 tcp",
            ])
        #expect(result.tells("services.web.ports[2]", "127.0.0.1 is not carried over"))
        #expect(result.tells("services.web.ports[3]", "udp is not carried over"))
        #expect(result.tells("services.web.ports[4]", "the engine would choose"))
        #expect(result.tells("services.web.ports[5].mode", "'host'"))
        let twice = Fixture.service("    ports: ['1000:80', '1001:80']")
        #expect(twice.tells("services.web.ports[1]", "is exposed as 1000 already"))
        #expect(Fixture.service("    ports: ['1-70:1-70']").errors.first?.contains("at most 64 ports") == true)
        #expect(
            Fixture.service("    environment: { PORT: '3000' }\n    ports: ['80:80']").tells("services.web.environment.PORT"))
    }

    @Test func volumes() throws {
        let result = Fixture.service(
            """
                volumes:
                  - data:/data:ro
                  - ./conf:/etc/app:ro
                  - /var/run/docker.sock:/var/run/docker.sock
                  - ~/x:/x
                  - /scratch
                  - { type: volume, source: more_data, target: /more/, volume: { nocopy: true } }
                  - { type: tmpfs, target: /cache, tmpfs: { size: 32m } }
                  - { type: bind, source: ., target: /src, bind: { propagation: rslave } }
                  - data:/again
                  - other:/data/sub
                  - x:/proc/x
                tmpfs: ["/run/app:size=16m,mode=1777", /tmp]
            """, top: "volumes:\n  data:\n    driver_opts: { type: nfs }\n  more_data:\n  other:\n  unused:")
        #expect(result.errors.isEmpty, "\(result.errors)")
        let workload = try Fixture.decoded(#require(result.workloads.first))
        #expect(
            workload.mounts.map { "\($0.path) \($0.volume?.rawValue ?? "-") \($0.tmpfs?.description ?? "-")" } == [
                "/data data -", "/scratch - -", "/more more-data -", "/cache - 32Mi", "/run/app - 16Mi", "/tmp - 64Mi",
            ])
        #expect(workload.rollout.strategy == .recreate)
        for (index, words) in [
            (0, "'ro'"), (1, "is of the host"), (2, "socket"), (3, "is of the host"), (4, "has no name"), (5, "no DNS label"),
            (7, "is of the host"), (8, "mounted already"), (9, "overlaps"), (10, "read-only"),
        ] {
            #expect(result.tells("services.web.volumes[\(index)]", words), "\(index) \(words)")
        }
        #expect(result.tells("services.web.volumes[5].volume.nocopy"))
        #expect(result.tells("services.web.tmpfs[1]", "names no size"))
        #expect(result.tells("volumes.data.driver_opts"))
        #expect(result.tells("volumes.data", "begins empty as curfew.web.data"))
        #expect(result.tells("volumes.unused", "used by no service"))
    }

    @Test func healthchecks() throws {
        let list = try Fixture.web(
            "    healthcheck: { test: [CMD, check, \"-x\"], interval: 5s, timeout: 2s, retries: 4, start_period: 10s }")
        #expect(list.health?.probe == .command(["check", "-x"]))
        #expect(list.health?.interval == .seconds(5))
        #expect(list.health?.timeout == .seconds(2))
        #expect(list.health?.failures == 4)
        #expect(list.health?.startup == .seconds(10 + 4 * 5 + 2))
        let shell = try Fixture.web("    healthcheck: { test: \"curl -f http://localhost || exit 1\" }")
        #expect(shell.health?.probe == .command(["/bin/sh", "-c", "curl -f http://localhost || exit 1"]))
        // What Docker takes when nothing is said; the rollout waits for as long.
        #expect(shell.health?.interval == .seconds(30))
        #expect(shell.health?.startup == .seconds(120))
        #expect(shell.rollout.deadline == .seconds(150))
        #expect(try Fixture.web("    healthcheck: { interval: 3s }").health?.probe == .image)
        for off in ["{ test: [NONE] }", "{ disable: true }"] {
            let result = Fixture.service("    healthcheck: \(off)")
            #expect(result.workloads.first?.workload.health == nil)
            #expect(result.tells("services.web.healthcheck", "is off"))
        }
        #expect(Fixture.service("    healthcheck: { test: [RUN, x] }").errors.count == 1)
        #expect(
            Fixture.service("    healthcheck: { test: x, timeout: 5m }").tells("services.web.healthcheck.timeout", "set to 1m"))
    }

    @Test func limitsAndDeploy() throws {
        let plain = try Fixture.web(
            "    mem_limit: 512m\n    cpus: 0.5\n    pids_limit: 100\n    scale: 3\n    stop_grace_period: 1m30s")
        #expect(plain.resources == Resources(cpu: MilliCPU(500), memory: ByteCount(512 << 20), pids: 100))
        #expect(plain.replicas == 3)
        #expect(plain.rollout.drain == .seconds(90))
        let result = Fixture.service(
            """
                deploy:
                  mode: replicated
                  replicas: 4
                  labels: { a: b }
                  update_config: { parallelism: 2, order: start-first, failure_action: rollback, delay: 5s }
                  rollback_config: { parallelism: 1 }
                  restart_policy: { condition: any, max_attempts: 3 }
                  endpoint_mode: vip
                  placement:
                    constraints: ["node.role == worker", node.labels.disk!=slow]
                    preferences: [{ spread: node.labels.zone }]
                  resources:
                    limits: { cpus: "2", memory: 1G, pids: 50 }
                    reservations: { memory: 512M }
            """
        ) { $0.hasManyHosts = true }
        let workload = try Fixture.decoded(#require(result.workloads.first))
        #expect(workload.replicas == 4)
        #expect(workload.rollout.strategy == .rolling(surge: 2))
        #expect(workload.rollout.onFailure == .revert)
        #expect(workload.resources == Resources(cpu: MilliCPU(2000), memory: ByteCount(1 << 30), pids: 50))
        #expect(workload.container.placement == ["node.role==worker", "node.labels.disk!=slow"])
        for field in [
            "labels", "rollback_config", "endpoint_mode", "placement.preferences", "resources.reservations",
            "update_config.delay",
        ] {
            #expect(result.tells("services.web.deploy.\(field)"), "\(field)")
        }
        #expect(result.tells("services.web.deploy.restart_policy.max_attempts"))
        let one = Fixture.service("    deploy: { placement: { constraints: [node.role==manager] } }")
        #expect(one.workloads.first?.workload.container.placement == [])
        #expect(one.tells("services.web.deploy.placement.constraints", "--swarm"))
        #expect(Fixture.service("    deploy: { mode: global-job }").errors.count == 1)
        #expect(Fixture.service("    deploy: { mode: global }").tells("services.web.deploy.mode", "'global'"))
    }

    @Test func rights() throws {
        let plain = try Fixture.web("    init: true")
        #expect(plain.container.capabilities == ComposeReader.ordinaryCapabilities)
        #expect(plain.container.writableRoot)
        let dropped = try Fixture.web("    cap_drop: [ALL]\n    cap_add: [CAP_NET_BIND_SERVICE, sys_nice]\n    read_only: true")
        #expect(dropped.container.capabilities == ["NET_BIND_SERVICE", "SYS_NICE"])
        #expect(!dropped.container.writableRoot)
        let least = try Fixture.web("    cap_add: [CHOWN]") { $0.leastPrivilege = true }
        #expect(least.container.capabilities == ["CHOWN"])
        #expect(!least.container.writableRoot)
        #expect(Fixture.service("    cap_add: [ALL]").tells("services.web.cap_add", "ALL is not carried over"))
        #expect(Fixture.service("    user: 'a b'").errors.count == 1)
    }

    @Test func secretsAndConfigs() throws {
        let top = """
            secrets:
              db_password: { file: ./db.txt }
              token: { external: true }
            configs:
              nginx.conf: { file: ./nginx.conf }
            """
        let result = Fixture.service(
            "    secrets: [db_password, { source: token, target: /run/secrets/api, mode: 0400 }]\n    configs: [{ source: nginx.conf, target: /etc/nginx/nginx.conf }]",
            top: top)
        let secrets = try Fixture.decoded(#require(result.workloads.first)).secrets
        #expect(
            secrets == [
                SecretFile(path: "/run/secrets/db_password", source: .file(Name(literal: "db-password"))),
                SecretFile(path: "/run/secrets/api", source: .file(Name(literal: "token"))),
                SecretFile(path: "/run/secrets/nginx.conf", source: .file(Name(literal: "nginx-conf"))),
            ])
        #expect(result.tells("services.web.secrets[0]", "put './db.txt' as 'db-password'"))
        #expect(result.tells("services.web.secrets[1].mode"))
        #expect(result.tells("secrets.token.external"))
        #expect(result.tells("services.web.configs[0]", "is given as /run/secrets/nginx.conf"))
        #expect(Fixture.service("    secrets: [nothing]").errors.first?.contains("is not declared under 'secrets'") == true)
    }
}
