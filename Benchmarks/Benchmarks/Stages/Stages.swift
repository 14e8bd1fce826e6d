import Benchmark
import CurfewDesiredState
import CurfewModel
import CurfewObservation
import CurfewPlanning
import Workbench
import YAMLFloor

/// The pure stages of the loop at 10,000 workloads, each beside the floor that it is measured against.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal, .peakMemoryResident], timeUnits: .milliseconds, units: [.peakMemoryResident: .mega],
        warmupIterations: 1, maxDuration: .seconds(20), maxIterations: 12)
    let files = WorkloadFiles(count: 10_000)

    Benchmark("floor: libyaml events of 10,000 files") { benchmark in
        let contents = MemoryTree(files).contents
        benchmark.startMeasurement()
        var events = 0
        for bytes in contents {
            let count = bytes.withUnsafeBufferPointer { yaml_floor_events($0.baseAddress, $0.count) }
            guard count > 0 else { return benchmark.error("the floor does not parse") }
            events += count
        }
        benchmark.stopMeasurement()
        blackHole(events)
    }

    Benchmark("load: 10,000 files, blob to validated state, cold") { benchmark in
        let tree = MemoryTree(files)
        let loader = DesiredStateLoader(runtimes: Bench.runtimes)
        benchmark.startMeasurement()
        let desired = try Bench.load(tree, with: loader)
        benchmark.stopMeasurement()
        guard desired.workloads.count == files.count else { return benchmark.error("not everything was loaded") }
        blackHole(desired)
    }

    Benchmark("observe: 20,000 instances answer as before") { benchmark async throws in
        let desired = try Bench.load(MemoryTree(files), with: DesiredStateLoader(runtimes: Bench.runtimes))
        // Answers that share no storage, as a driver gives them.
        let runtime = AnsweringRuntime([Bench.instances(desired), Bench.instances(desired)])
        let observer = Observer(runtimes: [runtime], edge: nil, prober: Prober { _, _, _ in 0 })
        let before = await observer.observe()
        benchmark.startMeasurement()
        let now = await observer.observe()
        benchmark.stopMeasurement()
        blackHole((before.instances.count, now.instances.count))
    }

    Benchmark("tick: nothing changed, beyond observing") { benchmark async throws in
        let desired = try Bench.load(MemoryTree(files), with: DesiredStateLoader(runtimes: Bench.runtimes))
        let runtime = AnsweringRuntime([Bench.instances(desired), Bench.instances(desired)])
        let observer = Observer(runtimes: [runtime], edge: nil, prober: Prober { _, _, _ in 0 })
        let before = await observer.observe()
        let now = await observer.observe()
        benchmark.startMeasurement()
        let names = Attention.changed(from: before, to: now)
        benchmark.stopMeasurement()
        guard names.isEmpty else { return benchmark.error("\(names.count) workloads would be looked at") }
    }

    Benchmark("tick: one file of 10,000 changed, commit to plan") { benchmark in
        let before = MemoryTree(files)
        let after = MemoryTree(files, versions: [5000: 2])
        let loader = DesiredStateLoader(runtimes: Bench.runtimes)
        let old = try Bench.load(before, with: loader)
        let observed = Bench.running(old)
        benchmark.startMeasurement()
        let desired = try Bench.load(after, with: loader)
        let names = Attention.changed(from: old, to: desired)
        let plan = Planner.plan(PlanInput(desired: desired, observed: observed, now: Bench.now), only: names)
        benchmark.stopMeasurement()
        guard names.count == 1, plan.steps.count == 1 else { return benchmark.error("\(names.count) workloads are looked at") }
    }

    Benchmark("part: load one changed file of 10,000") { benchmark in
        let loader = DesiredStateLoader(runtimes: Bench.runtimes)
        let (before, after) = (MemoryTree(files), MemoryTree(files, versions: [5000: 2]))
        _ = try Bench.load(before, with: loader)
        benchmark.startMeasurement()
        let loaded = try loader.load(after, revision: after.root)
        benchmark.stopMeasurement()
        blackHole(loaded)
    }

    Benchmark("part: put 10,000 workloads together") { benchmark in
        let loader = DesiredStateLoader(runtimes: Bench.runtimes)
        let tree = MemoryTree(files)
        let loaded = try loader.load(tree, revision: tree.root)
        benchmark.startMeasurement()
        let assembly = assemble(loaded, lastGood: [:], allowsPrune: false)
        benchmark.stopMeasurement()
        blackHole(assembly)
    }

    Benchmark("part: find the one workload of 10,000 that is wanted differently") { benchmark in
        let loader = DesiredStateLoader(runtimes: Bench.runtimes)
        let old = try Bench.load(MemoryTree(files), with: loader)
        let new = try Bench.load(MemoryTree(files, versions: [5000: 2]), with: loader)
        benchmark.startMeasurement()
        let names = Attention.changed(from: old, to: new)
        benchmark.stopMeasurement()
        blackHole(names)
    }
}
