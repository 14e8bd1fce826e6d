import CurfewModel

extension Reconciler {
    /// The instances of a workload that answer, or that have no health check and run; none that was changed from the side.
    func healthyInstances(of workload: Name) -> Set<InstanceID> {
        let instances = (observation.instances[workload] ?? []).filter { instance in
            instance.state == .running && instance.tampered == nil && instance.foreign == nil
                && (instance.health == nil || observation.health[instance.id]?.isHealthy ?? false)
        }
        return Set(instances.map(\.id))
    }
}
