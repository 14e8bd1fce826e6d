import CurfewTestSupport
import Foundation
import Testing

/// Commands as a person or a script calls them.
@Suite struct CommandTests {
    @Test func validateNamesEveryMistakeWithItsPlace() async throws {
        let world = try await World("validate")
        try world.site("web")
        try world.site("api")
        try world.site("shop")
        let manifest = { (name: String) in world.scratch.file("work/manifests/\(name)/\(name).yaml") }
        func change(_ name: String, _ old: String, _ new: String) throws {
            let text = try String(contentsOfFile: manifest(name), encoding: .utf8)
            #expect(text.contains(old))
            try text.replacing(old, with: new).write(toFile: manifest(name), atomically: true, encoding: .utf8)
        }
        try change("web", "replicas: 1", "replica: 1")
        try change("api", "interval: 500ms", "interval: -1")
        try change("shop", "runtime: local", "runtime: lokal")
        let result = try await execute(world.program, ["validate", world.work])
        #expect(result.code == 1)
        #expect(result.output.contains("manifests/web/web.yaml:6:3: error: "))
        #expect(result.output.contains("did you mean 'replicas'"))
        #expect(result.output.contains("manifests/api/api.yaml:10:"))
        #expect(result.output.contains("manifests/shop/shop.yaml:5:12: error: "))
        try await git("add", "-A", in: world.work)
        try await git("commit", "-qm", "Mistakes", in: world.work)
        let bare = try await execute(world.program, ["validate", world.work + "/.git", "--rev", "HEAD", "--format", "json"])
        #expect(bare.code == 1)
        #expect(bare.output.contains("\"valid\" : false"))
    }

    @Test func aSecondDaemonIsRefusedByName() async throws {
        let world = try await World("second")
        try world.site("web")
        try await world.push("First")
        try await world.withDaemon { daemon in
            #expect(await world.converged())
            let second = try await execute(world.program, ["run", "--config", world.configuration])
            #expect(second.code == 1)
            #expect(second.errors.contains("process \(daemon.process)"))
        }
    }

    @Test func planTellsWhatItWouldDoByExitCode() async throws {
        let world = try await World("plan")
        try world.site("web")
        try await world.push("First")
        let first = try await world.curfew("plan")
        #expect(first.code == 2, "\(first.errors)")
        #expect(first.output.contains("create web"))
        let once = try await world.curfew("run", "--once", "--timeout", "30s")
        #expect(once.code == 0, "\(once.output)\(once.errors)")
        let second = try await world.curfew("plan")
        #expect(second.code == 0, "\(second.output)\(second.errors)")
        try await world.tearDown()
    }

    @Test func wrongConfigurationIsRefusedWithItsPlace() async throws {
        let scratch = try Scratch("configuration")
        let file = try scratch.write(
            "curfew.yaml",
            "apiVersion: curfew/v1\nkind: Configuration\nrepository: { url: /tmp/x }\nstate: s\ntrust: { mode: signed }\n")
        let result = try await execute(try curfewExecutable(), ["status", "--config", file])
        #expect(result.code == 1)
        #expect(result.errors.contains("curfew.yaml:5:"))
        #expect(result.errors.contains("needs the field 'owners' too"))
    }

    @Test func everyCommandHasHelpWithAnExample() async throws {
        let program = try curfewExecutable()
        for command in [
            "init", "validate", "plan", "run", "status", "events", "logs", "rollback", "pause", "resume", "schema", "doctor",
            "version", "teardown",
        ] {
            let help = try await execute(program, [command, "--help"])
            #expect(help.code == 0)
            #expect(help.output.contains("xample"), "\(command)")
        }
    }

    @Test func initMakesAValidRepositoryAndOverwritesNothing() async throws {
        let scratch = try Scratch("init")
        let program = try curfewExecutable()
        #expect(try await execute(program, ["init", scratch.path]).code == 0)
        #expect(try await execute(program, ["validate", scratch.path]).code == 0)
        try scratch.write("manifests/hello/hello.yaml", "mine")
        let again = try await execute(program, ["init", scratch.path])
        #expect(again.code == 0)
        #expect(try String(contentsOfFile: scratch.file("manifests/hello/hello.yaml"), encoding: .utf8) == "mine")
    }
}
