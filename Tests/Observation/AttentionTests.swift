import CurfewModel
import CurfewObservation
import CurfewPlanning
import CurfewTestSupport
import Synchronization
import Testing

/// What is noticed between two looks through the real observer.
@Suite struct AttentionTests {
    private final class Answers: Sendable {
        let list: Mutex<[[ObservedInstance]]>
        init(_ list: [[ObservedInstance]]) { self.list = Mutex(list) }
        func next() -> [ObservedInstance] { list.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? [] } }
    }

    /// An instance of the workload that its id begins with.
    private func at(_ id: String, _ health: HealthCheck? = nil, port: Int = 1, state: ObservedInstance.State = .running)
        -> ObservedInstance
    {
        var result = instance(id, health, port: port, state: state)
        result.workload = Name(String(id.prefix(1))) ?? result.workload
        return result
    }

    private func noticed(_ first: [ObservedInstance], _ second: [ObservedInstance]) async -> Set<String> {
        let answers = Answers([first, second])
        let prober = Prober { _, _, _ in 0 }
        let observer = Observer(runtimes: [FakeRuntime("r") { answers.next() }], edge: nil, prober: prober)
        let before = await observer.observe()
        let now = await observer.observe()
        #expect(now.instances.values.reduce(0) { $0 + $1.count } == second.count)
        await prober.shutdown()
        return Set(Attention.changed(from: before, to: now).map(\.rawValue))
    }

    @Test(.timeLimit(.minutes(1))) func anUnchangedAnswerIsNoNews() async {
        let same = [at("a-1"), at("b-1"), at("b-2")]
        #expect(await noticed(same, [at("a-1"), at("b-1"), at("b-2")]).isEmpty)
        #expect(await noticed([], []).isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func eachKindOfChangeIsNoticedAndNothingElse() async {
        let before = [at("a-1"), at("b-1")]
        #expect(await noticed(before, [at("a-1")]) == ["b"])
        #expect(await noticed(before, before + [at("c-1")]) == ["c"])
        #expect(await noticed(before, before + [at("a-2")]) == ["a"])
        #expect(await noticed(before, [at("a-1"), at("b-1", port: 2)]) == ["b"])
        #expect(await noticed(before, [at("a-1"), at("b-1", state: .exited(code: 1))]) == ["b"])
        for change: (inout ObservedInstance) -> Void in [
            { $0.tampered = "changed" }, { $0.foreign = "not ours" }, { $0.createdAt = Instant(milliseconds: 99) },
            { $0.parts = ["env": "0000000000000000"] },
            { $0.health = HealthCheck(probe: .command(["true"]), interval: .seconds(3600)) },
        ] {
            var other = before
            change(&other[1])
            #expect(await noticed(before, other) == ["b"])
        }
    }

    @Test(.timeLimit(.minutes(1))) func aChangeOfHealthIsNoticed() async throws {
        // Slower than the first look.
        let prober = Prober { _, _, _ in
            try? await Task.sleep(for: .milliseconds(300))
            return 0
        }
        let check = HealthCheck(probe: .command(["x"]), interval: .milliseconds(100))
        let observer = Observer(
            runtimes: [FakeRuntime("r") { [at("a-1"), at("b-1", check)] }], edge: nil, prober: prober)
        var before = await observer.observe()
        var seen: Set<Name> = []
        let noticed = await eventually {
            let now = await observer.observe()
            seen.formUnion(Attention.changed(from: before, to: now))
            before = now
            return now.health.values.contains(.healthy)
        }
        #expect(noticed)
        #expect(seen == [Name(literal: "b")])
        await prober.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func aSilentRuntimeIsNoticedAndSoIsItsReturn() async {
        let runtime = FakeRuntime("r") { [at("a-1")] }
        let prober = Prober { _, _, _ in 0 }
        let observer = Observer(runtimes: [runtime], edge: nil, prober: prober)
        let first = await observer.observe()
        await runtime.count.fail()
        let second = await observer.observe()
        #expect(Attention.changed(from: first, to: second) == [Name(literal: "a")])
        #expect(second.instances.isEmpty)
        await prober.shutdown()
    }
}
