import CurfewModel
import Glibc

/// What is under test, by the name that `CURFEW_FUZZ_TARGET` chooses. One program for all: they share their libraries, and a
/// program for each would be linked a dozen times.
let targets: [String: @Sendable (UnsafeRawBufferPointer) -> Void] = [
    "archives": ArchivesTarget.run,
    "backup": BackupTarget.run,
    "compose": ComposeTarget.run,
    "configuration": ManifestsTarget.configuration,
    "engine": EngineTarget.run,
    "exec-frames": ExecFramesTarget.run,
    "git-objects": GitObjectsTarget.run,
    "grants": ManifestsTarget.grants,
    "http": HTTPTarget.run,
    "policies": ManifestsTarget.policies,
    "signatures": SignaturesTarget.run,
    "ssh-log": SSHLogTarget.run,
    "sudo-log": SudoLogTarget.run,
    "workloads": ManifestsTarget.workloads,
]

private let chosen: @Sendable (UnsafeRawBufferPointer) -> Void = {
    let name = getenv("CURFEW_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = targets[name] else {
        print("CURFEW_FUZZ_TARGET names no target; there are: \(targets.keys.sorted().joined(separator: " "))")
        exit(64)
    }
    return target
}()

/// libFuzzer's entry for programs with a `main` of their own, which SwiftPM wants of every executable.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main struct Fuzzer {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        _ = chosen
        exit(
            runDriver(&count, &arguments) { start, count in
                chosen(UnsafeRawBufferPointer(start: start, count: count))
                return 0
            })
    }
}

/// What has to hold for every input, beyond not crashing; not holding ends the process, which is how libFuzzer is told.
func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds { fatalError(what()) }
}
