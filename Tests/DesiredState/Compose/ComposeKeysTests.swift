@testable import CurfewDesiredState
import CurfewModel
import Testing

/// Every field that the Compose Specification knows of a service is carried over or told.
@Suite struct ComposeKeysTests {
    /// Field, a value, and whether it is carried over without a word.
    private static let fields: [(String, String, silent: Bool)] = [
        ("annotations", "{ a: b }", false), ("attach", "true", false), ("blkio_config", "{ weight: 300 }", false),
        ("build", ".", false), ("cap_add", "[NET_ADMIN]", true), ("cap_drop", "[CHOWN]", true), ("cgroup", "host", false),
        ("cgroup_parent", "x", false), ("command", "run", true), ("configs", "[c]", false), ("container_name", "x", false),
        ("cpu_count", "2", false), ("cpu_percent", "50", false), ("cpu_period", "1000", false), ("cpu_quota", "1000", false),
        ("cpu_rt_period", "1000", false), ("cpu_rt_runtime", "1000", false), ("cpu_shares", "5", false), ("cpus", "0.5", true),
        ("cpuset", "0-1", false), ("credential_spec", "{ file: x }", false), ("depends_on", "[db]", true),
        ("deploy", "{ replicas: 2 }", true), ("develop", "{ watch: [] }", false),
        ("device_cgroup_rules", "['c 1:3 mr']", false),
        ("devices", "[/dev/kvm]", false), ("dns", "8.8.8.8", false), ("dns_opt", "[x]", false), ("dns_search", "x.org", false),
        ("domainname", "x.org", false), ("entrypoint", "/x", true), ("env_file", "x.env", false),
        ("environment", "{ A: b }", true),
        ("expose", "[80]", true), ("extends", "{ service: db }", true), ("external_links", "[x]", false),
        ("extra_hosts", "['a:1.2.3.4']", false), ("gpus", "all", false), ("group_add", "[x]", false),
        ("healthcheck", "{ test: [CMD, x] }", true), ("hostname", "x", false), ("init", "true", true), ("ipc", "host", false),
        ("isolation", "default", false), ("label_file", "x", false), ("labels", "{ a: b }", false), ("links", "[db]", false),
        ("logging", "{ driver: syslog }", false), ("mac_address", "'02:42:ac:11:65:43'", false), ("mem_limit", "64m", true),
        ("mem_reservation", "64m", false), ("mem_swappiness", "5", false), ("memswap_limit", "1g", false),
        ("models", "[x]", false),
        ("network_mode", "host", false), ("networks", "[default]", true), ("oom_kill_disable", "true", false),
        ("oom_score_adj", "5", false), ("pid", "host", false), ("pids_limit", "10", true), ("platform", "linux/arm64", false),
        ("ports", "['80:80']", true), ("post_start", "[{ command: x }]", false), ("pre_stop", "[{ command: x }]", false),
        ("privileged", "true", false), ("profiles", "[p]", true), ("provider", "{ type: x }", false),
        ("pull_policy", "always", false),
        ("pull_refresh_after", "1d", false), ("read_only", "true", true), ("restart", "'no'", false),
        ("runtime", "runc", false),
        ("scale", "2", true), ("secrets", "[s]", false), ("security_opt", "['label:disable']", false),
        ("shm_size", "64m", false),
        ("stdin_open", "true", false), ("stop_grace_period", "20s", true), ("stop_signal", "SIGINT", false),
        ("storage_opt", "{ size: 1G }", false), ("sysctls", "{ a: 1 }", false), ("tmpfs", "'/x:size=8m'", true),
        ("tty", "true", false),
        ("ulimits", "{ nofile: 5 }", false), ("use_api_socket", "true", false), ("user", "'5'", true),
        ("userns_mode", "host", false),
        ("uts", "host", false), ("volumes", "[./x:/x]", false), ("volumes_from", "[db]", false), ("working_dir", "/x", true),
    ]

    private func read(_ lines: String) -> ComposeImport {
        let image = "nginx\(ComposeFixture.digest)"
        return ComposeFixture.read(
            """
            services:
              db: { image: \(image) }
              web:
                image: \(image)
            \(lines)
            secrets: { s: { file: x } }
            configs: { c: { file: x } }
            """
        ) { $0.profiles = ["p"] }
    }

    @Test(arguments: fields.indices) func isCarriedOverOrTold(_ index: Int) throws {
        let (field, value, silent) = Self.fields[index]
        let before = read("")
        let after = read("    \(field): \(value)")
        let told = after.notes.filter { $0.path.hasPrefix("services.web.\(field)") }
        #expect(after.errors.isEmpty, "\(after.errors)")
        #expect(told.isEmpty == silent, "\(field): \(told)")
        #expect(!told.contains { $0.message.contains("no field that is known") })
        let web = try #require(after.workloads.first { $0.service == "web" })
        _ = try ComposeFixture.decoded(web)
        let unchanged: Set = ["extends", "init", "networks", "profiles"]
        if silent, !unchanged.contains(field) {
            #expect(web.workload != before.workloads.first { $0.service == "web" }?.workload, "\(field) is lost")
        }
    }

    @Test func imageIsTheNinetiethField() { #expect(Set(Self.fields.map(\.0) + ["image"]).count == Self.fields.count + 1) }

    @Test func unknownFieldsAreTold() {
        let result = read("    comand: x\n    x-mine: 5\n    deploy: { replica: 2 }")
        #expect(result.tells("services.web.comand", "did you mean 'command'?"))
        #expect(result.tells("services.web.deploy.replica", "did you mean 'replicas'?"))
        #expect(!result.texts.contains { $0.contains("x-mine") })
        #expect(
            ComposeFixture.read("services: {}\nsevrices: {}\nx-y: 1\ninclude: [a.yaml]").tells(
                "sevrices", "did you mean 'services'?"))
    }
}
