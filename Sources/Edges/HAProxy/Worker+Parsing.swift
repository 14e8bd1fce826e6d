import CurfewDrivers
import CurfewModel

extension WorkerState {
    /// Reads `show stat -1 15 -1` and `show servers state`. Strict: a missing column, a short row or a number that is
    /// none throws, so that half an answer never looks like servers that have gone.
    init(stat: String, servers: String) throws {
        try readStat(stat)
        try readServers(servers)
    }

    private mutating func readStat(_ text: String) throws {
        let lines = text.split(separator: "\n")
        guard let first = lines.first, first.hasPrefix("# ") else { throw unreadable("show stat", text.prefix(80)) }
        let table = try Columns(
            first.dropFirst(2), ",", ["pxname", "svname", "type", "status", "scur", "qcur", "mode", "addr"], "show stat")
        for line in lines.dropFirst() {
            let row = line.split(separator: ",", omittingEmptySubsequences: false)
            guard row.count >= table.count else { throw unreadable("show stat", line) }
            let proxy = String(row[table["pxname"]])
            switch row[table["type"]] {
            case "0":
                proxies[proxy, default: Proxy()].mode = String(row[table["mode"]])
                proxies[proxy, default: Proxy()].isOpen = row[table["status"]] == "OPEN"
            case "1": proxies[proxy, default: Proxy()].mode = String(row[table["mode"]])
            case "2":
                guard let current = Int(row[table["scur"]]), let queued = Int(row[table["qcur"]]), current >= 0, queued >= 0
                else { throw unreadable("show stat", line) }
                proxies[proxy, default: Proxy()].servers[String(row[table["svname"]]), default: Server()].connections =
                    min(current, Int.max / 2) + min(queued, Int.max / 2)
            case "3":
                guard let address = Address.endpoint(row[table["addr"]]) else { continue }
                proxies[proxy, default: Proxy()].addresses.append(address)
            default: throw unreadable("show stat", line)
            }
        }
    }

    private mutating func readServers(_ text: String) throws {
        let lines = text.split(separator: "\n")
        guard lines.count >= 2, lines[0] == "1", lines[1].hasPrefix("# ") else {
            throw unreadable("show servers state", text.prefix(80))
        }
        let table = try Columns(
            lines[1].dropFirst(2), " ", ["be_name", "srv_name", "srv_addr", "srv_port", "srv_uweight", "srv_admin_state"],
            "show servers state")
        for line in lines.dropFirst(2) {
            let row = line.split(separator: " ", omittingEmptySubsequences: false)
            guard row.count >= table.count, let weight = Int(row[table["srv_uweight"]]), (0...256).contains(weight),
                let state = UInt32(row[table["srv_admin_state"]]), let port = Int(row[table["srv_port"]])
            else { throw unreadable("show servers state", line) }
            let (proxy, name) = (String(row[table["be_name"]]), String(row[table["srv_name"]]))
            // Made between the two questions: the next look has it in both.
            guard proxies[proxy]?.servers[name] != nil else { continue }
            let host = String(row[table["srv_addr"]])
            proxies[proxy]?.servers[name]?.endpoint = Address.isLiteral(host) ? Endpoint(host: host, port: port) : nil
            proxies[proxy]?.servers[name]?.weight = weight
            // Bits of HAProxy's admin state: 1, 2 and 4 are kinds of maintenance, 8 and 16 of draining.
            proxies[proxy]?.servers[name]?.maintenance = state & 0x07 != 0
            proxies[proxy]?.servers[name]?.draining = state & 0x18 != 0
        }
    }

    /// Adds the connections that another worker still has, for servers that both know.
    mutating func add(connectionsOf other: WorkerState) {
        for (name, proxy) in other.proxies {
            for (server, seen) in proxy.servers where proxies[name]?.servers[server] != nil {
                proxies[name]?.servers[server]?.connections += seen.connections
            }
        }
    }
}

/// Where the columns stand that are needed.
private struct Columns {
    let count: Int
    private let places: [String: Int]

    init(_ header: Substring, _ separator: Character, _ needed: [String], _ command: String) throws {
        var places: [String: Int] = [:]
        for (place, name) in header.split(separator: separator, omittingEmptySubsequences: true).enumerated()
        where places[String(name)] == nil { places[String(name)] = place }
        for name in needed where places[name] == nil { throw unreadable(command, "no column \(name)") }
        self.places = places
        count = (needed.compactMap { places[$0] }.max() ?? 0) + 1
    }

    subscript(name: String) -> Int { places[name] ?? 0 }
}
