@testable import CurfewDaemon
import CurfewTestSupport
import Foundation
import Testing

/// `curfew import compose` as a person calls it.
@Suite struct ImportTests {
    private let digest = "@sha256:" + String(repeating: "a", count: 64)

    private func program() async throws -> String { try await World("import").program }

    @Test func writesAFileForEachServiceAndOverwritesNothing() async throws {
        let scratch = try Scratch("import")
        let file = scratch.file("compose.yaml")
        try "services:\n  web: { image: \"nginx\(digest)\", command: \"${RUN}\" }\n  db: { image: \"postgres\(digest)\" }\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        try "RUN=from the file\n".write(toFile: scratch.file(".env"), atomically: true, encoding: .utf8)
        let program = try await program()
        let folder = scratch.file("repository/manifests/shop")
        let first = try await execute(program, ["import", "compose", file, "--output", folder, "--runtime", "local"])
        #expect(first.code == 0, "\(first.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["db.yaml", "web.yaml"])
        let web = try String(contentsOfFile: folder + "/web.yaml", encoding: .utf8)
        #expect(web.contains("args: [from, the, file]"))
        // They are read as Workloads: the one thing wrong is the runtime, which runs no containers.
        let checked = try await execute(program, ["validate", scratch.file("repository")])
        #expect(checked.output.contains("runtime local cannot run an image"), "\(checked.output)")
        #expect(!checked.output.contains("unknown field"))
        let again = try await execute(program, ["import", "compose", file, "--output", folder])
        #expect(again.code == 1)
        #expect(again.errors.contains("--force"))
        #expect(try String(contentsOfFile: folder + "/web.yaml", encoding: .utf8) == web)
        let forced = try await execute(program, ["import", "compose", file, "--output", folder, "--force"])
        #expect(forced.code == 0, "\(forced.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
        #expect(try String(contentsOfFile: folder + "/web.yaml", encoding: .utf8).contains("runtime: docker"))
    }

    @Test func tellsWhatIsNotCarriedOverByPlaceAndExitCode() async throws {
        let scratch = try Scratch("import")
        let file = scratch.file("compose.yaml")
        let program = try await program()
        try "services:\n  web: { image: \"nginx:1\" }\n  app:\n    build: .\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let text = try await execute(program, ["import", "compose", file])
        #expect(text.code == 1)
        #expect(text.output.contains("name: web"))
        #expect(text.errors.contains("\(file):2:17: note: services.web.image: names no digest"), "\(text.errors)")
        #expect(text.errors.contains("\(file):4:12: error: services.app.build: "), "\(text.errors)")
        let json = try await execute(program, ["import", "compose", file, "--format", "json"])
        struct Answer: Decodable {
            struct Workload: Decodable { var name: String }
            struct Note: Decodable { var line: Int }
            var workloads: [Workload]
            var notes: [Note]
        }
        let answer = try JSONDecoder().decode(Answer.self, from: Data(json.output.utf8))
        #expect(answer.workloads.map(\.name) == ["web"])
        #expect(answer.notes.map(\.line) == answer.notes.map(\.line).sorted())
        let engine = "unix://\(scratch.file("no.sock"))"
        let unresolved = try await execute(program, ["import", "compose", file, "--resolve", "--engine", engine])
        #expect(unresolved.code == 1)
        #expect(unresolved.output.isEmpty)
        #expect(unresolved.errors.contains("leave --resolve out"), "\(unresolved.errors)")
    }

    @Test func readsNothingOutsideTheFilesFolder() async throws {
        let scratch = try Scratch("import")
        let file = scratch.file("compose.yaml")
        let program = try await program()
        try FileManager.default.createSymbolicLink(atPath: scratch.file("link.env"), withDestinationPath: "/etc/passwd")
        try "services:\n  web:\n    image: nginx\(digest)\n    env_file: [/etc/passwd, ../x.env, link.env]\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        let result = try await execute(program, ["import", "compose", file])
        #expect(result.code == 0, "\(result.errors)")
        #expect(!result.output.contains("env:"))
        for index in 0...2 { #expect(result.errors.contains("services.web.env_file[\(index)]: ")) }
        try String(repeating: "#", count: 10_000_000).write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try await execute(program, ["import", "compose", file]).errors.contains("more than 1048576 bytes"))
    }
}

@Suite struct ImageDigestTests {
    @Test(arguments: [
        ("nginx:1.27", "nginx"), ("docker.io/library/nginx", "nginx"), ("index.docker.io/team/app:1", "team/app"),
        ("registry.example:5000/app", "registry.example:5000/app"),
        ("registry.example:5000/app:2", "registry.example:5000/app"),
    ])
    func repositoriesAreComparedAsPeopleWriteThem(_ reference: String, _ expected: String) {
        #expect(ImageDigests.familiar(ImageDigests.repository(of: reference)) == expected)
    }
}
