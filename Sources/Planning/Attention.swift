public import CurfewModel

/// Finds the workloads whose observed state is another one than at the last look, so that a round of the loop costs what
/// changed and not what exists.
public enum Attention {
    /// Workloads with instances that came, went or look different, or whose health changed.
    /// Reads each instance once; allocates nothing for those that are as they were.
    public static func changed(from previous: Observation, to now: Observation) -> Set<Name> {
        let sameHealth = previous.health == now.health
        // An observer hands on what did not change as the very same storage: then this is one comparison of addresses.
        if sameHealth, previous.instances == now.instances { return [] }
        var names: Set<Name> = []
        var gone = previous.instances.count
        for (name, instances) in now.instances {
            guard let before = previous.instances[name] else {
                names.insert(name)
                continue
            }
            gone -= 1
            if before != instances {
                names.insert(name)
            } else if !sameHealth, instances.contains(where: { previous.health[$0.id] != now.health[$0.id] }) {
                names.insert(name)
            }
        }
        if gone > 0 {
            for name in previous.instances.keys where now.instances[name] == nil { names.insert(name) }
        }
        return names
    }

    /// Workloads that are wanted differently than before, wanted now or wanted no more. The revision that a bundle stands
    /// at is no difference: it moves with each commit.
    public static func changed(from previous: DesiredState?, to now: DesiredState) -> Set<Name> {
        guard let previous else { return Set(now.workloads.keys) }
        var names: Set<Name> = []
        var gone = previous.workloads.count
        // By index: a workload is large, and taking it out of its dictionary copies it.
        let (wanted, before) = (now.workloads, previous.workloads)
        for index in wanted.indices {
            guard let old = before.index(forKey: wanted.keys[index]) else {
                names.insert(wanted.keys[index])
                continue
            }
            gone -= 1
            if wanted.values[index].generation != before.values[old].generation
                || wanted.values[index].bundle != before.values[old].bundle
                || wanted.values[index].workload != before.values[old].workload
            {
                names.insert(wanted.keys[index])
            }
        }
        if gone > 0 {
            for name in previous.workloads.keys where now.workloads[name] == nil { names.insert(name) }
        }
        return names
    }
}
