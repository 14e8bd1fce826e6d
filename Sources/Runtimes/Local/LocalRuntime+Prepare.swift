import CurfewDrivers
public import CurfewModel
import Glibc

extension LocalRuntime {
    public func prepare(_ workload: DesiredWorkload) async throws {
        let artifact = workload.workload.artifact
        switch artifact {
        case .none: return
        case .image(let reference):
            throw DriverError(
                .unsupported, operation: "prepare", subject: reference.escapingControls,
                "the local runtime runs no container images; use a folder of the repository or a url")
        case .tree(_, let id): try await prepare(id.hex) { [self] in try await unpack(tree: id) }
        case .url(let url, let sha256):
            let allowed = configuration.downloads(workload.bundle)
            guard Generation(sha256) != nil else {
                throw DriverError(
                    .badArtifact, operation: "prepare", subject: workload.workload.name.rawValue,
                    "its sha256 is not 64 lower-case hexadecimal digits")
            }
            try await prepare(sha256) { [self] in try await unpack(url: url, sha256: sha256, from: allowed) }
        }
    }

    /// Does `work` unless the store has the key; whoever asks for the same meanwhile waits for the same work.
    func prepare(_ key: String, _ work: @escaping @Sendable () async throws -> Void) async throws {
        if let task = preparing[key] { return try await task.value }
        let store = store
        let task = Task {
            if try await lanes.run({ store.entry(key) != nil }) { return }
            try await work()
        }
        preparing[key] = task
        defer { preparing[key] = nil }
        try await task.value
    }

    private nonisolated func unpack(tree id: ObjectID) async throws {
        try await inTemporaryFolder { folder in
            try await artifacts.checkOut(tree: id, into: folder, limit: configuration.maxArtifact)
            try await seal(folder, as: id.hex, for: "tree \(id.short)")
        }
    }

    private nonisolated func unpack(url: String, sha256: String, from allowed: [String]) async throws {
        let download = Download(
            url: url, sha256: sha256, limit: configuration.maxArtifact, timeout: configuration.downloadTimeout,
            allowed: allowed, lanes: slowLane)
        let subject = download.subject
        guard let format = ArchiveFormat(url: url) else {
            throw DriverError(
                .badArtifact, operation: "prepare", subject: subject,
                "the address ends in neither .tar, .tar.gz, .tgz, .zip nor a plain file name")
        }
        try await inTemporaryFolder { folder in
            let content = folder + "/content"
            try await download.fetch(to: folder + "/download")
            let unpacker = Unpacker(format: format, subject: subject, limit: configuration.maxArtifact)
            try await slowLane.run {
                try Files.makeFolder(content, for: "unpack artifact")
                try unpacker.unpack(folder + "/download", into: content)
            }
            try await seal(content, as: sha256, for: subject)
        }
    }

    private nonisolated func seal(_ folder: String, as key: String, for subject: String) async throws {
        let (store, limit) = (store, configuration.maxArtifact)
        try await slowLane.run { try store.seal(folder, as: key, limit: limit, for: subject) }
    }

    /// Whatever happens, the temporary folder goes.
    nonisolated func inTemporaryFolder(_ body: (String) async throws -> Void) async throws {
        let store = store
        let folder = try await slowLane.run { try store.temporary() }
        do {
            try await body(folder)
        } catch {
            try? await slowLane.run { try Files.remove(folder, for: "clean store") }
            throw error
        }
        try await slowLane.run { try Files.remove(folder, for: "clean store") }
    }

    /// The sandbox's `/etc` in the store, made when it is missing.
    func currentHostFiles() async throws -> InstanceRecord.StoreEntry {
        let (store, user) = (store, user)
        if let hostFiles, store.entry(hostFiles.key) == hostFiles { return hostFiles }
        let files = try await lanes.run { HostFiles(for: user) }
        try await prepare(files.key) { [self] in
            try await inTemporaryFolder { folder in
                try await slowLane.run { try files.write(to: folder) }
                try await seal(folder, as: files.key, for: "host files")
            }
        }
        guard let entry = store.entry(files.key) else {
            throw DriverError(.failed, operation: "prepare", subject: "host files", "they vanished; try again")
        }
        hostFiles = entry
        return entry
    }

    public func collectGarbage(keeping artifacts: Set<String>) async throws -> Int {
        // An unpacking or a start that is under way is about to use something that nobody uses yet.
        for task in preparing.values { _ = await task.result }
        for task in starting.values { _ = await task.result }
        var keys = artifacts.union(preparing.keys)
        if let hostFiles { keys.insert(hostFiles.key) }
        let keep = keys
        return try await lanes.run { [self] in
            var used: Set<InstanceRecord.StoreEntry> = []
            for name in try Files.names(in: instances, for: "collect garbage") ?? [] {
                guard let record = InstanceFolder(path: "\(instances)/\(name)").look(name: name).record else { continue }
                used.insert(record.hostFiles)
                if let artifact = record.artifact { used.insert(artifact) }
            }
            return try store.collect(keeping: keep, used: used)
        }
    }
}
