import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewSudoBackend

extension SudoSerial {
    /// What is seen in the folder, and what sudo's log tells.
    @Suite(.serialized) struct ObserveSerial {
        private func foreign(_ backend: SudoBackend, _ path: String) async throws -> ObservedAccess? {
            try await backend.observe().first { $0.subject == path && $0.grant == nil }
        }

        @Test(.timeLimit(.minutes(1))) func tellsWhatIsThere() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let order = host.order()
                _ = try await backend.give(order)
                let seen = try #require(try await backend.observe().first { $0.grant == order.id })
                #expect(seen.subject == host.path() && seen.end == order.end.wholeSecond && !seen.isRevoked)
                // Comments and defaults give nobody anything.
                #expect(try await foreign(backend, "/etc/sudoers.d/README") == nil)
                #expect(try await foreign(backend, host.defaults) == nil)
                let path = "/etc/sudoers.d/yy\(host.mark)"
                try host.write(path, "# by hand\n\(host.user) ALL = (root) NOPASSWD: /usr/bin/whoami\n")
                let found = try #require(try await foreign(backend, path))
                #expect(found.end == nil)
                let error = await #expect(throws: DriverError.self) { try await backend.removeForeign(found) }
                #expect(error?.code == .unsupported)
                #expect(try await host.may("/usr/bin/whoami"))
            }
        }

        @Test(.timeLimit(.minutes(1))) func noticesTampering() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let order = host.order()
                _ = try await backend.give(order)
                let text = try String(contentsOfFile: host.path(), encoding: .utf8)
                let stranger = "\(host.user) ALL = (root) NOPASSWD: /usr/bin/whoami\n"
                for changed in [
                    text + stranger, stranger, "", text.replacing("/usr/bin/id", with: "ALL"),
                    text.replacing("/usr/bin/id", with: "/usr/bin/whoami"), text.replacing(host.user, with: host.users[1]),
                ] {
                    try host.write(host.path(), changed)
                    #expect(try await foreign(backend, host.path()) != nil, "\(changed)")
                    #expect(try await backend.observe().allSatisfy { $0.grant == nil })
                }
                try host.write(host.path(), text)
                chmod(host.path(), 0o640)
                let seen = try #require(try await foreign(backend, host.path()))
                try await backend.removeForeign(seen)
                #expect(try host.files().isEmpty)
                try await backend.removeForeign(seen)
                // A whole drop-in that was made to last longer is known by what is kept of the grant.
                try host.write(host.path(), text)
                guard case .ours(var there) = DropInFile.read(host.path()) else {
                    throw ProgramFailure(command: "read", output: text)
                }
                there.end = there.end + .seconds(86_400)
                try host.write(host.path(), there.text)
                #expect(try await foreign(backend, host.path())?.detail.contains("more than") == true)
                // Given again, it is what it was.
                _ = try await backend.give(order)
                #expect(try await backend.observe().first { $0.grant == order.id }?.end == order.end.wholeSecond)
            }
        }

        @Test(.timeLimit(.minutes(1))) func removesNothingElse() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let order = host.order()
                _ = try await backend.give(order)
                let victim = try host.scratch.write("victim", "")
                for subject in [
                    victim, "/etc/sudoers.d/README", "/etc/sudoers.d/\(host.prefix)x/../README", "/etc/passwd", "", "/",
                    "/etc/sudoers.d/../sudoers", "README",
                ] {
                    let access = ObservedAccess(grant: nil, subject: subject, end: nil)
                    await #expect(throws: DriverError.self) { try await backend.removeForeign(access) }
                }
                #expect(access(victim, F_OK) == 0)
                // A grant's file is not foreign, whoever says so.
                let live = ObservedAccess(grant: nil, subject: host.path(), end: nil)
                await #expect(throws: DriverError.self) { try await backend.removeForeign(live) }
                #expect(try await host.may("/usr/bin/id"))
                // Somebody's own file or link with our prefix stays: it does not carry Curfew's mark.
                let (link, own) = ("/etc/sudoers.d/\(host.prefix)link", "/etc/sudoers.d/\(host.prefix)own")
                #expect(symlink(victim, link) == 0)
                try host.write(own, "# by hand\n\(host.user) ALL = (root) NOPASSWD: /usr/bin/whoami\n")
                for path in [link, own] {
                    let seen = try #require(try await foreign(backend, path))
                    let error = await #expect(throws: DriverError.self) { try await backend.removeForeign(seen) }
                    #expect(error?.code == .unsupported)
                    var status = stat()
                    #expect(lstat(path, &status) == 0)
                }
                #expect(access(victim, F_OK) == 0)
            }
        }

        /// One that cannot be removed does not keep the others.
        @Test(.timeLimit(.minutes(1))) func endsTheOthersWhenOneCannotBeEnded() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let order = host.order("two")
                _ = try await backend.give(order)
                mkdir(host.path("one"), 0o700)
                defer { rmdir(host.path("one")) }
                let error = await #expect(throws: DriverError.self) { try await backend.end([.named("one"), order.id]) }
                #expect(error?.message.contains(host.path("one")) == true)
                #expect(try await !host.may("/usr/bin/id"))
                let probes = try await backend.probe([.named("one"), order.id])
                #expect(probes[.named("one")]?.isGone == false && probes[order.id]?.isGone == true)
            }
        }

        @Test(.timeLimit(.minutes(1))) func tellsTheUse() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let order = host.order("one", ["/usr/bin/id -u", "/usr/bin/echo"])
                #expect(try await backend.evidence(order.id).used == nil)
                _ = try await backend.give(order)
                #expect(try await backend.evidence(order.id) == AccessEvidence(used: false))
                #expect(try await !host.may("/usr/bin/whoami"))
                #expect(try await backend.evidence(order.id).used == false)
                // The caller's time zone is the log's; it hides nothing.
                #expect(try await host.sudo("id", "-u", zone: "Foo+20").code == 0)
                #expect(try await host.sudo("echo", "pass=secret").code == 0)
                let evidence = try await backend.evidence(order.id)
                #expect(evidence.used == true && evidence.lines.count == 2)
                #expect(evidence.lines.first?.contains("\(host.user) ran /usr/bin/id -u") == true)
                #expect(!evidence.lines.joined().contains("secret"))
                try await backend.end([order.id])
                #expect(try await backend.evidence(order.id) == evidence)
                // Uses under a later grant are not this one's.
                _ = try await backend.give(host.order("two", ["/usr/bin/id -u"]))
                #expect(try await host.may("id", "-u"))
                #expect(try await backend.evidence(order.id) == evidence)
                #expect(try await backend.evidence(.named("two")).lines.count == 1)
                #expect(try await host.backend(log: false).evidence(order.id).used == nil)
            }
        }

        @Test(.timeLimit(.minutes(1))) func doesNotSayUnusedWithoutProof() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let order = host.order()
                _ = try await backend.give(order)
                try FileManager.default.removeItem(atPath: host.state)
                #expect(try await backend.evidence(order.id).used == nil)
                #expect(try await host.may("id"))
                #expect(try await backend.evidence(order.id).used == true)
                unlink(host.log)
                #expect(try await backend.evidence(order.id).used == nil)
                try await backend.end([order.id])
                #expect(try await backend.evidence(order.id).used == nil)
            }
        }

        @Test(.timeLimit(.minutes(1))) func keepsToTwentyLines() async throws {
            try await Host.with { host in
                let backend = try await host.backend()
                let order = host.order()
                _ = try await backend.give(order)
                let line = "Nov 23 10:00:01 : \(host.user) : PWD=/\u{1B}[2J ; USER=root ; COMMAND=/usr/bin/id\n"
                try host.scratch.write("add", "")
                let handle = try #require(FileHandle(forWritingAtPath: host.log))
                try handle.seekToEnd()
                try handle.write(contentsOf: Data(String(repeating: line, count: 50).utf8))
                try handle.close()
                let evidence = try await backend.evidence(order.id)
                #expect(evidence.lines.count == 20 && evidence.lines.last == "and 32 more")
                #expect(evidence.lines.allSatisfy { $0 == $0.escapingControls })
            }
        }
    }
}
