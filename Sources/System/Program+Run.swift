internal import CProcess
import Dispatch
import Glibc

extension Program {
    /// The kernel refuses a whole write that would go beyond a file's end; with room for one more, too much shows as too much.
    private static var slack: Int { 1 << 20 }

    static var searchPath: String {
        getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    }

    /// Runs it on a thread of its own. Nobody's cancellation shortens it; its deadline does.
    /// - Parameter limit: the longest time it may take. Then it is killed, with everything in its process group.
    /// - Throws: ``SystemError`` `missingProgram`, `timedOut`, `tooLarge` (it wrote more than it may), `storage`.
    public func run(within limit: Duration) async throws(SystemError) -> Result {
        let result: Swift.Result<Result, SystemError> = await withCheckedContinuation { continuation in
            DispatchQueue(label: "curfew.program").async {
                continuation.resume(returning: Swift.Result { () throws(SystemError) in try runBlocking(within: limit) })
            }
        }
        return try result.get()
    }

    /// The same, and the caller's cancellation ends the program at once: for what may wait for a person.
    /// - Throws: ``SystemError`` as ``run(within:)``, `timedOut` too when the task was cancelled.
    public func runCancellable(within limit: Duration) async throws(SystemError) -> Result {
        let handle = ChildHandle()
        let result: Swift.Result<Result, SystemError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue(label: "curfew.program").async {
                    continuation.resume(
                        returning: Swift.Result { () throws(SystemError) in try runBlocking(within: limit, handle: handle) })
                }
            }
        } onCancel: {
            handle.kill()
        }
        return try result.get()
    }

    /// The same on the caller's thread, which must not be one of the cooperative pool's.
    public func runBlocking(within limit: Duration) throws(SystemError) -> Result {
        try runBlocking(within: limit, handle: nil)
    }

    private func runBlocking(within limit: Duration, handle: ChildHandle?) throws(SystemError) -> Result {
        let output = try MemoryFile(limit: outputLimit + Self.slack)
        let errors = try MemoryFile(limit: errorLimit + Self.slack)
        let child = try spawn(output: output, errors: errors)
        handle?.begin(child.pid)
        let ended = child.wait(within: limit) { handle?.finish() }
        if let handle, handle.isKilled {
            throw SystemError(.timedOut, operation: "run", subject: name, "it was not waited for any longer and was killed")
        }
        guard let status = ended else {
            throw SystemError(
                .timedOut, operation: "run", subject: name, "it did not end within \(limit) and was killed")
        }
        let result = Result(status: status, output: try output.written(), errors: try errors.written())
        guard result.output.count <= outputLimit else {
            throw SystemError(.tooLarge, operation: "run", subject: name, "it wrote more than \(outputLimit) bytes")
        }
        return result
    }

    private func spawn(output: MemoryFile, errors: MemoryFile) throws(SystemError) -> Child {
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard nothing >= 0 else { throw .last("open", "/dev/null") }
        defer { close(nothing) }
        var given: [MemoryFile] = []
        for bytes in files { given.append(try MemoryFile(bytes)) }
        let read: MemoryFile? = if let input { try MemoryFile(input) } else { nil }
        let words = CStrings([name] + arguments)
        let variables = CStrings(environment.map { "\($0.key)=\($0.value)" })
        let descriptors = given.map(\.descriptor)
        var pid: pid_t = 0
        let code = name.withCString { program in
            descriptors.withUnsafeBufferPointer { descriptors in
                var spawn = curfew_spawn_t(
                    program: program, arguments: words.pointers, environment: variables.pointers,
                    input: read?.descriptor ?? nothing, output: output.descriptor,
                    errors: isInteractive ? STDERR_FILENO : errors.descriptor,
                    descriptors: descriptors.baseAddress, descriptor_count: Int32(descriptors.count),
                    keeps_session: asksOnTerminal || isInteractive ? 1 : 0,
                    file_size_limit: fileSizeLimit.map { UInt64($0) } ?? 0)
                return curfew_spawn(&spawn, &pid)
            }
        }
        withExtendedLifetime((given, read)) {}
        guard code == 0 else {
            let advice = hint.isEmpty ? "" : "; \(hint)"
            let isMissing = code == ENOENT || code == EACCES || code == ENOEXEC || code == ENOTDIR
            throw SystemError(
                isMissing ? .missingProgram : .storage, operation: "run", subject: name,
                "\(String(cString: strerror(code)))\(advice)", number: code)
        }
        return Child(pid: pid)
    }
}

/// Words as C wants them, freed with their owner.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ words: [String]) {
        count = words.count
        pointers = .allocate(capacity: count + 1)
        for (index, word) in words.enumerated() { (pointers + index).initialize(to: strdup(word)) }
        (pointers + count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
