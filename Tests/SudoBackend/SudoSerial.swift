import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSudoBackend

/// Everything that asks this machine's real sudo: accounts and `/etc/sudoers.d` are there once, so one test at a time.
@Suite(.serialized, .enabled(if: geteuid() == 0, "sudo's folder belongs to root")) struct SudoSerial {
    @Test(.timeLimit(.minutes(1))) func givesTheCommandAndNothingElse() async throws {
        try await Host.with { host in
            let backend = try await host.backend()
            #expect(try await !host.may("/usr/bin/id"))
            let credentials = try await backend.give(host.order("one", ["/usr/bin/id -u", "/usr/bin/echo a=b,c:d"]))
            #expect(try await host.sudo("/usr/bin/id", "-u").output == "0\n")
            #expect(try await host.sudo("/usr/bin/echo", "a=b,c:d").output == "a=b,c:d\n")
            #expect(try await !host.may("/usr/bin/id"))
            #expect(try await !host.may("/usr/bin/id", "-g"))
            #expect(try await !host.may("/usr/bin/whoami"))
            #expect(try await !host.may("-u", host.users[1], "/usr/bin/id", "-u"))
            #expect(try await !host.may("/usr/bin/id", "-u", user: 1))
            #expect(credentials.map(\.file) == ["host-sudo.txt"] && credentials.allSatisfy { !$0.isSecret })
            var status = stat()
            #expect(stat(host.path(), &status) == 0 && status.st_mode & 0o7777 == 0o440 && status.st_uid == 0)
            #expect(try host.files().count == 1)
            #expect(try await execute("/usr/sbin/visudo", ["-c", "-f", host.path()]).code == 0)
        }
    }

    @Test(.timeLimit(.minutes(1))) func runsAsTheAccountThatTheRoleNames() async throws {
        try await Host.with { host in
            let backend = try await host.backend()
            _ = try await backend.give(host.order("one", ["ALL"], settings: ["runAs": .text(host.users[1])]))
            #expect(try await host.sudo("-u", host.users[1], "/usr/bin/id", "-un").output == host.users[1] + "\n")
            #expect(try await !host.may("/usr/bin/id"))
            _ = try await backend.give(host.order("two", ["/usr/bin/id"], user: 1, settings: ["noPassword": .bool(false)]))
            #expect(try await host.sudo("/usr/bin/id", user: 1).errors.contains("password is required"))
        }
    }

    /// The last thing that Curfew does is to give; sudo ends it by itself, in no second that begins at the end or later.
    @Test(.timeLimit(.minutes(1)), arguments: [0, 999] as [Int64])
    func endsByItselfWithTheBackendGone(milliseconds: Int64) async throws {
        try await Host.with { host in
            let end = Instant(milliseconds: (Instant.current.milliseconds / 1000 + 3) * 1000 + milliseconds)
            try await give(host, until: end)
            #expect(try await host.may("/usr/bin/id"))
            let isRefused = try await eventually {
                let before = Instant.current
                let may = try await host.may("/usr/bin/id")
                // Asked at the end or after it: never.
                #expect(!may || before < end)
                return !may
            }
            #expect(isRefused)
            #expect(try host.files().count == 1)
            // Another process, later: what is over is seen as over, and is not given again.
            let backend = try await host.backend()
            _ = await eventually { Instant.current >= end }
            #expect(try await backend.probe([.named("one")])[.named("one")]?.isGone == true)
            await #expect(throws: DriverError.self) {
                try await backend.give(host.order(start: end + .seconds(-60), lasting: .seconds(60)))
            }
            try await backend.end([.named("one")])
            #expect(try host.files().isEmpty)
        }
    }

    private func give(_ host: Host, until end: Instant) async throws {
        let backend = try await host.backend()
        _ = try await backend.give(host.order(start: end + .seconds(-60), lasting: .seconds(60)))
    }

    @Test(.timeLimit(.minutes(1))) func endsAtOnceAndTwiceIsOnce() async throws {
        try await Host.with { host in
            let backend = try await host.backend()
            let order = host.order()
            _ = try await backend.give(order)
            #expect(try await host.may("/usr/bin/id"))
            #expect(try await backend.probe([order.id])[order.id]?.isGone == false)
            for _ in 1...2 {
                try await backend.end([order.id, order.id, .named("unknown")])
                #expect(try await !host.may("/usr/bin/id"))
                #expect(try await backend.probe([order.id, .named("unknown")]).values.allSatisfy(\.isGone))
                #expect(try host.files().isEmpty)
            }
            #expect(try await backend.observe().allSatisfy { $0.grant == nil })
        }
    }

    @Test(.timeLimit(.minutes(1))) func givesTwiceAsOnceAndNeverLengthens() async throws {
        try await Host.with { host in
            let backend = try await host.backend()
            let order = host.order()
            _ = try await backend.give(order)
            let text = try String(contentsOfFile: host.path(), encoding: .utf8)
            _ = try await backend.give(order)
            #expect(try String(contentsOfFile: host.path(), encoding: .utf8) == text)
            var later = order
            later.end = order.end + .seconds(3600)
            _ = try await backend.give(later)
            #expect(try String(contentsOfFile: host.path(), encoding: .utf8) == text)
            // Neither with an empty state folder, nor with the file away, nor after a restart.
            try FileManager.default.removeItem(atPath: host.state)
            let restarted = try await host.backend()
            _ = try await restarted.give(later)
            #expect(try String(contentsOfFile: host.path(), encoding: .utf8) == text)
            var sooner = order
            sooner.end = order.start + .seconds(600)
            _ = try await restarted.give(sooner)
            let shortened = try #require(try await restarted.observe().first { $0.grant == order.id })
            #expect(shortened.end == sooner.end.wholeSecond)
            unlink(host.path())
            _ = try await restarted.give(later)
            #expect(try await restarted.observe().first { $0.grant == order.id }?.end == sooner.end.wholeSecond)
        }
    }

    @Test(.timeLimit(.minutes(1))) func refusesBeforeTheStartAndAfterTheEnd() async throws {
        try await Host.with { host in
            let backend = try await host.backend()
            let now = Instant.current
            for order in [
                host.order(start: now + .seconds(600)), host.order(start: now + .seconds(-600), lasting: .seconds(599)),
                host.order(start: now, lasting: .zero), host.order(start: now, lasting: .seconds(-5)),
                host.order(start: now, lasting: Span(milliseconds: .max)), host.order("one", ["/usr/bin/*"]),
                host.order("one", ["/usr/bin/id\nALL ALL=(ALL) NOPASSWD: ALL"]), host.order("one", []),
            ] {
                await #expect(throws: DriverError.self) { try await backend.give(order) }
                #expect(try host.files().isEmpty)
            }
        }
    }

    /// The clock of the service is set back: what ended is not lengthened, and what is given ends with its order.
    @Test(.timeLimit(.minutes(1))) func aClockThatIsSetBackLengthensNothing() async throws {
        try await Host.with { host in
            let order = host.order(start: .current + .seconds(-1800), lasting: .seconds(3600))
            let backend = try await host.backend(now: { .current + .seconds(-1200) })
            _ = try await backend.give(order)
            #expect(try await backend.observe().first { $0.grant == order.id }?.end == order.end.wholeSecond)
        }
    }

    @Test(.timeLimit(.minutes(1))) func whatVisudoRefusesLeavesNothing() async throws {
        try await Host.with { host in
            let backend = try await host.backend()
            let error = await #expect(throws: DriverError.self) {
                try await backend.give(host.order("one", ["/usr/bin/sudoedit /etc/motd"]))
            }
            #expect(error?.message.contains("visudo refuses it") == true)
            #expect(try host.files().isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: host.state).isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aKillInTheMiddleLeavesNothingThatSudoReads() async throws {
        try await Host.with { host in
            try host.write(host.path() + "-1~", "\(DropIn.mark)\n\(host.user) ALL = (root) NOPASSWD: /usr/bin/id\n")
            // Somebody's editor leaves such a name too.
            let backup = "\(host.prefix)mine~"
            try host.write("/etc/sudoers.d/" + backup, "# by hand\n")
            #expect(try await !host.may("/usr/bin/id"))
            let backend = try await host.backend()
            #expect(try host.files() == [backup])
            unlink("/etc/sudoers.d/" + backup)
            #expect(try await backend.observe().allSatisfy { !$0.subject.contains(host.prefix) })
        }
    }

    /// An end that comes while `visudo` still looks at the file wins.
    @Test(.timeLimit(.minutes(1))) func anEndOvertakesWhatIsBeingGiven() async throws {
        try await Host.with { host in
            let backend = try await host.backend()
            for round in 0..<10 {
                let order = host.order("round-\(round)")
                async let given = try? backend.give(order)
                let hasBegun = await eventually {
                    await backend.givings[order.id] != nil || access(host.path("round-\(round)"), F_OK) == 0
                }
                #expect(hasBegun)
                try await backend.end([order.id])
                _ = await given
                #expect(try host.files().isEmpty)
            }
        }
    }
}
