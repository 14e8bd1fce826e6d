import Foundation
import Subprocess
import Synchronization

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// The built program `curfew`, beside the test bundle.
public func curfewExecutable() throws -> String {
    // The test runner is <build folder>/<package>PackageTests.xctest; the program lies in the same folder.
    for candidate in [CommandLine.arguments.first ?? "", "/proc/self/exe"] {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: candidate)) ?? candidate
        let folder = URL(filePath: path).deletingLastPathComponent()
        for place in [folder, folder.deletingLastPathComponent()] {
            let program = place.appending(path: "curfew").path
            if FileManager.default.isExecutableFile(atPath: program) { return program }
        }
    }
    // The runner may be the toolchain's helper: then the bundle is an argument.
    if let bundle = CommandLine.arguments.first(where: { $0.hasSuffix(".xctest") }) {
        return URL(filePath: bundle).deletingLastPathComponent().appending(path: "curfew").path
    }
    throw ProgramFailure(command: "curfew", output: "the program was not built beside the tests")
}

/// A program that ended with another exit code than 0.
public struct ProgramFailure: Error, CustomStringConvertible {
    /// The argument vector.
    public var command: String
    /// What it wrote.
    public var output: String
    /// Makes a failure.
    public init(command: String, output: String) { (self.command, self.output) = (command, output) }
    public var description: String { "\(command): \(output)" }
}

/// What a program said.
public struct ProgramResult: Sendable {
    /// Exit code, or 128 + signal.
    public var code: Int32
    /// Standard output.
    public var output: String
    /// Standard error.
    public var errors: String
}

/// Runs a program to its end and collects what it writes (at most 4 MiB each).
public func execute(_ program: String, _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:])
    async throws
    -> ProgramResult
{
    let result = try await run(
        program.contains("/") ? .path(FilePath(program)) : .name(program), arguments: Arguments(arguments),
        environment: .inherit.updating(
            Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
        workingDirectory: folder.map { FilePath($0) }, output: .string(limit: 4 << 20), error: .string(limit: 4 << 20))
    let code: Int32 =
        switch result.terminationStatus {
        case .exited(let code): Int32(code)
        case .signaled(let signal): 128 + Int32(signal)
        }
    return ProgramResult(code: code, output: result.standardOutput, errors: result.standardError)
}

/// Runs git with a neutral configuration; returns what it writes, without the last newline.
@discardableResult
public func git(_ arguments: String..., in folder: String) async throws -> String {
    let result = try await execute(
        "git", ["-c", "user.name=alice", "-c", "user.email=alice@example.org", "-c", "commit.gpgsign=false"] + arguments,
        in: folder,
        environment: ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_TERMINAL_PROMPT": "0"])
    guard result.code == 0 else {
        throw ProgramFailure(command: "git \(arguments.joined(separator: " "))", output: result.errors)
    }
    return result.output.trimmingCharacters(in: .newlines)
}
