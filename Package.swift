// swift-tools-version: 6.1
import PackageDescription

/// What the fuzz package builds has to tell libFuzzer which way it went; see Fuzz/Package.swift.
let underFuzz = Context.environment["CURFEW_FUZZ"] == nil ? [] : ["-sanitize=fuzzer"]

/// One place for the rules that every Swift target is built by.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .unsafeFlags(["-warnings-as-errors"] + underFuzz),
]

/// Modules carry the prefix `Curfew`, folders do not: SwiftPM names are shared with every dependency.
func module(_ folder: String, as name: String? = nil, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: "Curfew" + (name ?? folder), dependencies: dependencies, path: "Sources/\(folder)",
        swiftSettings: strict)
}

func tests(_ folder: String, as name: String? = nil, excluding: [String] = [], _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "Curfew\(name ?? folder)Tests", dependencies: dependencies + ["CurfewTestSupport"],
        path: "Tests/\(folder)", exclude: excluding, swiftSettings: strict)
}

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let http = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let posix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let http1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let tls = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let core = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let database = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let web = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let webTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let webTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let tokens = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let measures = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// The console's pages and their parts.
let consoleTemplates = [
    "access", "atform", "events", "grant", "grantcard", "journal", "layout", "now", "problem", "session", "signin", "timeline",
    "traffic", "workload", "workloadrow",
]

let package = Package(
    name: "curfew",
    products: [
        .executable(name: "curfew", targets: ["curfew"]),
        // For the benchmarks, which are a package of their own.
        .library(name: "CurfewModel", targets: ["CurfewModel"]),
        .library(name: "CurfewDesiredState", targets: ["CurfewDesiredState"]),
        .library(name: "CurfewDrivers", targets: ["CurfewDrivers"]),
        .library(name: "CurfewObservation", targets: ["CurfewObservation"]),
        .library(name: "CurfewPlanning", targets: ["CurfewPlanning"]),
        .library(name: "CurfewJournal", targets: ["CurfewJournal"]),
        .library(name: "CurfewDockerAPI", targets: ["CurfewDockerAPI"]),
        .library(name: "CurfewDockerRuntime", targets: ["CurfewDockerRuntime"]),
        // For the fuzz targets, which are a package of their own too.
        .library(
            name: "CurfewUnderFuzz",
            targets: [
                "CurfewModel", "CurfewSystem", "CurfewDesiredState", "CurfewGitSource", "CurfewSSHBackend", "CurfewSudoBackend",
                "CurfewExecBackend", "CurfewDockerAPI", "CurfewContainers", "CurfewLocalRuntime", "CurfewAPI", "CurfewDaemon",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
        // Untested upstream on Linux: pinned, and kept inside Journal.
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibGit2", path: "Sources/CLibGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        .systemLibrary(
            name: "CLibYAML", path: "Sources/CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CLauncher", path: "Sources/CLauncher"),
        .target(name: "CProcess", path: "Sources/CProcess"),

        module("System", ["CProcess"]),
        module("Model", []),
        module("GitSource", ["CurfewSystem", "CurfewModel", "CurfewDrivers", "CLibGit2", crypto, subprocess, http, http1, tls, core]),
        module("DesiredState", ["CurfewModel", "CLibYAML", crypto]),
        module("Planning", ["CurfewModel"]),
        module("Gates", ["CurfewModel"]),
        module("Drivers", ["CurfewModel"]),
        module("Rollout", ["CurfewModel", "CurfewDrivers"]),
        module("Observation", ["CurfewModel", "CurfewDrivers", posix, core]),
        module(
            "Runtimes/Local", as: "LocalRuntime",
            ["CurfewSystem", "CurfewModel", "CurfewDrivers", "CLauncher", "CProcess", crypto, subprocess, http]),
        // Its streams are taken where the caller is, actors too.
        .target(
            name: "CurfewDockerAPI", dependencies: [http, core, posix, http1, tls], path: "Sources/DockerAPI",
            swiftSettings: strict + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]),
        module(
            "Runtimes/Containers", as: "Containers",
            ["CurfewSystem", "CurfewModel", "CurfewDrivers", "CurfewDockerAPI", crypto, subprocess]),
        module(
            "Runtimes/Docker", as: "DockerRuntime",
            ["CurfewModel", "CurfewDrivers", "CurfewDockerAPI", "CurfewContainers"]),
        module(
            "Runtimes/Swarm", as: "SwarmRuntime",
            ["CurfewModel", "CurfewDrivers", "CurfewDockerAPI", "CurfewContainers"]),
        module("AccessBackends/SSH", as: "SSHBackend", ["CurfewSystem", "CurfewModel", "CurfewDrivers", subprocess]),
        module(
            "AccessBackends/Sudo", as: "SudoBackend", ["CurfewSystem", "CurfewModel", "CurfewDrivers", "CProcess", subprocess]),
        module("AccessBackends/Exec", as: "ExecBackend", ["CurfewSystem", "CurfewModel", "CurfewDrivers"]),
        module("Edges/HAProxy", as: "HAProxyEdge", ["CurfewSystem", "CurfewModel", "CurfewDrivers", subprocess]),
        module("Metrics", [measures]),
        module("Journal", ["CurfewModel", crypto, database]),
        module("Notifications", ["CurfewSystem", "CurfewModel", http, core, http1, crypto, subprocess]),
        module("Views", ["CurfewModel", "CurfewJournal"]),
        .target(
            name: "CurfewConsole", dependencies: ["CurfewModel", "CurfewJournal", "CurfewViews", mustache, crypto],
            path: "Sources/Console",
            resources: [
                .embedInCode("Assets/console.css"), .embedInCode("Assets/console.js"), .embedInCode("Assets/player.js"),
                .embedInCode("Assets/icon.svg"),
            ] + consoleTemplates.map { .embedInCode("Templates/\($0).mustache") },
            swiftSettings: strict),
        module(
            "API",
            [
                "CurfewSystem", "CurfewModel", "CurfewJournal", "CurfewMetrics", "CurfewViews", "CurfewConsole", "CZlib", web,
                webTLS, tokens,
                http, crypto, core,
                posix, http1, logging,
            ]),
        module(
            "Daemon",
            [
                "CurfewSystem", "CurfewModel", "CurfewGitSource", "CurfewDesiredState", "CurfewPlanning", "CurfewDrivers",
                "CurfewRollout",
                "CurfewObservation", "CurfewLocalRuntime", "CurfewDockerAPI", "CurfewContainers", "CurfewDockerRuntime",
                "CurfewSwarmRuntime", "CurfewHAProxyEdge", "CurfewJournal", "CurfewGates",
                "CurfewNotifications", "CurfewSSHBackend",
                "CurfewSudoBackend", "CurfewExecBackend", "CurfewAPI", "CurfewViews", "CurfewMetrics", measures, logging,
                lifecycle,
                subprocess,
                crypto, posix, core,
            ]),
        module(
            "CLI",
            [
                "CurfewSystem", "CurfewModel", "CurfewGitSource", "CurfewDesiredState", "CurfewPlanning", "CurfewJournal",
                "CurfewDaemon",
                "CurfewGates", "CurfewAPI", arguments, logging, subprocess, http, core, http1,
            ]),
        .executableTarget(
            name: "curfew", dependencies: ["CurfewCLI", "CurfewGitSource"], path: "Sources/curfew", swiftSettings: strict),
        module("TestSupport", ["CurfewSystem", "CurfewModel", "CurfewDrivers", subprocess]),

        tests("Documentation", []),
        tests("System", ["CurfewSystem"]),
        tests("Model", ["CurfewModel"]),
        tests("DesiredState", ["CurfewModel", "CurfewDesiredState"]),
        tests("Planning", excluding: ["Scenarios"], ["CurfewModel", "CurfewPlanning"]),
        tests("Gates", ["CurfewModel", "CurfewGates"]),
        tests("Rollout", ["CurfewModel", "CurfewDrivers", "CurfewRollout"]),
        tests(
            "API",
            [
                "CurfewModel", "CurfewJournal", "CurfewAPI", "CurfewViews", "CurfewConsole", web, webTesting, tokens, http,
                crypto, posix, core, http1, logging,
                subprocess,
            ]),
        tests("Metrics", ["CurfewMetrics", measures]),
        tests("Journal", ["CurfewModel", "CurfewJournal", subprocess, database]),
        tests("GitSource", ["CurfewSystem", "CurfewModel", "CurfewDrivers", "CurfewGitSource"]),
        tests("HAProxyEdge", ["CurfewModel", "CurfewDrivers", "CurfewHAProxyEdge", subprocess]),
        tests("Observation", ["CurfewModel", "CurfewDrivers", "CurfewObservation", "CurfewPlanning", posix, core]),
        tests(
            "LocalRuntime",
            ["CurfewSystem", "CurfewModel", "CurfewDrivers", "CurfewLocalRuntime", "CLauncher", "CProcess", subprocess]),
        tests("DockerAPI", ["CurfewDockerAPI", core, posix, http1]),
        tests(
            "DockerRuntime",
            ["CurfewModel", "CurfewDrivers", "CurfewDockerAPI", "CurfewContainers", "CurfewDockerRuntime"]),
        tests(
            "SwarmRuntime",
            ["CurfewModel", "CurfewDrivers", "CurfewDockerAPI", "CurfewContainers", "CurfewSwarmRuntime"]),
        tests(
            "Notifications", ["CurfewModel", "CurfewNotifications", "CurfewDaemon", "CurfewJournal", crypto, logging]),
        tests("SSHBackend", ["CurfewSystem", "CurfewModel", "CurfewDrivers", "CurfewSSHBackend"]),
        tests("SudoBackend", ["CurfewSystem", "CurfewModel", "CurfewDrivers", "CurfewSudoBackend"]),
        tests("ExecBackend", ["CurfewSystem", "CurfewModel", "CurfewDrivers", "CurfewExecBackend"]),
        tests(
            "Sessions",
            [
                "CurfewSystem", "CurfewModel", "CurfewDrivers", "CurfewExecBackend", "CurfewJournal", "CurfewDaemon", logging,
                posix, core,
            ]),
        tests(
            "Integration",
            [
                "CurfewSystem", "CurfewModel", "CurfewDesiredState", "CurfewGates", "CurfewDaemon", "CurfewDrivers",
                "CurfewLocalRuntime",
                "CurfewJournal", "CurfewMetrics", logging,
            ]),
    ]
)
