import CurfewDrivers
import CurfewModel
import Glibc

/// What stands in a certificate, checked.
struct CertificateOrder {
    var identity: String
    var serial: UInt64
    var principals: [String]
    /// What goes into the certificate: the role's principals, or one that is the grant's own.
    var written: [String]
    var start: Instant
    var end: Instant
    var options: [String]

    init(_ order: AccessOrder, end: Instant, unique: Bool) {
        identity = "curfew:\(order.id)"
        serial = order.id.serial
        principals = order.settings["principals"]?.texts ?? []
        written = unique ? ["curfew-\(order.id)"] : principals
        (start, self.end) = (order.start, end)
        options = ["clear"]
        func isOn(_ key: String, _ normally: Bool = false) -> Bool {
            if case .bool(let value)? = order.settings[key] { value } else { normally }
        }
        if isOn("pty", true) { options.append("permit-pty") }
        if isOn("agentForwarding") { options.append("permit-agent-forwarding") }
        if isOn("portForwarding") { options.append("permit-port-forwarding") }
        if isOn("x11Forwarding") { options.append("permit-X11-forwarding") }
        if let addresses = order.settings["sourceAddresses"]?.texts {
            options.append("source-address=\(addresses.joined(separator: ","))")
        }
        if let command = order.settings["forceCommand"]?.text { options.append("force-command=\(command)") }
    }

    /// What `ssh-keygen` is told. Both ends, always: a certificate without them is valid for ever. The end is rounded down, and
    /// so is the start.
    var arguments: [String] {
        let time = "\(Keygen.compact(start)):\(Keygen.compact(end))"
        return ["-I", identity, "-n", written.joined(separator: ","), "-z", "\(serial)", "-V", time]
            + options.flatMap { ["-O", $0] }
    }

    /// Everything that is wrong with a role's settings for a person.
    static func problems(_ settings: [String: Setting], _ person: Person) -> [String] {
        var problems: [String] = []
        let known = [
            "principals", "forceCommand", "sourceAddresses", "pty", "agentForwarding", "portForwarding", "x11Forwarding",
        ]
        for key in settings.keys.sorted() where !known.contains(key) {
            problems.append("unknown setting '\(key)'; there are: \(known.joined(separator: ", "))")
        }
        if let principals = settings["principals"]?.texts, (1...16).contains(principals.count) {
            for principal in principals where !isPrincipal(principal) {
                problems.append(
                    "principal '\(principal.prefix(40).description.escapingControls)' has to be of a-z, 0-9, '_', '.' and '-', beginning with a letter or '_', at most 32"
                )
            }
        } else {
            problems.append("principals has to be a list of 1 to 16 names")
        }
        if let value = settings["sourceAddresses"] {
            let addresses = value.texts ?? []
            if addresses.isEmpty {
                problems.append("sourceAddresses has to be a list of addresses or networks such as 10.0.0.0/8")
            }
            problems += SourceAddress.problems(addresses)
        }
        if let value = settings["forceCommand"] {
            let command = value.text ?? ""
            if command.isEmpty || command.utf8.count > 1024 || command.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                problems.append("forceCommand has to be one line of at most 1024 bytes")
            }
        }
        for key in ["pty", "agentForwarding", "portForwarding", "x11Forwarding"] {
            if let value = settings[key], case .bool = value {
                continue
            } else if settings[key] != nil {
                problems.append("\(key) has to be true or false")
            }
        }
        if person.loginKeys.isEmpty {
            problems.append(
                "\(person.name) has no loginKeys: add the public key they log in with to spec.loginKeys of Person '\(person.name)'"
            )
        }
        return problems
    }

    /// A name of an account, and nothing that OpenSSH could take for a list, a pattern or an option.
    static func isPrincipal(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 32 else { return false }
        func isSmall(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || byte == 0x5F }
        return isSmall(first)
            && text.utf8.allSatisfy { isSmall($0) || (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D }
    }
}
