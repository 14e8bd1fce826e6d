import CurfewModel

extension AccessKeeper {
    /// Puts what other hosts need to know on the remote, when it is something new.
    func publishForHosts(now: Instant) async {
        var changed: [String: [String: [UInt8]]?] = [:]
        for (name, backend) in parts.backends.sorted(by: { $0.key < $1.key }) {
            do {
                guard let files = try await backend.published(), files != toldHosts[name] else { continue }
                changed["hosts/\(name)"] = files
                toldHosts[name] = files
                problems["hosts/\(name)"] = nil
            } catch { problems["hosts/\(name)"] = "what the hosts of \(name) need cannot be published: \(error)" }
        }
        for (name, files) in changed { outbox.updateValue(files, forKey: name) }
    }
}
