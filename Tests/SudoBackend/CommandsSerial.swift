import CurfewDrivers
import CurfewModel
import CurfewSystem
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSudoBackend

extension SudoSerial {
    /// Commands that run when their grant ends.
    @Suite(.serialized) struct CommandsSerial {
        /// Starts a command and waits until sudo runs it; the task ends with it.
        private func start(_ host: Host, _ words: [String], user: Int = 0, under program: [String] = []) async throws -> Task<
            Int32, any Error
        > {
            let command = program + ["runuser", "-u", host.users[user], "--", "sudo", "-n"] + words
            let task = Task { try await execute(command[0], Array(command.dropFirst()), in: "/").code }
            let isRunning = await eventually {
                host.running(words.joined(separator: " ")).contains { $0.user == uid(host, user) }
            }
            #expect(isRunning, "sudo \(words) does not run")
            return task
        }

        private func uid(_ host: Host, _ user: Int) -> uid_t? { Accounts.user(of: host.users[user]) }

        @Test(.timeLimit(.minutes(1))) func areEnded() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let order = host.order("one", ["/usr/bin/sleep 1000"])
                _ = try await backend.give(order)
                // By another name of the same file, too.
                let tasks = [
                    try await start(host, ["/usr/bin/sleep", "1000"]), try await start(host, ["/bin/sleep", "1000"]),
                ]
                try await backend.end([order.id])
                #expect(try await backend.probe([order.id])[order.id]?.isGone == true)
                #expect(host.running("sleep 1000").isEmpty)
                for task in tasks { #expect(try await task.value != 0) }
            }
        }

        /// A command that throws its environment away, one that ignores SIGTERM and one with a terminal.
        @Test(.timeLimit(.minutes(1))) func cannotHide() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let order = host.order("one", ["/usr/bin/env", "/usr/bin/sh", "/usr/bin/sleep 1003"])
                _ = try await backend.give(order)
                let stubborn = "trap '' TERM HUP; sleep 1002 & wait; sleep 1002"
                let tasks = [
                    try await start(host, ["env", "-i", "/usr/bin/sleep", "1001"]),
                    try await start(host, ["sh", "-c", stubborn]),
                ]
                let terminal = Task {
                    try await execute(
                        "script", ["-qec", "runuser -u \(host.user) -- sudo -n sleep 1003", "/dev/null"], in: "/"
                    ).code
                }
                #expect(await eventually { host.running("sleep 1003").contains { $0.command != nil } })
                try await backend.end([order.id])
                for text in ["sleep 1001", stubborn, "sleep 1003"] { #expect(host.running(text).isEmpty) }
                for task in tasks + [terminal] { _ = try await task.value }
                #expect(try await backend.probe([order.id])[order.id]?.isGone == true)
            }
        }

        @Test(.timeLimit(.minutes(1))) func ofOthersGoOn() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let (one, two) = (
                    host.order("one", ["/usr/bin/sleep 1000"]), host.order("two", ["/usr/bin/sleep 1000"], user: 1)
                )
                let other = host.order("other", ["/usr/bin/sleep 1004"])
                for order in [one, two, other] { _ = try await backend.give(order) }
                let own = try await start(host, ["sleep", "1000"])
                let tasks = [try await start(host, ["sleep", "1000"], user: 1), try await start(host, ["sleep", "1004"])]
                try await backend.end([one.id])
                _ = try await own.value
                #expect(host.running("sleep 1000").map(\.user) == [uid(host, 1)])
                #expect(host.running("sleep 1004").count == 1)
                #expect(try await backend.probe([one.id])[one.id]?.isGone == true)
                try await backend.end([two.id, other.id])
                for task in tasks { _ = try await task.value }
            }
        }

        /// Whoever calls sudo can kill it: the command is ended all the same, and by a new start of Curfew too.
        @Test(.timeLimit(.minutes(1)), arguments: [false, true]) func areEndedThoughTheirSudoWasKilled(restarts: Bool)
            async throws
        {
            try await Host.with { host in
                let backend = try await host.backend()
                let order = host.order("one", ["/usr/bin/sleep 1007"])
                _ = try await backend.give(order)
                let task = try await start(host, ["/usr/bin/sleep", "1007"])
                for sudo in host.running("1007") { sudo.process.signal(SIGKILL) }
                _ = try await task.value
                func isLeft() -> Bool { host.running("sleep 1007").contains { $0.isOrphan } }
                #expect(await eventually { isLeft() })
                #expect(try await backend.probe([order.id])[order.id]?.isGone == false)
                let ending = restarts ? try await host.backend() : backend
                try await ending.end([order.id])
                #expect(!isLeft())
                let probe = try #require(try await ending.probe([order.id])[order.id])
                #expect(probe.isGone && probe.text.contains("unknown whether all has ended"))
                #expect(try await ending.evidence(order.id).lines.contains { $0.contains("unknown whether all has ended") })
            }
        }

        /// Two grants of one account allow the same: it goes on until the second ends, and the probe says so.
        @Test(.timeLimit(.minutes(1))) func ofTwoGrantsGoOnUntilBothHaveEnded() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let (one, two) = (host.order("one", ["/usr/bin/sleep 1000"]), host.order("two", ["ALL"]))
                for order in [one, two] { _ = try await backend.give(order) }
                let task = try await start(host, ["sleep", "1000"])
                try await backend.end([one.id])
                #expect(host.running("sleep 1000").count == 1)
                let probe = try #require(try await backend.probe([one.id])[one.id])
                #expect(probe.isGone && probe.text.contains("two-"))
                #expect(try await host.may("/usr/bin/id"))
                try await backend.end([two.id])
                _ = try await task.value
                #expect(host.running("sleep 1000").isEmpty)
            }
        }

        /// What began before another grant was placed cannot be that one's.
        @Test(.timeLimit(.minutes(1))) func areNotCoveredByALaterGrant() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let (one, two) = (host.order("one", ["/usr/bin/sleep 1000"]), host.order("two", ["/usr/bin/sleep 1000"]))
                _ = try await backend.give(one)
                let task = try await start(host, ["sleep", "1000"])
                let began = host.running("sleep 1000").map(\.process.started).max() ?? 0
                #expect(await eventually { BootTime.now().ticks > began })
                _ = try await backend.give(two)
                try await backend.end([one.id])
                _ = try await task.value
                #expect(host.running("sleep 1000").isEmpty)
            }
        }

        /// With the state folder lost and another process, the drop-in alone tells enough.
        @Test(.timeLimit(.minutes(1))) func areEndedWithoutState() async throws {
            try await Host.with { host in
                let order = host.order("one", ["/usr/bin/sleep 1000"])
                _ = try await host.backend().give(order)
                let task = try await start(host, ["sleep", "1000"])
                try FileManager.default.removeItem(atPath: host.state)
                let backend = try await host.backend()
                #expect(try await backend.observe().contains { $0.grant == order.id })
                try await backend.end([order.id])
                _ = try await task.value
                #expect(try await backend.probe([order.id])[order.id]?.isGone == true)
            }
        }

        /// The drop-in's time is over or it was removed by hand: what runs is still alive, and still ended.
        @Test(.timeLimit(.minutes(1))) func areAliveUntilTheyHaveEnded() async throws {
            try await Host.with { host in
                let order = host.order("one", ["/usr/bin/sleep 1000"])
                let backend = try await host.backend()
                _ = try await backend.give(order)
                let task = try await start(host, ["sleep", "1000"])
                let later = try await host.backend(now: { .current + .seconds(7200) })
                let expired = try #require(try await later.probe([order.id])[order.id])
                #expect(!expired.isGone && expired.text.contains("is running"))
                unlink(host.path())
                #expect(try await backend.probe([order.id])[order.id]?.isGone == false)
                try await backend.end([order.id])
                _ = try await task.value
                #expect(try await backend.probe([order.id])[order.id]?.isGone == true)
            }
        }

        /// sudo itself ends a command at its TIMEOUT, and that is never longer than what is left.
        @Test(.timeLimit(.minutes(1))) func endAtTheirTimeout() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                _ = try await backend.give(host.order("one", ["/usr/bin/sleep 1000"], settings: ["timeout": .text("1s")]))
                #expect(try await host.sudo("sleep", "1000").code != 0)
                _ = try await backend.give(
                    host.order(
                        "two", ["/usr/bin/sleep 1005"], start: .current + .seconds(-3000), lasting: .seconds(3600),
                        settings: ["timeout": .integer(3600)]))
                guard case .ours(let there) = DropInFile.read(host.path("two")) else {
                    Issue.record("it is not in place")
                    return
                }
                #expect(there.slices.filter { $0.to > .current }.allSatisfy { $0.timeout <= 600 })
            }
        }
    }
}
