import CurfewContainers
import CurfewDockerAPI
import CurfewModel
import Foundation
import Testing

@testable import CurfewSwarmRuntime

@Suite("What a swarm is asked for, and whether it was changed") struct ServiceRequestTests {
    private func spec(_ name: String = "web", _ change: (inout Workload) -> Void = { _ in }) throws -> ServiceSpec {
        var workload = Workload(
            name: try needed(Name(name)), runtime: Name(literal: "swarm"), artifact: .image("r/app@sha256:0"),
            command: ["app", "--port", "$(PORT)"], ports: [Port(name: Name(literal: "http"))])
        change(&workload)
        let id = InstanceID(workload: workload.name, generation: .unknown, suffix: 123_456_789)
        let mark = ContainerMark(
            id, of: try wanted(workload), ordinal: 0, createdAt: Instant(milliseconds: 0), owner: "o")
        return ServiceRequest.spec(mark, of: workload, image: "r/app@sha256:0", secrets: [], networks: [])
    }

    private func service(_ spec: ServiceSpec, extra: String = "") throws -> ServiceDetails {
        let text = String(decoding: try JSONEncoder().encode(spec), as: UTF8.self)
        return try JSONDecoder().decode(
            ServiceDetails.self, from: Data("{\"ID\":\"s\",\"Spec\":\(text)\(extra)}".utf8))
    }

    @Test func leastPrivilege() throws {
        let spec = try spec {
            $0.container.capabilities = ["NET_BIND_SERVICE"]
            $0.container.placement = ["node.role==worker"]
            $0.resources = Resources(cpu: MilliCPU(500), memory: ByteCount(1 << 20), pids: 9)
        }
        let container = spec.TaskTemplate.ContainerSpec
        #expect(container.CapabilityDrop == ["ALL"] && container.CapabilityAdd == ["CAP_NET_BIND_SERVICE"])
        #expect(container.ReadOnly == true && container.Init == true)
        #expect(container.Privileges?.NoNewPrivileges == true)
        #expect(container.Command == ["app", "--port", "8080"])
        // A Docker runtime on the same engine must not take the task's container for an instance that is not its own.
        #expect(container.Labels?[ContainerMark.kind] == "task" && spec.Labels?[ContainerMark.kind] == "instance")
        #expect(container.Labels?[ContainerMark.prefix + "instance"] == spec.Labels?[ContainerMark.prefix + "instance"])
        #expect(spec.TaskTemplate.Resources?.Limits == .init(NanoCPUs: 500_000_000, MemoryBytes: 1 << 20, Pids: 9))
        #expect(spec.TaskTemplate.Placement?.Constraints == ["node.role==worker"])
        #expect(spec.EndpointSpec?.Ports == [.init(onHost: 8080)] && spec.EndpointSpec?.Mode == "dnsrr")
        #expect(spec.TaskTemplate.RestartPolicy?.Condition == "on-failure")
        #expect(spec.Mode?.Replicated?.Replicas == 1)
    }

    @Test func namesAreShortAndKeepWhatIsUnique() throws {
        let long = try spec(String(repeating: "a", count: 63))
        #expect(long.Name.utf8.count <= 63)
        let other = try spec(String(repeating: "a", count: 62) + "b")
        #expect(other.Name.utf8.count <= 63 && other.Name != long.Name)
        #expect(try spec().Name == "web-00000000-21i3v9")
    }

    @Test func asItWasMadeIsNoDrift() throws {
        let spec = try spec()
        #expect(SpecDrift.first(try service(spec), made: spec) == nil)
        // Engines leave out what is empty, and put in what is.
        var other = spec
        other.TaskTemplate.Networks = []
        other.TaskTemplate.ForceUpdate = 0
        other.TaskTemplate.ContainerSpec.Privileges = nil
        #expect(SpecDrift.first(try service(other), made: spec) == nil)
    }

    @Test func everyChangeIsSeen() throws {
        let spec = try spec()
        let changes: [(String, (inout ServiceSpec) -> Void)] = [
            ("Image", { $0.TaskTemplate.ContainerSpec.Image = "evil" }),
            ("Env", { $0.TaskTemplate.ContainerSpec.Env?.append("A=b") }),
            ("ForceUpdate", { $0.TaskTemplate.ForceUpdate = 1 }),
            ("Replicas", { $0.Mode = .init(Replicated: .init(Replicas: 2)) }),
            ("Replicas", { $0.Mode = .init(Replicated: .init(Replicas: 0)) }),
            ("CapabilityAdd", { $0.TaskTemplate.ContainerSpec.CapabilityAdd = ["CAP_SYS_ADMIN"] }),
            ("Labels", { $0.Labels?["x"] = "y" }), ("ReadOnly", { $0.TaskTemplate.ContainerSpec.ReadOnly = nil }),
            ("Mounts", { $0.TaskTemplate.ContainerSpec.Mounts = nil }), ("Name", { $0.Name = "other" }),
        ]
        for (word, change) in changes {
            var changed = spec
            change(&changed)
            #expect(SpecDrift.first(try service(changed), made: spec)?.contains(word) == true, "\(word)")
        }
    }

    @Test("The engine's own rollback is a failure, and an undone change is one too") func rollback() throws {
        let spec = try spec()
        for state in ["rollback_started", "rollback_paused", "rollback_completed"] {
            let told = SpecDrift.first(
                try service(spec, extra: ",\"UpdateStatus\":{\"State\":\"\(state)\",\"Message\":\"m\"},\"PreviousSpec\":{}"),
                made: spec)
            #expect(told == "the swarm rolled it back (\(state)): m")
        }
        #expect(SpecDrift.first(try service(spec, extra: ",\"PreviousSpec\":{}"), made: spec)?.contains("by hand") == true)
        let done = try service(spec, extra: ",\"UpdateStatus\":{\"State\":\"completed\"}")
        #expect(SpecDrift.first(done, made: spec)?.contains("by hand") == true)
    }

    @Test func addressesOfNodes() throws {
        func address(_ json: String) throws -> String? {
            NodeAddress.of(try JSONDecoder().decode(SwarmNode.self, from: Data(json.utf8)))
        }
        #expect(try address(#"{"ID":"n","Status":{"Addr":"10.0.0.7"}}"#) == "10.0.0.7")
        #expect(try address(#"{"ID":"n","Status":{"Addr":"0.0.0.0"},"ManagerStatus":{"Addr":"10.0.0.1:2377"}}"#) == "10.0.0.1")
        #expect(try address(#"{"ID":"n","Status":{"Addr":"::"},"ManagerStatus":{"Addr":"[fd00::1]:2377"}}"#) == "fd00::1")
        #expect(
            try address(#"{"ID":"n","Spec":{"Labels":{"io.curfew.address":"192.0.2.1"}},"Status":{"Addr":"10.0.0.7"}}"#)
                == "192.0.2.1")
        for text in ["host.example", "1.2.3.4; x", "", "0.0.0.0"] {
            #expect(try address("{\"ID\":\"n\",\"Status\":{\"Addr\":\"\(text)\"}}") == nil)
        }
        #expect(try address(#"{"ID":"n","Spec":{"Labels":{"io.curfew.address":"h"}},"Status":{"Addr":"10.0.0.7"}}"#) == nil)
    }
}
