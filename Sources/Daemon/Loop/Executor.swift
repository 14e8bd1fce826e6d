import CurfewDrivers
import CurfewModel
import CurfewRollout
import Synchronization

/// Carries out what Rollout decided about one workload. Makes no choices: each action is idempotent, and what fails is
/// reported and decided about again.
struct Executor: Sendable {
    let runtimes: [Name: any Runtime]
    let clock: WallClock
    /// Knows what is being started, in case that ends the process.
    var watch: (any ContentGuard)?

    /// What came of it.
    struct Report: Sendable {
        var started: [InstanceID] = []
        var stopped: [InstanceID] = []
        /// Why starting failed.
        var startFailure: String?
        /// Why stopping failed.
        var stopFailure: String?
    }

    func perform(_ actions: [RolloutAction], on workload: Name, desired: DesiredWorkload?) async -> Report {
        var report = Report()
        let starts = actions.reduce(into: 0) { count, action in if case .start = action { count += 1 } }
        await withTaskGroup(of: Outcome.self) { group in
            for case .stop(let id, let grace, _) in actions {
                group.addTask { await stop(id, grace: grace) }
            }
            if starts > 0, let desired, let runtime = runtimes[desired.workload.runtime] {
                group.addTask { await start(starts, of: desired, on: runtime) }
            }
            for await outcome in group {
                switch outcome {
                case .stopped(let id): report.stopped.append(id)
                case .stopFailed(let text): report.stopFailure = text
                case .started(let ids, let failure):
                    report.started += ids
                    report.startFailure = failure
                }
            }
        }
        return report
    }

    private enum Outcome: Sendable {
        case stopped(InstanceID)
        case stopFailed(String)
        case started([InstanceID], failure: String?)
    }

    /// The instance's runtime may have left the manifest together with the workload: stopping what a runtime does not
    /// have succeeds, so every runtime is asked.
    private func stop(_ id: InstanceID, grace: Span) async -> Outcome {
        var failures: [String] = []
        for runtime in runtimes.values {
            do { try await runtime.stop(id, grace: grace) } catch { failures.append("\(error)") }
        }
        return failures.isEmpty ? .stopped(id) : .stopFailed(failures.joined(separator: "; "))
    }

    /// What starting a workload works on: itself with its artifacts, and each of its secrets.
    static func contents(of desired: DesiredWorkload) -> [ContentKey] {
        let id = desired.generation.hex
        return [ContentKey(.workload, desired.workload.name.rawValue, id: id)]
            + desired.workload.secrets.map { secret in
                switch secret.source {
                case .age(let path, let blob): ContentKey(.secret, path, id: blob?.hex ?? id)
                case .file(let name): ContentKey(.secret, name.rawValue, id: id)
                }
            }
    }

    private func start(_ count: Int, of desired: DesiredWorkload, on runtime: any Runtime) async -> Outcome {
        let contents = Self.contents(of: desired)
        for (index, content) in contents.enumerated() {
            guard let why = watch?.begin(content, stage: "started") else { continue }
            for begun in contents[..<index] { watch?.end(begun, stage: "started") }
            return .started([], failure: why)
        }
        defer { for content in contents { watch?.end(content, stage: "started") } }
        do { try await runtime.prepare(desired) } catch { return .started([], failure: "\(error)") }
        return await withTaskGroup(of: Result<InstanceID, any Error>.self) { group in
            for _ in 0..<count {
                let id = InstanceID(
                    workload: desired.workload.name, generation: desired.generation, suffix: Self.suffix(clock.now))
                group.addTask {
                    do { return .success(try await runtime.start(id, of: desired).id) } catch { return .failure(error) }
                }
            }
            var started: [InstanceID] = []
            var failure: String?
            for await result in group {
                switch result {
                case .success(let id): started.append(id)
                case .failure(let error): failure = "\(error)"
                }
            }
            return .started(started, failure: failure)
        }
    }

    private static let counter = Atomic<UInt64>(0)

    /// Different for each call: the time, and a counter below it.
    private static func suffix(_ now: Instant) -> UInt64 {
        let count = counter.wrappingAdd(1, ordering: .relaxed).newValue
        return UInt64(clamping: now.milliseconds) << 12 | (count & 0xFFF)
    }
}
