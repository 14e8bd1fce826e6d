import ArgumentParser
import CurfewModel
import CurfewSystem
import Foundation
import Glibc

struct Init: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a configuration and a first repository layout.",
        discussion: "Example: curfew init --repository https://git.example.org/ops.git\nNothing that exists is overwritten.")

    @Argument(help: "The folder to make them in.", completion: .directory) var folder = "."
    @Option(help: "The repository to follow. Without it, the folder itself, as a local Git repository.") var repository: String?
    @Option(help: "The branch to follow.") var branch = "main"
    @Option(help: "Where Curfew keeps its state.") var state = "./state"

    func run() async throws {
        try await reporting {
            let root = URL(filePath: folder).standardizedFileURL.path
            let url = repository ?? root
            for value in [url, branch, state] where value.contains(where: { $0.isNewline || $0 == "\"" || $0 == "\\" }) {
                throw ValidationError("a value holds a character that cannot be written to the configuration")
            }
            var made: [String] = []
            for (name, text) in files(url: url) where try write(text, to: "\(root)/\(name)") { made.append(name) }
            if made.isEmpty { return Terminal.out("nothing to make: all files are there already") }
            for name in made { Terminal.out("made \(name)") }
            Terminal.out(
                "Next: commit manifests/ and policies/ to the branch \(branch), then `curfew doctor` and `curfew run`.")
        }
    }

    private func write(_ text: String, to path: String) throws -> Bool {
        try FileManager.default.createDirectory(
            atPath: URL(filePath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        var status = stat()
        if lstat(path, &status) == 0 { return false }
        do { try AtomicFile.write(Array(text.utf8), to: path, mode: 0o644, replacing: .nothing) } catch {
            throw ValidationError("\(path) cannot be written: \(error.message)")
        }
        return true
    }

    private func files(url: String) -> [(String, String)] {
        [
            (
                "curfew.yaml",
                """
                apiVersion: curfew/v1
                kind: Configuration
                repository:
                  url: "\(url)"
                  branch: "\(branch)"
                  interval: 30s
                state: "\(state)"
                # Whoever can push to the branch decides what runs. To have every commit checked and to give access by grants,
                # put people and their keys into policies/, push that as a signed commit, and write instead:
                #   identity: { signingKey: keys/curfew }               # made with ssh-keygen -t ed25519 -N ''
                #   trust: { root: <id of that commit>, owners: [<your name in policies/>] }
                #   access: { bastion: { type: ssh, ca: keys/ca } }     # where grants are made real
                trust: { mode: none }
                # What bundles (folders of manifests/) may use. Secrets and networks are nobody's until they stand here.
                allow:
                  - { bundles: ["*"], capabilities: [NET_BIND_SERVICE], ports: [80, 443, 1024-65535], downloads: [public] }
                #  - { bundles: [orders, "shop-*"], secrets: ["file:orders-*", "age:manifests/orders/**"], networks: [backend] }

                """
            ),
            (
                "manifests/hello/hello.yaml",
                """
                apiVersion: curfew/v1
                kind: Workload
                metadata: { name: hello }
                spec:
                  runtime: local
                  replicas: 2
                  artifact: { path: manifests/hello/site }
                  command: [busybox, httpd, -f, -p, "$(HOST):$(PORT)", -h, .]
                  ports: [{ name: http, expose: 18080 }]
                  health: { http: { port: http, path: / } }

                """
            ),
            ("manifests/hello/site/index.html", "<!doctype html>\n<title>hello</title>\n<p>Hello from Git.</p>\n"),
            (
                "policies/people.yaml",
                """
                # Who is who: docs/reference/person.md. One person, as an example; take the marks away and put your keys in.
                # apiVersion: curfew/v1
                # kind: Person
                # metadata: { name: alice }
                # spec:
                #   emails: [alice@example.org]
                #   signingKeys: ["ssh-ed25519 AAAA…"]
                #   loginKeys: ["ssh-ed25519 AAAA…"]

                """
            ),
        ]
    }
}
