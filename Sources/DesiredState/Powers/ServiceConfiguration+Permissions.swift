internal import CurfewModel

extension ServiceConfiguration {
    /// What bundles may use: `allow`, and without what is Curfew's own.
    public var permissions: BundlePermissions { BundlePermissions(allow, reserved: reservedPorts) }

    /// Ports that no workload may be exposed at. Who has the port of the API gets the tokens that are meant for it; who has one
    /// that a runtime gives out gets the traffic of another instance.
    public var reservedPorts: [BundlePermissions.ReservedPorts] {
        var result: [BundlePermissions.ReservedPorts] = []
        if case .address(_, let port) = api.listen, port > 0 { result.append(.init(port...port, "the HTTP API listens there")) }
        for runtime in runtimes.values.sorted(by: { $0.name < $1.name }) {
            if runtime.type == "local", runtime.firstPort <= runtime.lastPort {
                result.append(
                    .init(
                        runtime.firstPort...runtime.lastPort,
                        "runtime \(runtime.name) gives \(runtime.firstPort)-\(runtime.lastPort) to its instances"))
            }
            for endpoint in runtime.engine.endpoints {
                guard endpoint.hasPrefix("tcp://"), let place = DownloadSource("http://\(endpoint.dropFirst(6))"),
                    place.isPrivateAddress
                else { continue }
                result.append(.init(place.port...place.port, "the engine of runtime \(runtime.name) is asked there"))
            }
        }
        return result
    }
}
