internal import Crypto
internal import CurfewModel

/// Computes generations. The canonical form is written with a length before each value, so that no two different
/// workloads share one; it is documented in docs/reference/workload.md and must never change for the same tag.
///
/// Not thread-safe. Remembers the last digest of each part: neighbours in a repository share most of theirs.
final class GenerationHasher {
    /// Stands before everything; another canonical form gets another tag.
    static let tag = "curfew/generation/1"
    /// The parts, in the order in which they are hashed.
    static let names = ["artifact", "command", "env", "health", "mounts", "ports", "resources", "runtime"]

    private struct Part {
        var form: [UInt8] = []
        var digest: [UInt8] = []
        var short = ""
    }
    private var parts = [Part](repeating: Part(), count: names.count)
    private var form: [UInt8] = []

    /// The generation and the digest of each of its parts.
    func generation(of workload: Workload) -> (generation: Generation, parts: GenerationParts)? {
        var short = GenerationParts(minimumCapacity: Self.names.count)
        var whole: [UInt8] = []
        whole.reserveCapacity(512)
        Self.append(Self.tag, to: &whole)
        for (index, name) in Self.names.enumerated() {
            form.removeAll(keepingCapacity: true)
            Self.write(name, of: workload, to: &form)
            if form != parts[index].form || parts[index].digest.isEmpty {
                let digest = Array(SHA256.hash(data: form))
                parts[index] = Part(form: form, digest: digest, short: String(Self.hex(digest).prefix(16)))
            }
            Self.append(name, to: &whole)
            whole += parts[index].digest
            short[name] = parts[index].short
        }
        // Only where there is something: generations of workloads without it are what they always were.
        form.removeAll(keepingCapacity: true)
        if Self.writeContainer(of: workload, to: &form) {
            let digest = Array(SHA256.hash(data: form))
            Self.append("container", to: &whole)
            whole += digest
            short["container"] = String(Self.hex(digest).prefix(16))
        }
        guard let generation = Generation(Self.hex(Array(SHA256.hash(data: whole)))) else { return nil }
        return (generation, short)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            for (index, byte) in bytes.enumerated() {
                for (offset, digit) in [(0, byte >> 4), (1, byte & 15)] {
                    buffer[index * 2 + offset] = digit < 10 ? 0x30 + digit : 0x57 + digit
                }
            }
            return bytes.count * 2
        }
    }
}

/// The canonical form: counts as eight bytes, texts as their length and bytes, what is left out as a count of 0.
extension GenerationHasher {
    private static func append(_ count: Int, to form: inout [UInt8]) {
        withUnsafeBytes(of: UInt64(bitPattern: Int64(count)).bigEndian) { form.append(contentsOf: $0) }
    }

    private static func append(_ text: String, to form: inout [UInt8]) {
        append(text.utf8.count, to: &form)
        form.append(contentsOf: text.utf8)
    }

    private static func append(_ list: [String], to form: inout [UInt8]) {
        append(list.count, to: &form)
        for text in list { append(text, to: &form) }
    }

    private static func append(_ number: Int64?, to form: inout [UInt8]) {
        append(number == nil ? 0 : 1, to: &form)
        if let number { append(Int(number), to: &form) }
    }

    private static func write(_ part: String, of workload: Workload, to form: inout [UInt8]) {
        switch part {
        case "artifact": write(workload.artifact, to: &form)
        case "command": append(workload.command, to: &form)
        case "env":
            append(workload.env.count, to: &form)
            for (name, value) in workload.env.sorted(by: { $0.key < $1.key }) {
                append(name, to: &form)
                append(value, to: &form)
            }
        case "health": write(workload.health, to: &form)
        case "mounts":
            append(workload.mounts.count, to: &form)
            for mount in workload.mounts.sorted(by: { $0.path < $1.path }) {
                append(mount.path, to: &form)
                append(mount.volume.map { [$0.rawValue] } ?? [], to: &form)
            }
        case "ports":
            // In their order: the first is `$(PORT)`. `expose` is the edge's affair and replaces nothing.
            append(workload.ports.count, to: &form)
            for port in workload.ports {
                append(port.name.rawValue, to: &form)
                append(port.mode.rawValue, to: &form)
            }
        case "resources":
            append(workload.resources.cpu.map { Int64($0.value) }, to: &form)
            append(workload.resources.memory?.value, to: &form)
            append(workload.resources.pids.map { Int64($0) }, to: &form)
        default: append(workload.runtime.rawValue, to: &form)
        }
    }

    private static func write(_ artifact: Artifact, to form: inout [UInt8]) {
        switch artifact {
        // By content alone: moving a folder replaces nothing.
        case .tree(_, let id): append(["tree", id.hex], to: &form)
        case .url(_, let sha256): append(["url", sha256], to: &form)
        case .image(let reference): append(["image", reference], to: &form)
        case .none: append(["none"], to: &form)
        }
    }

    /// Options of containers, secrets, ports of the image's own, mounts in memory. `false` when there is nothing of it.
    private static func writeContainer(of workload: Workload, to form: inout [UInt8]) -> Bool {
        let (options, ports) = (workload.container, workload.ports.filter { $0.port != nil })
        let mounts = workload.mounts.filter { $0.tmpfs != nil }.sorted { $0.path < $1.path }
        guard !options.isDefault || !workload.secrets.isEmpty || !ports.isEmpty || !mounts.isEmpty else { return false }
        append(options.args, to: &form)
        append([options.workingDir ?? "", options.user ?? "", options.writableRoot ? "writable" : ""], to: &form)
        append(options.networks.map(\.rawValue).sorted(), to: &form)
        append(options.capabilities.sorted(), to: &form)
        append(options.placement.sorted(), to: &form)
        append(ports.flatMap { [$0.name.rawValue, String($0.port ?? 0)] }, to: &form)
        append(mounts.flatMap { [$0.path, String($0.tmpfs?.value ?? 0)] }, to: &form)
        append(workload.secrets.count, to: &form)
        for secret in workload.secrets.sorted(by: { $0.path < $1.path }) {
            switch secret.source {
            case .age(_, let id): append([secret.path, "age", id?.hex ?? ""], to: &form)
            case .file(let name): append([secret.path, "file", name.rawValue], to: &form)
            }
        }
        return true
    }

    private static func write(_ health: HealthCheck?, to form: inout [UInt8]) {
        guard let health else { return append(["none"], to: &form) }
        switch health.probe {
        case .http(let port, let path): append(["http", port.rawValue, path], to: &form)
        case .tcp(let port): append(["tcp", port.rawValue], to: &form)
        case .command(let words): append(["command"] + words, to: &form)
        case .image: append(["image"], to: &form)
        }
        for span in [health.interval, health.timeout, health.startup] { append(Int(span.milliseconds), to: &form) }
        append(health.failures, to: &form)
    }
}
