// swift-tools-version: 6.1
import PackageDescription

/// libFuzzer without its `main`, since SwiftPM gives every executable one: the path of the toolchain's archive, which
/// Scripts/fuzz finds. It also makes ../Package.swift compile the modules under test so that they tell which way they went.
let runtime = Context.environment["CURFEW_FUZZ"] ?? "/set/CURFEW_FUZZ/by/Scripts/fuzz"

let package = Package(
    name: "curfew-fuzz",
    dependencies: [.package(name: "curfew", path: "..")],
    targets: [
        .executableTarget(
            name: "curfew-fuzz", dependencies: [.product(name: "CurfewUnderFuzz", package: "curfew")], path: "Sources",
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .unsafeFlags(["-warnings-as-errors", "-sanitize=fuzzer"]),
            ],
            linkerSettings: [.unsafeFlags([runtime]), .linkedLibrary("stdc++")])
    ]
)
