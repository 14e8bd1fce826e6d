import CLauncher
import CProcess
import CurfewDrivers
import Glibc

/// A program to start in a session of its own, so that it outlives the daemon.
struct Launch: Sendable {
    /// Absolute path of bubblewrap.
    var program: String
    /// The argument vector, its own name first.
    var arguments: [String]
    /// Bubblewrap's options, handed over in a file in memory as descriptor 3.
    var options: [String]
    /// Become descriptors 4, 5 ….
    var descriptors: [Descriptor]
    /// Standard output and error; `nil` = thrown away.
    var output: Descriptor?
    /// Control groups to join.
    var groups: [Descriptor]
    /// Gets the process's mark before the program is executed.
    var record: Descriptor?

    /// Starts it and gives back its process id. It is our child: reap it by that id, once.
    func start(for operation: String, _ subject: String) throws -> Int32 {
        let number = curfew_memory_file("curfew-options", 0)
        guard number >= 0 else { throw failure(operation, subject, errno) }
        let memory = Descriptor(owning: number)
        let bytes = options.reduce(into: [UInt8]()) { $0 += Array($1.utf8) + [0] }
        try bytes.withUnsafeBytes { try memory.write($0, for: operation, subject) }
        lseek(memory.number, 0, SEEK_SET)

        let all = [memory] + descriptors
        var pid: pid_t = 0
        var step: Int32 = 0
        let result = withExtendedLifetime((self, all)) {
            withCStrings(arguments) { argv in
                withCStrings([]) { environment in
                    program.withCString { path in
                        all.map(\.number).withUnsafeBufferPointer { given in
                            groups.map(\.number).withUnsafeBufferPointer { joined in
                                var launch = curfew_launch(
                                    program: path, arguments: argv, environment: environment, descriptors: given.baseAddress,
                                    descriptor_count: Int32(given.count), output: output?.number ?? -1,
                                    groups: joined.baseAddress,
                                    group_count: Int32(joined.count), record: record?.number ?? -1)
                                return curfew_launch(&launch, &pid, &step)
                            }
                        }
                    }
                }
            }
        }
        guard result == 0 else { throw explain(result, step, operation, subject) }
        return pid
    }

    private func explain(_ number: Int32, _ step: Int32, _ operation: String, _ subject: String) -> DriverError {
        if step == Int32(CURFEW_STEP_EXEC.rawValue) && (number == ENOENT || number == EACCES) {
            return DriverError(
                .missingProgram, operation: operation, subject: subject,
                "\(program) cannot be run (\(String(cString: strerror(number)))); install it with: apt-get install bubblewrap")
        }
        let steps = [
            "start a process", "open a session", "hand over files", "join its control group", "write its record",
            "run bubblewrap",
        ]
        let what = steps.indices.contains(Int(step)) ? steps[Int(step)] : "start"
        return failure(operation, subject, number, "it could not \(what)")
    }
}

/// Lends an array of C strings, ended by a null pointer.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
}
