import HTTPTypes

/// Whether a request is addressed to this server by a name that it has. A page of somebody else's whose name was made to
/// point at 127.0.0.1 (DNS rebinding) still says its own name.
struct HostCheck: Sendable {
    /// Lower case, without ports unless they were configured with one; `nil` = any.
    let allowed: Set<String>?
    /// On a Unix socket: any name without a dot, which is nobody's on the Internet. `ssh -L` brings browsers there.
    var takesShortNames = false

    /// - Parameters:
    ///   - configured: names from the configuration.
    ///   - address: the literal address that is listened on, `nil` for a Unix socket.
    init(configured: [String], address: String?, isLocal: Bool) {
        guard let address else {
            allowed = Set(configured.map { $0.lowercased() } + ["127.0.0.1", "[::1]"])
            takesShortNames = true
            return
        }
        // Off this machine TLS names the server and a secret names the caller: nothing is gained by another name.
        if !isLocal, configured.isEmpty {
            allowed = nil
            return
        }
        var names = configured.map { $0.lowercased() } + [address.contains(":") ? "[\(address)]" : address]
        if isLocal { names += ["localhost", "127.0.0.1", "[::1]"] }
        allowed = Set(names)
    }

    /// - Throws: ``Problem`` 400 without a host or with two, 421 for another host.
    func check(_ request: HTTPRequest) throws(Problem) {
        guard request.headerFields[.host] == nil else { throw .badRequest("a request has one Host") }
        guard let authority = request.authority?.lowercased(), !authority.isEmpty else {
            guard allowed == nil || takesShortNames else { throw .badRequest("a request needs a Host") }
            return
        }
        guard let allowed else { return }
        if allowed.contains(authority) || allowed.contains(Self.name(of: authority)) { return }
        if takesShortNames, !Self.name(of: authority).contains(".") { return }
        throw Problem(.misdirectedRequest, "this server is not called that; add the name to api.hosts")
    }

    /// Without the port.
    private static func name(of authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            let rest = authority[authority.index(after: end)...]
            return rest.isEmpty || isPort(rest) ? String(authority[...end]) : authority
        }
        guard let colon = authority.firstIndex(of: ":"), isPort(authority[colon...]) else { return authority }
        return String(authority[..<colon])
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.hasPrefix(":") && text.count <= 6 && text.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }
}
