public import CurfewDrivers
public import CurfewModel
import CurfewSystem
import Foundation
import Glibc

/// Nobody is let into these instances; who is inside all the same came by the kernel's own doors.
extension LocalRuntime {
    /// Who is inside just now: what has left again nobody knows.
    public func entries(since: Instant) async throws -> [ObservedEntry] { isOpen ? try await intruders() : [] }

    /// Processes inside that no instance started. A probe has a sandbox of its own, whose outer process is our child.
    func intruders() async throws -> [ObservedEntry] {
        try await slowLane.run { [self] in
            var workloads: [String: Name] = [:]
            let enclosures = try (Files.names(in: instances, for: "observe entries") ?? []).compactMap { name -> Enclosure? in
                guard let id = InstanceID(name), case let folder = folder(id), let first = folder.firstProcess(),
                    let process = ProcessID(first.pid), let record = folder.look(name: name).record
                else { return nil }
                workloads[name] = record.workload
                let supervisor = folder.mark.map { ProcessID(pid: $0.pid, started: $0.started) }
                return Enclosure(
                    key: name, first: process, supervisors: Set([supervisor].compactMap { $0 }), groupMark: "/\(name)")
            }
            let now = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
            return Intruder.find(in: enclosures).compactMap { intruder in
                guard let id = InstanceID(intruder.key), let workload = workloads[intruder.key] else { return nil }
                return ObservedEntry(
                    runtime: self.name, instance: id, workload: workload, kind: "process", command: intruder.commandLine,
                    at: now, who: intruder.who, id: "\(id)/\(intruder.mark)")
            }
        }
    }
}
