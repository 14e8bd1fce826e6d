import CurfewDrivers
import Glibc

extension Store {
    /// What was changed in the folder since it was unpacked, `nil` when nothing.
    func change(in key: String) throws -> String? {
        guard let before = try Files.read(manifest(key), limit: 64 << 20, for: "check store") else {
            return Files.isFolder(path(key)) ? "its manifest was removed" : "it was removed"
        }
        guard Files.isFolder(path(key)) else { return "it was removed" }
        do {
            let now = try StoreManifest.make(path(key))
            return now == before ? nil : StoreManifest.difference(from: before, to: now)
        } catch let error as DriverError where error.code == .badArtifact {
            return error.message
        } catch {
            // It may be changing under our eyes.
            if !Files.isFolder(path(key)) { return "it was removed" }
            throw error
        }
    }

    /// Puts a changed folder out of the way, so that a fresh one can take its place, and notes why. Instances that run
    /// from it keep it until they are gone.
    func setAside(_ key: String, because reason: String) throws {
        var number = 1
        while Files.identity(aside(key, number)) != nil { number += 1 }
        // The reason first: whoever finds the folder finds why.
        try Files.replace(aside(key, number) + ".reason", Array(reason.utf8), for: "set aside store folder")
        if rename(path(key), aside(key, number)) != 0 && errno != ENOENT {
            throw failure("set aside store folder", path(key), errno)
        }
        unlink(manifest(key))
    }

    /// Why the folder that an instance was started from is not in the store any more.
    func reason(for entry: InstanceRecord.StoreEntry) -> String {
        let prefix = ".tampered-\(entry.key)-"
        for name in ((try? Files.names(in: folder, for: "check store")) ?? nil) ?? [] where name.hasPrefix(prefix) {
            guard !name.hasSuffix(".reason"), Files.identity(path(name)) == entry.identity else { continue }
            return Files.text(path(name) + ".reason") ?? "it was changed"
        }
        return Files.isFolder(path(entry.key)) ? "it was replaced by another folder" : "it was removed"
    }

    private func aside(_ key: String, _ number: Int) -> String { path(".tampered-\(key)-\(number)") }
}
