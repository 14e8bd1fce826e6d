import CurfewModel
import CurfewSystem
import Foundation

/// `git`, run for a person: their environment and their global configuration count.
enum GitProgram {
    /// What says in the environment which repository it is; it was said already.
    private static let local = [
        "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE",
        "GIT_PREFIX", "GIT_CONFIG", "GIT_EXTERNAL_DIFF", "GIT_QUARANTINE_PATH", "GIT_CEILING_DIRECTORIES",
    ]

    /// What holds for every run. Nothing here is a setting that somebody needs to have otherwise.
    static let options = [
        "--no-pager", "--no-replace-objects", "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-c",
        "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "protocol.fd.allow=never", "-c", "gc.auto=0", "-c",
        "maintenance.auto=false", "-c", "submodule.recurse=false", "-c", "fetch.recurseSubmodules=false", "-c",
        "push.recurseSubmodules=no", "-c", "core.alternateRefsCommand=true",
    ]

    static func program(_ arguments: [String], input: [UInt8]? = nil, limit: Int = 8 << 20) -> Program {
        var environment = ProcessInfo.processInfo.environment
        for name in local { environment[name] = nil }
        environment["GIT_TERMINAL_PROMPT"] = "0"
        environment["GIT_OPTIONAL_LOCKS"] = "0"
        environment["LC_ALL"] = "C"
        var program = Program(
            "git", options + arguments, environment: environment, input: input, outputLimit: limit,
            errorLimit: 1 << 20, hint: "it is in the package git")
        // ssh and ssh-keygen ask for passphrases there.
        program.asksOnTerminal = true
        return program
    }
}

extension GitError {
    /// What a failure of a program says in terms of Git.
    static func running(_ operation: String, _ subject: String, _ error: SystemError) -> GitError {
        GitError(error.code == .timedOut ? .timedOut : .failed, operation: operation, subject: subject, error.message)
    }
}
