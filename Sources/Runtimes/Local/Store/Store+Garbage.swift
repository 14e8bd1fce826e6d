import CurfewDrivers
import Glibc

extension Store {
    /// Removes what a killed predecessor left half done. Only while nothing is being unpacked.
    func removeLeftovers() throws {
        for name in try Files.names(in: folder, for: "clean store") ?? [] {
            let isFolder = Files.isFolder(path(name))
            if name.hasPrefix(".tmp-") || name.hasSuffix(".new") || (isFolder && !name.hasPrefix(".") && entry(name) == nil) {
                try Files.remove(path(name), for: "clean store")
            }
        }
    }

    /// Removes what neither runs nor is kept; returns how many artifacts that were. `used`: the folders that instances
    /// were started from.
    func collect(keeping keys: Set<String>, used: Set<InstanceRecord.StoreEntry>) throws -> Int {
        var removed = 0
        let identities = Set(used.map(\.identity))
        for name in try Files.names(in: folder, for: "clean store") ?? [] {
            guard Files.isFolder(path(name)), !name.hasPrefix(".tmp-") else { continue }
            if let identity = Files.identity(path(name)), identities.contains(identity) || keys.contains(name) { continue }
            // The manifest first: a folder without one is incomplete and is never used.
            unlink(manifest(name))
            unlink(path(name) + ".reason")
            try Files.remove(path(name), for: "clean store")
            removed += 1
        }
        // What belongs to a folder that somebody else has removed.
        for name in try Files.names(in: folder, for: "clean store") ?? [] {
            for ending in [".manifest", ".reason"]
            where name.hasSuffix(ending) && !Files.isFolder(path(String(name.dropLast(ending.count)))) {
                unlink(path(name))
            }
        }
        return removed
    }
}
