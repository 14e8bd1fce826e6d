// swift-tools-version: 6.1
import PackageDescription

let benchmark = Target.Dependency.product(name: "Benchmark", package: "benchmark")

func curfew(_ name: String) -> Target.Dependency { .product(name: name, package: "curfew") }

/// Suites are found by their folder: `Benchmarks/<name>`.
func suite(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + [benchmark], path: "Benchmarks/\(name)",
        plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
}

let package = Package(
    name: "curfew-benchmarks",
    dependencies: [
        .package(name: "curfew", path: ".."),
        // Without its allocator hooks, which do not build here.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    ],
    targets: [
        // What the figures are measured against: libyaml alone, in C, on the same bytes.
        .target(name: "YAMLFloor", linkerSettings: [.linkedLibrary("yaml")]),
        .target(name: "Workbench", dependencies: [curfew("CurfewModel")]),
        .executableTarget(name: "generate-repository", dependencies: ["Workbench"]),
        // What the HTTP API is measured against.
        .executableTarget(
            name: "hello-world", dependencies: [.product(name: "Hummingbird", package: "hummingbird")]),
        suite(
            "Stages",
            [
                "YAMLFloor", "Workbench", curfew("CurfewModel"), curfew("CurfewDesiredState"), curfew("CurfewDrivers"),
                curfew("CurfewObservation"), curfew("CurfewPlanning"),
            ]),
        suite("Journal", [curfew("CurfewModel"), curfew("CurfewJournal")]),
        suite(
            "Engine",
            [curfew("CurfewModel"), curfew("CurfewDrivers"), curfew("CurfewDockerAPI"), curfew("CurfewDockerRuntime")]),
    ]
)
