import CurfewDaemon
import CurfewModel
import CurfewSystem
import Foundation

/// Puts the files of a publication beside a person's key: under names that are worked out here, never over a file that Curfew
/// did not write, never through a link.
struct CredentialInstaller {
    let grant: Name
    /// The private key's file.
    let key: String
    /// Its public half.
    let line: String
    /// Whether it is certain whose signature the publication carries.
    let isAnchored: Bool
    var known: KnownRepositories
    private static let deadline = Duration.seconds(60)
    private static let limit = 1 << 20

    /// Installs all, or none when one is not as expected; the paths.
    mutating func install(_ files: [String: [UInt8]]) async throws -> [String] {
        var wanted: [(path: String, content: [UInt8])] = []
        var others: [String] = []
        let own = try await print(of: Array((line + "\n").utf8), ["-l"])
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
            switch CredentialFile(name) {
            case .certificate?:
                guard bytes.count <= 65_536, bytes.dropLast().allSatisfy({ (0x20...0x7E).contains($0) }),
                    let fingerprint = try await print(of: bytes, ["-L"])
                else { throw CredentialFailure(description: "\(name.escapingControls) is no certificate; nothing was taken") }
                if fingerprint == own { wanted.append((key + "-cert.pub", bytes)) } else { others.append(name) }
            case .secret(let name)?:
                guard isAnchored else {
                    throw CredentialFailure(
                        description:
                            "something secret is taken only when it is certain who sent it: name Curfew's public key once with --curfew-key"
                    )
                }
                let text = try await AgeFile.decrypt(bytes, with: key)
                let folder = (key as NSString).deletingLastPathComponent
                wanted.append(("\(folder)/curfew-\(grant)-\(name)", text))
            case nil:
                throw CredentialFailure(
                    description:
                        "the publication holds a file that credentials never have: \(name.escapingControls); nothing was taken")
            }
        }
        if wanted.isEmpty, !others.isEmpty {
            throw CredentialFailure(
                description:
                    "what is published is for other keys than \(key.escapingControls); name one of the person's loginKeys with --key"
            )
        }
        for (path, content) in wanted { try write(content, to: path) }
        return wanted.map(\.path)
    }

    private mutating func write(_ content: [UInt8], to path: String) throws {
        let before = known.files?[path]
        do {
            try AtomicFile.write(
                content, to: path,
                replacing: .marked { KnownRepositories.digest($0) == before || $0 == content })
        } catch { throw CredentialFailure(description: "\(path.escapingControls): \(error.message)") }
        known.wrote(KnownRepositories.digest(content), to: path)
    }

    /// The fingerprint of a key, or of the key in a user's certificate; `nil` when it is none.
    private func print(of bytes: [UInt8], _ mode: [String]) async throws -> String? {
        let keygen = Program(
            "ssh-keygen", mode + ["-f", "/dev/fd/3"], files: [bytes], outputLimit: Self.limit,
            hint: "it is in the package openssh-client")
        let result = try await keygen.run(within: Self.deadline)
        guard result.isSuccess else { return nil }
        let lines = result.text.split(separator: "\n").map(String.init)
        guard mode == ["-l"] || lines.contains(where: { $0.contains("Type: ") && $0.hasSuffix(" user certificate") }) else {
            return nil
        }
        let said = mode == ["-l"] ? lines.first : lines.first { $0.contains("Public key: ") }
        return said?.split(separator: " ").first { $0.hasPrefix("SHA256:") }.map(String.init)
    }
}

/// What a person does with a grant, worked out from the role as it is in `policies/`.
enum CredentialHint {
    static func lines(for grant: Grant, key: String, in policies: PolicySet) -> [String] {
        guard let role = policies.roles[grant.role] else { return [] }
        return role.binds.flatMap { bind -> [String] in
            if let accounts = bind.with["principals"]?.texts {
                return accounts.map { "ssh -i \(key) \($0)@<a host of \(bind.backend)>" }
            }
            if let workloads = bind.with["workloads"]?.texts {
                return workloads.map { "curfew exec \(grant.name) \($0)" }
            }
            if let commands = bind.with["commands"]?.texts {
                return commands.map { "on a host of \(bind.backend): sudo \($0)" }
            }
            return []
        }
    }
}
