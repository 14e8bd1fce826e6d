import CurfewModel
import Glibc

/// Who listens on a TCP port of this machine, from `/proc`.
enum PortHolder {
    /// `nginx (pid 4711)`, or `nil` when it cannot be known (nobody listens, or it is another user's). Blocks.
    static func describe(port: Int) -> String? {
        let inodes = Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listeningInodes($0, port: port) })
        guard !inodes.isEmpty else { return nil }
        for pid in ProcessIdentity.allPids() {
            let folder = "/proc/\(pid)/fd"
            for descriptor in Files.names(in: folder) {
                guard let target = Files.linkTarget(folder + "/" + descriptor), target.hasPrefix("socket:["),
                    inodes.contains(String(target.dropFirst(8).dropLast()))
                else { continue }
                let command = Files.read("/proc/\(pid)/comm", limit: 64) ?? "?"
                return "\(command.split(separator: "\n").first.map(String.init)?.escapingControls ?? "?") (pid \(pid))"
            }
        }
        return nil
    }

    private static func listeningInodes(_ path: String, port: Int) -> [String] {
        guard let table = Files.read(path, limit: 8 << 20) else { return [] }
        return table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 9, fields[3] == "0A", let colon = fields[1].lastIndex(of: ":"),
                Int(fields[1][fields[1].index(after: colon)...], radix: 16) == port
            else { return nil }
            return String(fields[9])
        }
    }
}
