import CurfewModel
import CurfewObservation
import CurfewTestSupport
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProberTests {
    private let id: InstanceID
    init() throws { id = try #require(InstanceID("a-1")) }

    private func http(timeout: Span = .seconds(5), failures: Int = 1, path: String = "/") -> HealthCheck {
        HealthCheck(
            probe: .http(port: Name(literal: "http"), path: path), interval: .milliseconds(20), timeout: timeout,
            failures: failures)
    }

    private func ok(_ status: String) -> String { "HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" }

    private func isUnhealthy(_ health: Health?, _ part: String) -> Bool {
        guard case .unhealthy(let reason) = health else { return false }
        return reason.contains(part)
    }

    @Test(arguments: ["200 OK", "204", "302 Found\r\nLocation: http://192.0.2.1/", "399 Odd"]) func healthy(_ status: String)
        async throws
    {
        let server = try await StubServer.start(.answer(ok(status)))
        let prober = Prober { _, _, _ in 1 }
        await prober.track([instance("a-1", http(), port: server.port)])
        #expect(await eventually { await prober.health()[id] == .healthy })
        await prober.shutdown()
        await server.stop()
    }

    @Test func aHealthyOneThatTurnsBadIsToldWithTheReasonAndComesBack() async throws {
        let server = try await StubServer.start(.answer(ok("200 OK")))
        let prober = Prober { _, _, _ in 1 }
        var changes = prober.changes.makeAsyncIterator()
        await prober.track([instance("a-1", http(failures: 3), port: server.port)])
        await changes.next()
        #expect(await prober.health()[id] == .healthy)
        // A server that hangs up before it has read the question may be seen as either of the two.
        for (manner, reasons) in [
            (StubServer.Manner.answer(ok("500 Oops")), ["status 500"]), (.answer("SSH-2.0-x\r\n     "), ["not HTTP"]),
            (.hangUp, ["closed without an answer", "connection reset"]),
        ] {
            server.now(manner)
            await changes.next()
            let told = await eventually {
                let health = await prober.health()[id]
                return reasons.contains { isUnhealthy(health, $0) }
            }
            let health = await prober.health()
            #expect(told, "\(health) instead of \(reasons)")
            server.now(.answer(ok("200 OK")))
            await changes.next()
            #expect(await prober.health()[id] == .healthy)
        }
        await server.stop()
        await changes.next()
        #expect(await eventually { isUnhealthy(await prober.health()[id], "connection refused") })
        await prober.shutdown()
    }

    @Test func oneThatAcceptsAndNeverAnswersTimesOut() async throws {
        let server = try await StubServer.start(.answer(ok("200 OK")))
        let prober = Prober { _, _, _ in 1 }
        await prober.track([instance("a-1", http(timeout: .milliseconds(100)), port: server.port)])
        #expect(await eventually { await prober.health()[id] == .healthy })
        server.now(.silence)
        #expect(await eventually { await prober.health()[id] == .unhealthy("timed out after 100ms") })
        await prober.shutdown()
        await server.stop()
    }

    @Test func aHugeBodyIsNotRead() async throws {
        let server = try await StubServer.start(.flood("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"))
        let prober = Prober { _, _, _ in 1 }
        await prober.track([instance("a-1", http(), port: server.port)])
        #expect(await eventually { await prober.health()[id] == .healthy })
        await prober.shutdown()
        await server.stop()
    }

    @Test func aHugeHeaderOfAnInterimAnswerIsRefused() async throws {
        let server = try await StubServer.start(.answer(ok("200 OK")))
        let prober = Prober { _, _, _ in 1 }
        await prober.track([instance("a-1", http(), port: server.port)])
        #expect(await eventually { await prober.health()[id] == .healthy })
        server.now(.flood("HTTP/1.1 103 Early\r\nX: "))
        #expect(await eventually { isUnhealthy(await prober.health()[id], "not HTTP") })
        server.now(.answer("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"))
        #expect(await eventually { await prober.health()[id] == .healthy })
        await prober.shutdown()
        await server.stop()
    }

    @Test func oneThatIsNotUpYetIsUnknownAndThenHealthy() async throws {
        let server = try await StubServer.start(.answer(ok("503 Not yet")))
        let prober = Prober { _, _, _ in 1 }
        await prober.track([instance("a-1", http(), port: server.port)])
        #expect(await eventually { server.connections > 3 })
        #expect(await prober.health()[id] == .unknown)
        server.now(.answer(ok("200 OK")))
        #expect(await eventually { await prober.health()[id] == .healthy })
        await prober.shutdown()
        await server.stop()
    }

    @Test func flappingBelowTheLimitStaysHealthy() async throws {
        let script = Script([0, 1, 1, 0, 1, 1, 0, 1, 1, 0])
        let prober = Prober { _, _, _ in script.next() }
        let seen = Mutex<Set<Bool>>([])
        let check = HealthCheck(probe: .command(["x"]), interval: .milliseconds(10), timeout: .seconds(5), failures: 3)
        await prober.track([instance("a-1", check)])
        #expect(
            await eventually {
                if let health = await prober.health()[id], health != .unknown {
                    seen.withLock { _ = $0.insert(health.isHealthy) }
                }
                return script.isDone
            })
        #expect(seen.withLock { $0 } == [true])
        await prober.shutdown()
    }

    @Test func tcpAndCommandProbes() async throws {
        let server = try await StubServer.start(.silence)
        let codes = Mutex<Int32>(0)
        let prober = Prober { id, command, timeout in
            #expect(id.rawValue == "b-1" && command == ["check", "-v"] && timeout == .seconds(2))
            return codes.withLock { $0 }
        }
        let tcp = HealthCheck(probe: .tcp(port: Name(literal: "http")), interval: .milliseconds(20), failures: 1)
        let command = HealthCheck(
            probe: .command(["check", "-v"]), interval: .milliseconds(20), timeout: .seconds(2), failures: 1)
        let other = try #require(InstanceID("b-1"))
        await prober.track([instance("a-1", tcp, port: server.port), instance("b-1", command)])
        #expect(await eventually { await prober.health() == [id: .healthy, other: .healthy] })
        codes.withLock { $0 = 7 }
        await server.stop()
        #expect(await eventually { await prober.health()[other] == .unhealthy("exit code 7") })
        #expect(await eventually { isUnhealthy(await prober.health()[id], "connection refused") })
        await prober.shutdown()
    }

    @Test func aCommandThatHangsHoldsUpNobodyAndIsNotAskedAgain() async throws {
        let calls = Mutex(0)
        let prober = Prober { _, _, _ in
            if calls.withLock({
                $0 += 1; return $0
            }) > 1 {
                await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
            }
            return 0
        }
        let check = HealthCheck(probe: .command(["x"]), interval: .milliseconds(10), timeout: .milliseconds(20), failures: 2)
        await prober.track([instance("a-1", check)])
        #expect(await eventually { await prober.health()[id] == .unhealthy("timed out after 20ms") })
        #expect(calls.withLock { $0 } == 2)
        await prober.shutdown()
    }

    @Test(arguments: ["", "x", "/a b", "/a\r\nX: y", "/é"]) func pathsThatCannotBeAskedForAreRefused(_ path: String)
        async throws
    {
        let server = try await StubServer.start(.answer(ok("200 OK")))
        let prober = Prober { _, _, _ in 0 }
        await prober.track([
            instance("a-1", http(path: path), port: server.port), instance("b-1", http(), port: server.port),
        ])
        let other = try #require(InstanceID("b-1"))
        #expect(await eventually { await prober.health()[other] == .healthy })
        #expect(await prober.health()[id] == .unknown)
        await prober.shutdown()
        await server.stop()
    }

    @Test func whatIsNotNamedAnyMoreIsNotAskedAnyMore() async throws {
        let server = try await StubServer.start(.answer(ok("200 OK")))
        let prober = Prober { _, _, _ in 1 }
        let many = (1...200).map { instance("a-\($0)", http(), port: server.port) }
        await prober.track(many + [instance("b-1", nil), instance("b-2", http(), state: .exited(code: 1))])
        #expect(await eventually { await prober.health().values.filter(\.isHealthy).count == 200 })
        #expect(await prober.health().count == 200)
        await prober.track(Array(many.prefix(1)))
        #expect(await prober.health() == [id: .healthy])
        await prober.track([])
        #expect(await prober.health().isEmpty)
        await prober.shutdown()
        await server.stop()
    }
}

/// Exit codes in a row; the last one for ever.
private final class Script: Sendable {
    private let codes: [Int32]
    private let place = Mutex(0)
    init(_ codes: [Int32]) { self.codes = codes }
    var isDone: Bool { place.withLock { $0 >= codes.count } }
    func next() -> Int32 {
        place.withLock {
            $0 += 1
            return codes[min($0, codes.count) - 1]
        }
    }
}
