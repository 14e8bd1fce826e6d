import CurfewDrivers
import CurfewModel
import Testing

@testable import CurfewHAProxyEdge

@Suite struct EdgeParsingTests {
    private static let stat = "# pxname,svname,qcur,scur,status,type,addr,mode,\n"
    private static let servers = "1\n# be_name srv_name srv_addr srv_admin_state srv_uweight srv_port\n"

    @Test func readsWhatAWorkerSays() throws {
        let state = try WorkerState(
            stat: Self.stat + "w:h,FRONTEND,,1,OPEN,0,,http,\nw:h,sock-1,,,OPEN,3,127.0.0.1:80,http,\n"
                + "w:h,a-1,1,2,DRAIN,2,127.0.0.1:81,http,\nw:h,BACKEND,0,2,UP,1,,http,\n",
            servers: Self.servers + "w:h a-1 ::1 8 256 81\n")
        let key = ListenerKey(workload: Name(literal: "w"), port: Name(literal: "h"))
        let seen = try #require(state.observed.listeners[key])
        #expect(seen.address == Endpoint(host: "127.0.0.1", port: 80))
        #expect(
            seen.servers.values.first
                == .init(endpoint: Endpoint(host: "::1", port: 81), weight: 256, draining: true, connections: 3))
    }

    @Test(arguments: [
        "", "\n", "# pxname\n", "pxname,svname\n", stat + "w:h,a-1,1\n", stat + "w:h,a-1,x,2,UP,2,127.0.0.1:81,http,\n",
        stat + "w:h,a-1,-1,2,UP,2,127.0.0.1:81,http,\n", stat + "w:h,a-1,1,2,UP,9,127.0.0.1:81,http,\n",
        stat + "w:h,a-1,1,99999999999999999999,UP,2,127.0.0.1:81,http,\n",
    ]) func refusesHalfAStat(_ text: String) {
        #expect(throws: DriverError.self) { try WorkerState(stat: text, servers: Self.servers) }
    }

    @Test(arguments: [
        "", "1\n", "2\n# be_name\n", "1\n# be_name srv_name\n", servers + "w:h a-1\n", servers + "w:h a-1 ::1 0 257 81\n",
        servers + "w:h a-1 ::1 x 1 81\n", servers + "w:h a-1 ::1 0 1 -\n",
    ]) func refusesHalfAServerState(_ text: String) {
        #expect(throws: DriverError.self) { try WorkerState(stat: Self.stat, servers: text) }
    }

    @Test func readsTheMastersList() throws {
        let table = try ProcessTable(
            "#<PID> <type>\n17 master 3 [failed: 1] 0d00h17m30s 2.6\n# workers\n18 worker 0 0d 2.6\n# old workers\n"
                + "12 worker 2 0d 2.6\n# programs\n\n")
        #expect(table.failed == 1 && table.current == 18 && table.old == [12])
        for text in ["", "Unknown command", "# workers\n1 worker 0 0d\n", "x master 0 0d\n"] {
            #expect(throws: DriverError.self) { try ProcessTable(text) }
        }
    }

    @Test func anUnchangedStateNeedsNoCommand() throws {
        let key = ListenerKey(workload: Name(literal: "w"), port: Name(literal: "h"))
        let wanted = EdgeListener(
            key: key, port: 80, mode: .http,
            servers: [
                .init(
                    instance: try #require(InstanceID("a-1")), endpoint: Endpoint(host: "::1", port: 81), weight: 7,
                    draining: true)
            ])
        var state = WorkerState()
        state.proxies["w:h"] = .init(
            mode: "http", isOpen: true, addresses: [Endpoint(host: "127.0.0.1", port: 80)],
            servers: [
                "a-1": .init(endpoint: Endpoint(host: "0:0:0:0:0:0:0:1", port: 81), weight: 7, draining: true)
            ])
        #expect(ServerChanges(from: state, to: [wanted]).isEmpty)
        #expect(!HAProxyEdge.listenersDiffer([wanted], state, bind: "127.0.0.1"))
        state.proxies["w:h"]?.servers["a-1"]?.weight = 8
        #expect(ServerChanges(from: state, to: [wanted]).commands.map(\.text) == ["set server w:h/a-1 weight 7"])
        // A name from elsewhere never becomes part of a command.
        state.proxies["w:h"]?.servers = ["x;shutdown": .init()]
        #expect(ServerChanges(from: state, to: [wanted]).deletions.isEmpty)
    }
}
