import CurfewModel
import Synchronization

/// What an observer keeps between two looks. What did not change is handed on as the very same storage, so that whoever
/// compares two observations compares addresses and not twenty thousand instances.
final class ObserverMemory: Sendable {
    private struct State {
        /// The last answer of each runtime.
        var seen: [Name: [ObservedInstance]] = [:]
        /// Whether one of them is another one than when ``grouped`` was made.
        var isStale = true
        var answering: [Name] = []
        var grouped: [Name: [ObservedInstance]] = [:]
        /// What engines found out themselves.
        var reported: [InstanceID: Health] = [:]
    }
    /// What ``look(at:)`` gives.
    struct Look {
        var instances: [Name: [ObservedInstance]]
        var probed: [ObservedInstance]?
        var reported: [InstanceID: Health]
    }
    private let lanes = Mutex<[String: Lane]>([:])
    private let state = Mutex(State())

    /// The lane in which one driver is asked.
    func lane(_ name: String) -> Lane {
        lanes.withLock { lanes in
            if let lane = lanes[name] { return lane }
            let lane = Lane()
            lanes[name] = lane
            return lane
        }
    }

    /// Takes the answer of one runtime.
    func remember(_ instances: [ObservedInstance], of runtime: Name) {
        state.withLock { state in
            if state.seen[runtime] != instances {
                state.seen[runtime] = instances
                state.isStale = true
            }
        }
    }

    /// The instances of the runtimes that answered, by workload; and all that are to be probed, those of silent runtimes
    /// too, if they are others than at the last look.
    func look(at answering: [Name]) -> Look {
        let answering = answering.sorted()
        return state.withLock { state in
            guard state.isStale || state.answering != answering else {
                return Look(instances: state.grouped, probed: nil, reported: state.reported)
            }
            var grouped: [Name: [ObservedInstance]] = [:]
            grouped.reserveCapacity(state.grouped.count)
            for runtime in answering {
                for instance in state.seen[runtime] ?? [] { grouped[instance.workload, default: []].append(instance) }
            }
            for (name, instances) in grouped {
                if let before = state.grouped[name], before == instances { grouped[name] = before }
            }
            (state.grouped, state.answering, state.isStale) = (grouped, answering, false)
            let all = state.seen.sorted { $0.key < $1.key }.flatMap(\.value)
            state.reported = [:]
            for instance in all where instance.health?.probe == .image {
                state.reported[instance.id] = instance.reportedHealth ?? .unknown
            }
            return Look(instances: grouped, probed: all, reported: state.reported)
        }
    }
}
