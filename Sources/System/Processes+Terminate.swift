public import Glibc

extension Processes {
    /// Ends processes and whatever they start meanwhile: politely, then for good. Blocks for at most `patience` and
    /// `hardLimit` together.
    ///
    /// `scan` says who is to go, and is asked again and again: whoever is found later, because they were started or detached
    /// between a scan and a signal, is ended too. Over only when two scans in a row find nobody.
    /// - Returns: who is still there.
    public static func terminate(
        patience: Duration = .seconds(2), hardLimit: Duration = .seconds(3), signals: [Int32] = [SIGHUP, SIGTERM],
        _ scan: () -> Set<ProcessID>
    ) -> Set<ProcessID> {
        let politeEnd = ContinuousClock.now + patience
        var known: Set<ProcessID> = []
        var empty = 0
        while ContinuousClock.now < politeEnd {
            let found = alive(scan())
            if found.isEmpty {
                empty += 1
                if empty >= 2 { return [] }
                continue
            }
            empty = 0
            for process in found.subtracting(known) {
                for signal in signals { process.signal(signal) }
                // Whoever was stopped by a signal notices no other.
                process.signal(SIGCONT)
            }
            known.formUnion(found)
            pause(10)
        }
        return kill(until: ContinuousClock.now + hardLimit, scan)
    }

    /// Stops everybody first, so that nobody starts another while they are killed one after the other.
    private static func kill(until limit: ContinuousClock.Instant, _ scan: () -> Set<ProcessID>) -> Set<ProcessID> {
        var empty = 0
        var parents: Set<ProcessID> = []
        defer { wake(parents) }
        while true {
            var victims: Set<ProcessID> = []
            // Those that were started between the scan and the stop are found by the next scan.
            while true {
                let found = alive(scan()).subtracting(victims)
                if found.isEmpty || ContinuousClock.now >= limit { break }
                parents.formUnion(found.compactMap { ProcessFacts($0.pid).flatMap { ProcessID($0.parent) } })
                for process in found { process.signal(SIGSTOP) }
                victims.formUnion(found)
            }
            for process in victims { process.signal(SIGKILL) }
            empty = victims.isEmpty ? empty + 1 : 0
            if empty >= 2 { return [] }
            if ContinuousClock.now >= limit { return alive(scan()) }
            if !victims.isEmpty { pause(5) }
        }
    }

    /// `su` and `runuser` stop themselves when what they started is stopped, and would stay so: whoever was a parent goes on. A
    /// few times, since they do it when they get to it.
    private static func wake(_ parents: Set<ProcessID>) {
        let others = parents.filter { $0.pid > 1 && $0.isAlive }
        guard !others.isEmpty else { return }
        for _ in 0..<3 {
            pause(10)
            for parent in others { parent.signal(SIGCONT) }
        }
    }

    private static func alive(_ processes: Set<ProcessID>) -> Set<ProcessID> { processes.filter(\.isAlive) }

    private static func pause(_ milliseconds: Int) {
        var time = timespec(tv_sec: 0, tv_nsec: milliseconds * 1_000_000)
        nanosleep(&time, nil)
    }
}
