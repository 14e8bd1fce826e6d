import Crypto
public import CurfewModel

/// What an engine's objects are called. Every name can be read back in one way only: a label of DNS holds no dot, so none of
/// its neighbours runs into it.
public enum EngineNames {
    /// The named volume of a workload.
    public static func volume(_ volume: Name, of workload: Name) -> String { "curfew.\(workload).\(volume)" }

    /// What earlier versions called the same volume: `orders` with `db-data` as well as `orders-db` with `data`. One
    /// that is there goes on being used by the workload that its label names.
    public static func formerVolume(_ volume: Name, of workload: Name) -> String { "curfew-\(workload)-\(volume)" }

    /// The network that manifests name.
    public static func network(_ name: Name) -> String { "curfew-net-\(name)" }

    /// The name itself while it fits; else its beginning and a hash of the whole.
    /// - Parameter limit: bytes, at least 40.
    public static func fitted(_ text: String, limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        let digits = SHA256.hash(data: Array(text.utf8)).prefix(16).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
        return String(decoding: text.utf8.prefix(limit - 33), as: UTF8.self) + "-" + digits
    }
}
