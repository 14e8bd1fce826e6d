import CurfewDrivers
import CurfewModel

/// Makes the runtimes ready, each for itself. One that hangs or fails is tried again, and holds up neither another one nor access.
actor RuntimeOpening {
    private let runtimes: [any Runtime]
    private var opened: Set<Name> = []
    private var problems: [Name: String] = [:]
    private let alarm = Alarm()

    init(_ runtimes: [any Runtime]) { self.runtimes = runtimes }

    /// Returns when all are ready, or the task is cancelled. Meanwhile tells what stands in the way of each, and that this
    /// process is alive.
    func wait(_ report: @Sendable ([Name: String]) async -> Void) async {
        for runtime in runtimes { Task { await self.open(runtime) } }
        let start = ContinuousClock.now
        while !Task.isCancelled, opened.count < runtimes.count {
            await alarm.wait(atMost: .seconds(1))
            var found = problems
            if ContinuousClock.now - start > .seconds(15) {
                for runtime in runtimes where !opened.contains(runtime.name) && found[runtime.name] == nil {
                    found[runtime.name] = "it does not answer"
                }
            }
            if !found.isEmpty { await report(found) }
        }
    }

    /// Returns when all are ready, or the task is cancelled.
    func done() async {
        while opened.count < runtimes.count, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(50)) }
    }

    private func open(_ runtime: any Runtime) async {
        var pause = Span.seconds(1)
        while !opened.contains(runtime.name) {
            do {
                try await runtime.open()
                opened.insert(runtime.name)
                problems[runtime.name] = nil
                return alarm.ring()
            } catch { problems[runtime.name] = "\(error)" }
            alarm.ring()
            try? await Task.sleep(for: pause.duration)
            pause = min(Span(milliseconds: pause.milliseconds * 2), .seconds(30))
        }
    }
}
