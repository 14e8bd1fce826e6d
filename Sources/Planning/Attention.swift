public import CurfewModel

/// Finds the workloads whose observed state is another one than at the last look, so that a round of the loop costs what
/// changed and not what exists.
public enum Attention {
    /// Workloads with instances that came, went or look different, or whose health changed.
    /// Reads each instance once; allocates nothing for those that are as they were.
    public static func changed(from previous: Observation, to now: Observation) -> Set<Name> {
        var names: Set<Name> = []
        var gone = previous.instances.count
        let sameHealth = previous.health == now.health
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
}
