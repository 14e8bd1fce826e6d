import CurfewContainers
import CurfewDrivers
import CurfewModel
import CurfewSystem
import Dispatch

extension DockerRuntime {
    /// Processes inside our containers that came by none of the engine's doors: `nsenter` from the engine's machine, when that
    /// is this one. What the engine starts inside (a command, a check) has the container's supervisor as its parent.
    func intruders() async -> [ObservedEntry] {
        guard client.endpoint.isLocal else { return [] }
        let inside = known.compactMap { container, sight -> (container: String, pid: Int32, instance: ObservedInstance)? in
            guard sight.request != nil, sight.instance.state == .running, let number = sight.process,
                let pid = Int32(exactly: number), pid > 1
            else { return nil }
            return (container, pid, sight.instance)
        }
        guard !inside.isEmpty else { return [] }
        let (runtime, now) = (name, wallClock())
        return await withCheckedContinuation { continuation in
            Self.scans.async {
                let enclosures = inside.compactMap { Self.enclosure($0.container, $0.pid) }
                let instances = Dictionary(inside.map { ($0.container, $0.instance) }) { first, _ in first }
                let found = Intruder.find(in: enclosures).compactMap { intruder in
                    instances[intruder.key].map { instance in
                        ObservedEntry(
                            runtime: runtime, instance: instance.id, workload: instance.workload, kind: "process",
                            command: intruder.commandLine, at: now, who: intruder.who, id: "\(instance.id)/\(intruder.mark)")
                    }
                }
                continuation.resume(returning: found)
            }
        }
    }

    private static let scans = DispatchQueue(label: "curfew.docker.scans")

    /// An engine behind a local socket may be on another machine all the same: a process counts only when its control group
    /// is the container's.
    private static func enclosure(_ container: String, _ pid: Int32) -> Enclosure? {
        guard let facts = ProcessFacts(pid), !facts.hasEnded,
            Processes.controlGroups(of: pid).contains(where: { $0.contains(container) }), ProcessFacts(pid)?.id == facts.id,
            facts.parent > 1, let supervisor = ProcessID(facts.parent)
        else { return nil }
        return Enclosure(key: container, first: facts.id, supervisors: [supervisor], groupMark: container)
    }
}
