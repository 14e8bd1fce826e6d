import Benchmark
import CurfewJournal
import CurfewModel
import Foundation

/// What the audit trail costs: an entry is on disk when `append` returns.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal], timeUnits: .microseconds, warmupIterations: 1, maxDuration: .seconds(10),
        maxIterations: 200)

    Benchmark("floor: write 512 bytes and fsync") { benchmark in
        try inScratch { folder in
            let descriptor = open(folder + "/floor", O_CREAT | O_WRONLY, 0o600)
            defer { close(descriptor) }
            let bytes = [UInt8](repeating: 1, count: 512)
            benchmark.startMeasurement()
            guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
                return benchmark.error("cannot write")
            }
            benchmark.stopMeasurement()
        }
    }

    Benchmark("append: one event") { benchmark in
        try await inScratch { folder in
            let journal = try Journal(path: folder + "/journal.sqlite")
            try await journal.append(event(0))
            benchmark.startMeasurement()
            try await journal.append(event(1))
            benchmark.stopMeasurement()
        }
    }

    Benchmark("append: 100 events in one transaction") { benchmark in
        try await inScratch { folder in
            let journal = try Journal(path: folder + "/journal.sqlite")
            let events = (1...100).map(event)
            benchmark.startMeasurement()
            try await journal.append(events)
            benchmark.stopMeasurement()
        }
    }

    Benchmark(
        "verify: 10,000 events",
        configuration: .init(metrics: [.wallClock, .cpuTotal], timeUnits: .milliseconds, maxIterations: 10)
    ) { benchmark in
        try await inScratch { folder in
            let journal = try Journal(path: folder + "/journal.sqlite")
            try await journal.append((1...10_000).map(event))
            benchmark.startMeasurement()
            let report = try await journal.verify()
            benchmark.stopMeasurement()
            guard report.isSound, report.count == 10_000 else { return benchmark.error("the chain is broken") }
        }
    }
}

private func event(_ number: Int) -> JournalEvent {
    JournalEvent(
        at: Instant(milliseconds: Int64(number)), kind: "deploy.started", workload: Name("web"),
        message: "replace web: generation 3f2a9c11 → 91bc02d4, because artifact changed in 1c2d3e4f by alice",
        details: ["generation": String(repeating: "a", count: 64)])
}

private func inScratch(_ body: (String) async throws -> Void) async throws {
    let folder = scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
}

private func inScratch(_ body: (String) throws -> Void) throws {
    let folder = scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}

/// On the disk of the working folder: a journal in memory would measure nothing.
private func scratch() -> String {
    let folder = FileManager.default.currentDirectoryPath + "/.build/scratch-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
}
