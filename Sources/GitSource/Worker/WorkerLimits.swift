import CurfewModel
import Glibc

/// What the child may take of the machine. It sets that itself, so that nothing it reads from a server can take more: not memory,
/// not disk, not processor time, and not longer than its parent waits, although that may be dead.
enum WorkerLimits {
    /// What a list of references may take, beside what the program takes anyway.
    private static let memoryOfLists = 768 << 20
    /// What objects may take while they are put together.
    private static let memoryOfObjects = 1536 << 20

    static func set(for request: WorkerRequest) {
        signal(SIGXFSZ, SIG_IGN)
        limit(RLIMIT_CORE, 0)
        limit(RLIMIT_NOFILE, 256)
        limit(RLIMIT_FSIZE, request.longestFetch + (1 << 20))
        let seconds = Int(clamping: max(1, request.timeout.milliseconds / 1000))
        // Two threads may count at once.
        limit(RLIMIT_CPU, 2 * seconds + 5)
        alarm(UInt32(clamping: seconds + 10))
        limit(RLIMIT_AS, used() + memoryOfObjects, soft: used() + memoryOfLists)
    }

    /// For what comes after the list of references.
    static func allowObjects() {
        var now = rlimit()
        guard getrlimit(Int32(RLIMIT_AS.rawValue), &now) == 0 else { return }
        now.rlim_cur = now.rlim_max
        setrlimit(Int32(RLIMIT_AS.rawValue), &now)
    }

    private static func limit(_ what: __rlimit_resource, _ value: Int, soft: Int? = nil) {
        var now = rlimit()
        guard getrlimit(Int32(what.rawValue), &now) == 0 else { return }
        let most = min(rlim_t(clamping: value), now.rlim_max)
        now = rlimit(rlim_cur: min(soft.map { rlim_t(clamping: $0) } ?? most, most), rlim_max: most)
        setrlimit(Int32(what.rawValue), &now)
    }

    /// The address space of this program as it is.
    private static func used() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 1 << 30 }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 64)
        guard fgets(&text, 64, file) != nil else { return 1 << 30 }
        return atol(text) * sysconf(Int32(_SC_PAGESIZE))
    }
}
